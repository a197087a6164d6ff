#!/bin/bash
# Usage: keeper.sh NAME OWNER. Starts the supervisor of the lab NAME, waits until it or OWNER (a pid, or empty) ends,
# and removes what is left. If the keeper itself is killed, the kernel kills the supervisor (pdeathsig) and with it
# the lab; the next "lab down" then removes the rest.
set -euo pipefail
export LAB_NAME=$1
owner=$2
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
# shellcheck source=world.sh
source "$(dirname "$0")/world.sh"

# Killed anew at each look: a supervisor that is killed between its fork and its child's request to die with it (unshare
# --kill-child makes them one after the other) leaves a PID 1, or what is about to become one.
init_ended() {
  pkill -KILL -f "bash $LAB_SOURCE/lib/init.sh $LAB_NAME\$" || true
  ! pid_runs "$init" "init.sh $LAB_NAME" && ! pgrep -f "bash $LAB_SOURCE/lib/init.sh $LAB_NAME\$" >/dev/null
}

echo $$ >"$LAB_DIR/keeper.pid"
setpriv --pdeathsig KILL unshare --net --pid --mount --ipc --uts --fork --kill-child --mount-proc \
  --propagation private bash "$LAB_SOURCE/lib/init.sh" "$LAB_NAME" </dev/null &
supervisor=$!
echo "$supervisor" >"$LAB_DIR/supervisor.pid"
until init=$(pgrep -P "$supervisor" -f "init.sh $LAB_NAME") || [[ ! -d /proc/$supervisor ]]; do sleep 0.01; done
echo "$init" >"$LAB_DIR/init.pid"

if [[ -n $owner ]]; then
  # Not "wait -n" for jobs: it does not see one that has ended before it is called.
  setpriv --pdeathsig KILL python3 "$LAB_SOURCE/lib/await-end.py" "$owner" "$supervisor" || true
  kill -KILL "$supervisor" 2>/dev/null || true
fi
wait "$supervisor" 2>/dev/null || true
# PID 1 ends only when every process of its namespace has ended.
wait_until 20 "end of the processes of '$LAB_NAME'" init_ended
sweep_world
