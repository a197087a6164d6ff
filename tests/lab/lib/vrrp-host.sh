#!/bin/bash
# Usage: vrrp-host.sh DIR HOST COMMAND...
# Runs the command as on the small host HOST: in its network namespace, with DIR/etc as /etc/keepalived, DIR/tmp as
# /tmp (keepalived dumps its data there under fixed names) and DIR/run as /run.
set -euo pipefail
if [[ ${VRRP_HOST_ENTERED:-} != yes ]]; then
  VRRP_HOST_ENTERED=yes exec nsenter --net="/run/netns/vrrp-$2" unshare --mount --uts bash "$0" "$@"
fi
unset VRRP_HOST_ENTERED
dir=$1
hostname "$2"
shift 2
mount --bind "$dir/etc" /etc/keepalived
mount --bind "$dir/tmp" /tmp
mount --bind "$dir/run" /run
mkdir -p /run/sshd
exec "$@"
