#!/bin/bash
# However a lab ends, nothing of it stays: no process, namespace, mount, link, firewall rule, cgroup or file.
# Usage: leaves-nothing.sh [GROUP...]; without groups the cheap ones.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
SCRATCH=$(mktemp -d)
trap '"$LAB" down >/dev/null; rm -rf "$SCRATCH"' EXIT

groups=("$@") killed=("$@")
if (($# == 0)); then
  groups=(net docker ssh mysql zk keepalived)
  # Killed are labs with what could stay: containers, bridges, named namespaces.
  killed=(docker keepalived)
fi
STATE_BEFORE=$(machine_state)

# A container as well, so that there are cgroups and nested namespaces to leave behind.
run_container() {
  "$LAB" exec bash -c 'timeout 60 docker -H "unix://$LAB_DOCKER_SOCKET" run -d --network "$LAB_DOCKER_NETWORK" "$LAB_DOCKER_IMAGE" sleep 1000' >/dev/null
}

up "${groups[@]}"
run_container
# Looked for by name: labs of other checkouts may leave folders in /tmp meanwhile.
folder=$("$LAB" exec bash -c 'ssh -n -o BatchMode=yes -o UserKnownHostsFile="$LAB_SSH_KNOWN_HOSTS" -i "$LAB_SSH_KEY" -p "$LAB_SSH_PORT" "$LAB_SSH_KEY_USER@127.9.0.1" mktemp -d')
check "what a user leaves in /tmp is in the lab" test -d "$LAB_ROOT/$LAB_NAME/ssh/tmp/${folder#/tmp/}"
check "and not on the machine" test ! -e "$folder"
check_sh "the lab has what its servers write beside their data for itself" '
  [[ -e /etc/docker/key.json ]]
  for folder in /var/log /var/tmp /etc/docker /opt/containerd; do mountpoint "$folder"; done'
remember_lab
began=$EPOCHREALTIME
check "lab down" "$LAB" down
check_within 5 "$began" "it is down"
check_nothing_left "after lab down"

up "${killed[@]}"
run_container
remember_lab
kill -KILL "$(lab_supervisor_pid)"
check "the lab ends when its supervisor is killed" await_gone
check_nothing_left "after SIGKILL of the supervisor"

up "${killed[@]}"
run_container
remember_lab
kill -KILL "$(cat "$LAB_ROOT/$LAB_NAME/keeper.pid")"
check "lab down when the keeper was killed" "$LAB" down
check_nothing_left "after SIGKILL of the keeper"
check_not "after SIGKILL of the keeper: nobody waits for the owner" pgrep -fx "python3 .*/lib/await-end.py $$ [0-9]+"

# shellcheck disable=SC2317 # called by await
keeper_ended() { ! pgrep -f "/lib/keeper.sh $LAB_NAME" | grep -qx "$1"; }

# The next lab of the name may come up as soon as the folder is gone: here the moment it is, whoever removes it.
mkdir "$SCRATCH/bin"
for remover in mv rm rmdir; do
  cat >"$SCRATCH/bin/$remover" <<END
#!/bin/bash
$(command -v $remover) "\$@" || exit
[[ ! -e $SCRATCH/armed || -e $LAB_ROOT/$LAB_NAME ]] || { $(command -v mv) $SCRATCH/armed $SCRATCH/done && mkdir -p $LAB_ROOT/$LAB_NAME/of-the-next; }
END
done
chmod +x "$SCRATCH"/bin/*
PATH=$SCRATCH/bin:$PATH up net
: >"$SCRATCH/armed"
keeper=$(cat "$LAB_ROOT/$LAB_NAME/keeper.pid")
kill -KILL "$(lab_supervisor_pid)"
check "its keeper ends" await 20 keeper_ended "$keeper"
check "a next lab came up the moment the folder was gone" test -e "$SCRATCH/done"
check "the keeper leaves its folder alone" test -e "$LAB_ROOT/$LAB_NAME/of-the-next"
rm -rf "${LAB_ROOT:?}/$LAB_NAME"

# A test that is killed: a process of its own owns the lab.
bash -c '"$1" up --owner $$ "${@:2}" >/dev/null 2>&1; sleep 1000' owner "$LAB" "${killed[@]}" &
owner=$!
until [[ -e $LAB_ROOT/$LAB_NAME/env ]] || ! kill -0 "$owner" 2>/dev/null; do sleep 0.05; done
run_container
remember_lab
# Not a job any more, so that bash does not report its end.
disown "$owner"
kill -KILL "$owner"
check "the lab ends when its owner is killed" await_gone
check_nothing_left "after SIGKILL of the owner"

# One that was killed and that nobody has waited for yet.
exec 3< <(exec python3 -c '
import subprocess, sys, time
owner = subprocess.Popen(["sleep", "1000"])
subprocess.run([sys.argv[1], "up", "--owner", str(owner.pid), "net"], stdout=subprocess.DEVNULL, check=True)
owner.kill()
print("killed", flush=True)
time.sleep(1000)' "$LAB")
parent=$!
read -r said <&3
check "an owner that is a zombie" test "$said" = killed
check "the lab ends when its owner is a zombie" await_gone
kill -KILL "$parent"

# While it comes up: at once, when its namespaces are there, when its first servers are.
for sign in supervisor.pid world-ready servers/mysql-primary/pid servers/dockerd/pid; do
  "$LAB" up --owner $$ "${groups[@]}" >/dev/null 2>&1 &
  bringing_up=$!
  until [[ -s $LAB_ROOT/$LAB_NAME/$sign || -e $LAB_ROOT/$LAB_NAME/$sign && $sign == world-ready ]] ||
    ! kill -0 "$bringing_up" 2>/dev/null; do :; done
  kill -KILL "$(lab_supervisor_pid)"
  code=0
  wait "$bringing_up" || code=$?
  check "SIGKILL at $sign: lab up fails" test "$code" = 1
  check "SIGKILL at $sign: the lab ends" await_gone
  check_nothing_left "after SIGKILL at $sign"
done
finish
