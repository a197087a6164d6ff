#!/usr/bin/env bash
# The report of a run that failed names what failed, and nothing that only failed on the way; and what `describe` finds.
# shellcheck disable=SC2016  # for the shells that the runs begin
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"
export OPSHOST_STATE=$PWD/state

procedure 'ctx:try("probe", function() ctx:step("probe", { run = function() ctx:fail("not there") end }) end,
  { "procedure.failed" })
ctx:require("power", function() return false, "off" end)'
run run p.lua
exits 5 "a precondition, after a step that a try took"
hide_ids
says <<'SAYS'
opshost: p.lua:6: the precondition "power" does not hold; seen: "off"; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]
What to do: put right what it asks for, then resume or run again.
The run RUN has changed nothing; run it again when the cause is repaired.
SAYS

procedure 'ctx:step("first", { run = function() machine.mkdir("made") end })
ctx:step("stop it", { run = function() machine.run({ "sh", "-c", "exit $(cat code)" }) end,
  retry = { times = 2, wait = "10ms" }, repeatable = true })' \
  'params = { target = require("ops.procedure").param.host { doc = "the host" } },'
echo 3 >code
run run p.lua --target web1
exits 2 "a step that failed twice"
hide_ids
says <<'SAYS'
opshost: p.lua:5: local.run: sh -c 'exit $(cat code)' ended with exit code 3; it wrote nothing [local.exit]
What to do: read its stderr in the message; list the code in `accept` where it is an answer.
Step: stop it  (p.lua:5)
  local.run({"sh", "-c", "exit $(cat code)"}): it ran and failed: local.exit (in an earlier attempt)
  local.run({"sh", "-c", "exit $(cat code)"}): it ran and failed: local.exit
The run RUN on web1 is not finished. Go on with: opshost resume RUN
SAYS
run resume last --json
exits 2 "as JSON"
python3 - "$TMPDIR/stdout" <<'PY' || failures=$((failures + 1))
import json, sys
report = json.load(open(sys.argv[1]))
assert report["targets"] == ["web1"], report
assert report["step"]["path"] == "stop it", report
assert len(report["step"]["changes"]) == 4, report
PY

mkdir lib
cat >lib/parts.lua <<'LUA'
local parts = {}
function parts.drain(ctx) ctx:step("drain", { run = function() end }) end
return parts
LUA
cat >main.lua <<'LUA'
local parts = require "lib.parts"
return require("ops.procedure").define { summary = "x", api = 1, uses = {}, run = function(ctx)
  ctx:confirm("sure", { text = "Sure?" })
  parts.drain(ctx)
end }
LUA
run describe main.lua
exits 0 "a procedure in two files"
hide_ids
prints 'main.lua: x
on failure: stop
uses nothing
no parameters
in its text
  confirm "sure"  (line 3)
in /PWD/lib/parts.lua
  step "drain"  (line 2)'
run describe --json main.lua
holds "as JSON" grep -q '{"method":"step","name":"drain","line":2,"file":"[^"]*/lib/parts.lua"}' "$TMPDIR/stdout"
run describe ark.maintenance.stop
exits 0 "one that is built in"
for line in 'in scripts/ark/maintenance/database_steps.lua' 'in scripts/ark/maintenance/drds_steps.lua' '  manual '; do
  holds "it has: $line" grep -qF -- "$line" "$TMPDIR/stdout"
done
finish
