#!/bin/bash
# Usage: init.sh NAME. PID 1 of a lab: prepares its private file system and network, then only reaps.
# The groups are started later by "lab up", which enters these namespaces.
set -euo pipefail
export LAB_NAME=$1
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"

# shellcheck source=private.sh
source "$(dirname "$0")/private.sh"

# Before /run is covered: on many machines /etc/resolv.conf is a link into it.
files=(/etc/passwd /etc/shadow /etc/group /etc/hosts /etc/resolv.conf /etc/sudoers)
for file in "${files[@]}"; do copy_for_lab "$file"; done

# Without a private /run the network namespaces of the lab would leave dead files in the host's /run/netns.
mount -t tmpfs -o mode=0755 none /run
mkdir -p /run/netns /run/lock /run/sshd
for file in "${files[@]}"; do cover_with_copy "$file"; done
# Of the machine's logs sshd would write wtmp, btmp and lastlog.
private_folder /var/log
private_engine_folders
private_var_tmp
mkdir "$LAB_DISK"
mount -t tmpfs -o mode=0711,size=80% none "$LAB_DISK"
hostname "$LAB_NAME"
ip link set lo up

: >"$LAB_DIR/world-ready"
while :; do sleep infinity; done
