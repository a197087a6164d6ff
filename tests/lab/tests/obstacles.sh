#!/bin/bash
# Machines and moments that are in the way of a lab: what is skipped says so by name, and what can be done is done.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
trap '"$LAB" down >/dev/null' EXIT

# On a machine of its own: in a mount namespace. The lab's processes inherit it.
# shellcheck disable=SC2317 # called by check
on_such_a_machine() { unshare --mount --propagation private bash -euo pipefail -c "$1" machine "$LAB"; }

# shellcheck disable=SC2317 # called by check
resolver_link() {
  on_such_a_machine '
    mount -t tmpfs none /mnt
    cp -a /etc /mnt/etc
    mount --bind /mnt/etc /etc
    mount -t tmpfs none /run
    mkdir /run/resolver
    echo "nameserver 192.0.2.1" >/run/resolver/stub.conf
    ln -sf ../run/resolver/stub.conf /etc/resolv.conf
    "$1" up net
    "$1" exec getent hosts host3 | grep "^127.9.0.3 "
    "$1" down
    [[ $(cat /etc/resolv.conf) == "nameserver 192.0.2.1" ]]'
}
check "/etc/resolv.conf is a link into /run" resolver_link

# shellcheck disable=SC2317
cgroup_v2() {
  on_such_a_machine '
    umount -R /sys/fs/cgroup
    mount -t cgroup2 none /sys/fs/cgroup
    code=0
    said=$("$1" up net nodes 2>&1) || code=$?
    "$1" exec true
    "$1" down
    echo "exit code $code: $said"
    [[ $code == 77 ]]
    grep -xF "lab: SKIPPED nodes: its machines run systemd on cgroup v1, and this machine has only v2 (boot it with systemd.unified_cgroup_hierarchy=0)" <<<"$said"'
}
check "cgroup v2: the machines are skipped with the reason" cgroup_v2

# Servers of Java never are ready within no time at all.
up net
code=0
LAB_WAIT=0 "$LAB" up zk >/dev/null 2>&1 || code=$?
check "a group that does not come up: exit code 1" test "$code" = 1
code=0
output=$("$LAB" up zk 2>&1) || code=$?
check "it is not begun over what it left" test "$code" = 1 -a "$output" = \
  "lab: the group zk did not come up before, and what it started is still there: see lab logs up-zk, and end this lab first (lab down)"
check "lab down" "$LAB" down
up zk
finish
