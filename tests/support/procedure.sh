# shellcheck shell=bash
# Sourced by tests/cli after cli.sh: procedures in p.lua, and what is said of their runs.

hide_ids() { sed -Ei "s/[0-9]{8}-[0-9]{6}-[0-9]{3}/RUN/g; s|$PWD|/PWD|g; s|pid [0-9]+|pid 1|g" "$TMPDIR/stdout" "$TMPDIR/stderr"; }

# procedure BODY [FIELDS]: p.lua, whose `run` is that; further fields of its definition.
procedure() {
  printf '%s\n' 'local machine, ops = require "local", require "ops"' \
    "return require(\"ops.procedure\").define { summary = \"x\", api = 1, uses = { [\"local\"] = \"destroy\" }, ${2:-}" \
    'run = function(ctx)' "$1" 'return machine ~= nil and ops ~= nil end }' >p.lua
}

first_line() {
  hide_ids
  same "stderr's first line" "$1" "$(head -n 1 "$TMPDIR/stderr")"
}
