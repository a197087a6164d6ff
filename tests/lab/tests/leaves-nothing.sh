#!/bin/bash
# However a lab ends, nothing of it stays: no process, namespace, mount, link, firewall rule, cgroup or file.
# Usage: leaves-nothing.sh [GROUP...]; without groups the cheap ones.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
trap '"$LAB" down >/dev/null' EXIT

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
check_not "after SIGKILL of the keeper: nobody waits for the owner" pgrep -fx "tail --pid=$$ -s 0.2 -f /dev/null"

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
finish
