#!/usr/bin/env bash
# The static file in a Debian 13 root whose nsswitch.conf names plug-ins of that glibc: none of them may be loaded.
set -euo pipefail

debian=$OPSHOST_SOURCE/.cache/debian-trixie
if ((EUID != 0)); then
  echo "SKIPPED: only root can change into another root"
  exit 77
fi
if [[ ! -e $debian/etc/opshost-root ]]; then
  echo "SKIPPED: there is no Debian 13 root; tools/debian-root trixie makes it"
  exit 77
fi

cat >nsswitch.conf <<'CONF'
passwd: compat systemd sss ldap files
group: compat systemd sss ldap files
hosts: hesiod mymachines resolve myhostname mdns4 files dns
services: sss db files
CONF
cat >accounts.lua <<'LUA'
local machine = require "local"
io.write(machine.read({"id", "-un"}, {as_user = "daemon"}).stdout)
LUA

# The root is shared and stays as it is: what the test adds is mounted over it, for this one command.
# shellcheck disable=SC2016  # expanded by the shell inside
output=$(unshare --mount --propagation private -- sh -euc '
  mount -t tmpfs none "$1/mnt"
  cp "$2" "$1/mnt/opshost" && cp accounts.lua "$1/mnt/"
  mount --bind nsswitch.conf "$1/etc/nsswitch.conf"
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$1" /mnt/opshost run /mnt/accounts.lua' sh "$debian" "$OPSHOST" 2>&1) || {
  echo "exit code $?: $output"
  exit 1
}
[[ $output == daemon ]] || {
  echo "expected daemon, got: $output"
  exit 1
}
