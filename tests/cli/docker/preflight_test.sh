#!/usr/bin/env bash
# opshost preflight: an engine that the inventory's variables tell of is asked for its version.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

echo 'return require("ops.procedure").define { summary = "x", api = 1, uses = { docker = "observe" }, run = function() end }' >p.lua
cat >site.yaml <<END
all:
  hosts:
    good: {docker_endpoint: "unix://$LAB_DOCKER_SOCKET"}
    absent: {docker_endpoint: "unix://$PWD/nothing.sock"}
    behind: {ansible_host: 127.9.0.1, ansible_port: $LAB_SSH_PORT, ansible_user: $LAB_SSH_KEY_USER, key: "$LAB_SSH_KEY", known_hosts: "$LAB_SSH_KNOWN_HOSTS", docker_registry: "r.example"}
END
run preflight --inventory site.yaml p.lua
exits 5 "one engine that is there, one that is not"
holds "the first tells its version" grep -Eqx 'ok      host good, docker: Docker [0-9]+\..*' "$TMPDIR/stdout"
# That login may not use the engine of the machine, where there is one.
holds "a host that says no endpoint is asked through ssh" \
  grep -Eqx "not ok  host behind, docker: (no engine answers: )?/var/run/docker.sock on $LAB_SSH_KEY_USER@127.9.0.1:.*" "$TMPDIR/stdout"
holds "the second what is wrong" grep -Eqx "not ok  host absent, docker: .*$PWD/nothing.sock.*" "$TMPDIR/stdout"
finish
