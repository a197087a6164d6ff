#!/usr/bin/env bash
# Few descriptors, and a key that is another user's.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

# More hosts than there are descriptors for at first; what is started has the limit that opshost was started with.
cat >many.lua <<'END'
local machine, ops, ssh = require "local", require "ops", require "ssh"
local list = {}
for i = 1, 200 do
  list[i] = { host = "127.9.0." .. i, port = tonumber(os.getenv "LAB_SSH_PORT"), key = os.getenv "LAB_SSH_KEY",
    user = os.getenv "LAB_SSH_KEY_USER", known_hosts = os.getenv "LAB_SSH_KNOWN_HOSTS", connect_timeout = "60s" }
end
local hosts = ssh.hosts(list)
local results = hosts:read { "echo", "here" }
print(#results.succeeded, #results.failed)
print(machine.read(ops.shell "ulimit -Sn").stdout)
END
before=$(ulimit -Sn)
ulimit -Sn 128
run run many.lua
ulimit -Sn "$before"
exits 0 "200 hosts with 128 descriptors"
prints $'200\t0\n128'

# Root reads every key, so somebody else has to try. Nobody else may be let into this folder.
place=$(mktemp -d /tmp/opshost-limits.XXXXXX)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"
cp "$OPSHOST" "$place/opshost"
cp "$LAB_SSH_KEY" "$place/key"
chmod 600 "$place/key"
cat >"$place/key.lua" <<END
local ssh = require "ssh"
print(ssh.connect{ host = "127.9.0.1", user = "ops", key = "$place/key" }:alive())
END
what="a key that may not be read"
status=0
(cd / && timeout 60 setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$place" OPSHOST_STATE=/nonexistent \
  "$place/opshost" run "$place/key.lua") >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
exits 2 "a key that may not be read"
holds "says whose it is and why" grep -qF "ops@127.9.0.1: config: key $place/key: it cannot be read: Permission denied [ssh.key]" "$TMPDIR/stderr"
finish
