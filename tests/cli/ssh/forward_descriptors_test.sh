#!/usr/bin/env bash
# A forwarded port outlives a time in which opshost has no descriptor left for those who come.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

cat >forward.lua <<'END'
local machine, ops, ssh = require "local", require "ops", require "ssh"
local host = ssh.connect{ host = "127.9.0.1", port = tonumber(os.getenv "LAB_SSH_PORT"), key = os.getenv "LAB_SSH_KEY",
  user = os.getenv "LAB_SSH_KEY_USER", known_hosts = os.getenv "LAB_SSH_KNOWN_HOSTS" }
local forward = host:forward { host = "127.9.0.1", port = tonumber(os.getenv "LAB_SSH_PORT") }
machine.write_file("port", tostring(forward:port()))
ops.wait_until(function() return machine.exists("over") ~= nil end, { timeout = "60s", every = "50ms" })
END
(ulimit -n 48 && exec "$OPSHOST" run forward.lua) >out 2>&1 &
pid=$!
trap 'touch over; wait "$pid" || true' EXIT
there() { [[ -s port ]]; }
wait_until there

# banner: what answers there within two seconds
banner() {
  local line=
  { exec {socket}<>"/dev/tcp/127.0.0.1/$(<port)"; } 2>/dev/null || return 1
  read -r -t 2 -u "$socket" line || true
  exec {socket}>&-
  [[ $line == SSH-2.0-* ]]
}
holds "it leads there" banner
sockets=()
for ((i = 0; i < 60; i++)); do
  { exec {socket}<>"/dev/tcp/127.0.0.1/$(<port)"; } 2>/dev/null || continue
  sockets+=("$socket")
done
holds "more than it has descriptors for came" test "${#sockets[@]}" = 60
no_descriptor_left() { (($(find "/proc/$pid/fd" -mindepth 1 | wc -l) >= 46)); }
wait_until no_descriptor_left
for socket in "${sockets[@]}"; do exec {socket}>&-; done
wait_until banner
holds "it leads there again" banner
holds "it still runs" kill -0 "$pid"
finish
