#!/usr/bin/env bash
# What a person does in a run's name is done: the run is unfinished, later runs see it, nobody is asked to do it twice.
# shellcheck disable=SC2016  # the backquotes are part of what opshost says
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"
export OPSHOST_STATE=$PWD/state

answer() { echo "$1" >answers.json; }

on_host='params = { target = require("ops.procedure").param.host { doc = "the host" } },'
procedure 'local seen = ctx:fact("seen", function() return "before" end)
local way = ctx:choose("capacity", { text = "Is there room?", choices = { "room", "stand-in" } })
ctx:manual("scale down", { text = "Scale it down.", answer = "down" })
ctx:require("room", function() return machine.exists("room") ~= nil, way end)
ctx:step("mark", { run = function() machine.write_file("mark", seen .. " " .. way) end })' "$on_host"

run run p.lua --target a
exits 3 "a question"
run run p.lua --target a
exits 3 "nothing was done, so that a new run may begin"

answer '{"capacity": "room", "scale down": "down"}'
run run p.lua --target a --answers answers.json
exits 5 "refused after a person has done something"
hide_ids
says <<'SAYS'
opshost: p.lua:7: the precondition "room" does not hold; seen: "room"; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]
What to do: put right what it asks for, then resume or run again.
Done by hand: "scale down"
The run RUN on a is not finished. Go on with: opshost resume RUN
SAYS
run runs --json
holds "the list says so too" grep -q '"unfinished":true' "$TMPDIR/stdout"
run run p.lua --target a
exits 5 "a new run on the host"
first_line 'opshost: the run RUN of /PWD/p.lua on a is not finished (refused). Go on with it: `opshost resume RUN`; only put back what is owed: `opshost cleanup RUN`; or give it up: `opshost abandon RUN --reason TEXT` [procedure.unfinished]'

cat >after.lua <<'LUA'
local last
return require("ops.procedure").define { summary = "x", api = 1, uses = {}, run = function(ctx)
  last = ctx:last(os.getenv("BEFORE"), { target = "a" })
  ctx:log(last == nil and "none" or last.state .. " " .. last.facts.seen)
end }
LUA
BEFORE=$PWD/p.lua run run after.lua
exits 0 "another procedure asks for the last run"
prints "refused before"

touch room
rm answers.json
run resume last
exits 5 "the latest is the other one"
id=$("$OPSHOST" runs --json | python3 -c 'import json, sys; print(next(run["run"] for run in json.load(sys.stdin) if run["unfinished"]))')
run resume "$id"
exits 3 "whether it was really done is asked again"
first_line 'opshost: /PWD/p.lua:6: the question "scale down" has to be answered: Scale it down.'
answer '{"scale down": "down"}'
run resume "$id" --answers answers.json
exits 0 "the way taken is not asked again: it was acted upon"
holds "it ends as it was decided" grep -qx 'before room' mark

# A rollback takes back what was sent, and says what it cannot.
procedure 'ctx:step("make", { run = function() machine.mkdir("made") end,
  undo = function() machine.run({ "rmdir", "made" }) end })
ctx:manual("cable", { text = "Plug it in.", answer = "plugged" })
ctx:step("fail", { run = function() ctx:fail("no") end })'
answer '{"cable": "plugged"}'
run run p.lua --answers answers.json
exits 2 "fails at its end"
run show last
holds "shown" grep -q '^  cable: "plugged" (manual, by --answers)' "$TMPDIR/stdout"
run resume last --rollback
exits 0 "rolled back"
hide_ids
says <<'SAYS'
opshost: the run RUN is rolled back, but what was done by hand stays: "cable". Take it back by hand
SAYS
holds "what was sent is taken back" test ! -e made
finish
