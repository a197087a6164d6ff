#!/usr/bin/env bash
# opshost preflight: a server that the inventory's variables tell of is asked with the credentials they name.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

echo 'return require("ops.procedure").define { summary = "x", api = 1, uses = { mysql = "observe" }, run = function() end }' >p.lua
cat >site.yaml <<END
all:
  hosts:
    good: {ansible_host: $LAB_MYSQL_HOST, mysql_port: $LAB_MYSQL_PRIMARY_PORT, mysql_user: $LAB_MYSQL_USER, mysql_password: "env:GOOD"}
    wrong: {ansible_host: $LAB_MYSQL_HOST, mysql_port: $LAB_MYSQL_PRIMARY_PORT, mysql_user: $LAB_MYSQL_USER, mysql_password: "env:WRONG"}
    other: {ansible_host: $LAB_MYSQL_HOST, mysql_databases: [app]}
END
GOOD=$LAB_MYSQL_PASSWORD WRONG=not-the-password run preflight --inventory site.yaml p.lua
exits 5 "one server that takes the password, one that does not"
holds "the first tells its version" grep -Eqx 'ok      host good, mysql: server [0-9]+\..*' "$TMPDIR/stdout"
holds "the second its refusal" grep -Eqx "not ok  host wrong, mysql: .*Access denied for user '$LAB_MYSQL_USER'.*" "$TMPDIR/stdout"
holds "a host without a server is only named" grep -qx 'ok      host other: named; nothing the procedure uses goes there' "$TMPDIR/stdout"
finish
