#!/bin/bash
# Usage: init.sh NAME. PID 1 of a lab: prepares its private file system and network, then only reaps.
# The groups are started later by "lab up", which enters these namespaces.
set -euo pipefail
export LAB_NAME=$1
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

# Without a private /run the network namespaces of the lab would leave dead files in the host's /run/netns.
mount -t tmpfs -o mode=0755 none /run
mkdir -p /run/netns /run/lock /run/sshd
mkdir "$LAB_DISK"
mount -t tmpfs -o mode=0711,size=80% none "$LAB_DISK"
hostname "$LAB_NAME"
ip link set lo up

# private_copy FILE: writable by the lab, unchanged for the host.
private_copy() {
  mkdir -p "$LAB_DIR/etc"
  cp -p "$1" "$LAB_DIR/etc/${1##*/}"
  mount --bind "$LAB_DIR/etc/${1##*/}" "$1"
}
for file in /etc/passwd /etc/shadow /etc/group /etc/hosts /etc/resolv.conf /etc/sudoers; do private_copy "$file"; done

: >"$LAB_DIR/world-ready"
while :; do sleep infinity; done
