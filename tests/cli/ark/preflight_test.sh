#!/usr/bin/env bash
# opshost preflight of a host whose engine is behind its own socket, which systemd listens on: an engine that runs tells
# its version, one that is stopped stays so.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

on_machine() { docker -H "unix://$LAB_DOCKER_SOCKET" exec "$@"; }
put_back() { on_machine ark2 systemctl start docker.socket docker.service; }
trap put_back EXIT

# The site's inventory tells of no endpoint any more: a host's engine is behind its ssh.
sed '/docker_endpoint/d' "$LAB_ARK_INVENTORY" >site.yaml
echo 'return require("ops.procedure").define { summary = "x", api = 1, uses = { docker = "observe" }, run = function() end }' >p.lua
echo 'return require("ops.procedure").define { summary = "x", api = 1, uses = { docker = "observe", ssh = "observe" }, run = function() end }' >both.lua
units() { on_machine ark2 systemctl is-active docker.socket docker.service | paste -sd ' '; }
docker_check() { grep '^[a-z ]*host ark2, docker' "$TMPDIR/stdout"; }

on_machine ark2 systemctl stop docker.service
same "the units" "active inactive" "$(units)"
run preflight --inventory site.yaml --limit ark2 p.lua
exits 5 "an engine that is stopped"
same "what it says" "not ok  host ark2, docker: its service is inactive (dead); it was not asked, since that may start it" \
  "$(docker_check)"
run preflight --inventory site.yaml --limit ark2 both.lua
exits 0 "which a procedure with more than docker may not need"
same "what it says" "ok      host ark2, docker: its service is inactive (dead); it was not asked, since that may start it" \
  "$(docker_check)"
same "the units afterwards" "active inactive" "$(units)"

put_back
# That login may not use the engine; but it was asked.
run preflight --inventory site.yaml --limit ark2 p.lua
holds "an engine that runs is asked" grep -Eq '^(ok|not ok) +host ark2, docker: (Docker [0-9]|.*/var/run/docker.sock)' "$TMPDIR/stdout"
finish
