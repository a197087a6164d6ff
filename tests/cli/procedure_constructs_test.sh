#!/usr/bin/env bash
# What the fields of a step, a fact and a clean-up do, each by itself; and what a definition must not say.
# shellcheck disable=SC2016  # the backquotes are part of what opshost says, and for shells of the runs
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"
export OPSHOST_STATE=$PWD/state

# Retry -----------------------------------------------------------------------------------------------------------------

# Succeeds the third time; what it knows of itself is written down.
procedure 'ctx:step("try it", { retry = { times = 3, wait = "20ms", max_wait = "30ms" }, repeatable = true,
  run = function(s)
    ctx:log(("%d %s"):format(s.attempt, s.in_doubt))
    local stamp = ctx:fact("stamp", function() return s.attempt end)
    ctx:log("stamp " .. stamp)
    machine.run({ "sh", "-c", "echo x >>tries; test $(wc -l <tries) -ge 3" })
  end })'
run run p.lua
exits 0 "a step that succeeds the third time"
prints $'1 false\nstamp 1\n2 false\nstamp 1\n3 false\nstamp 1'
rm tries
sed -i 's/-ge 3/-ge 4/' p.lua
run run p.lua
exits 2 "three times are all"
holds "no more" test "$(wc -l <tries)" = 3
run resume last
exits 0 "a resume has attempts of its own"
prints "4 false"

# Not sent again: what failed is not the change's, and what must not be sent twice.
procedure 'ctx:step("wrong", { retry = { times = 3, wait = "1h" }, run = function() machine.mkdir("a", { mod = 1 }) end })'
run run p.lua
exits 1 "a mistake of the script is not retried"
procedure 'ctx:step("once", { retry = { times = 3, wait = "1h" },
  run = function() machine.run({ "sh", "-c", "echo x >>once; exit 9" }) end })'
run run p.lua
exits 2 "nor a command that ran and must not be run twice"
holds "it ran once" test "$(wc -l <once)" = 1

# In doubt --------------------------------------------------------------------------------------------------------------

procedure 'ctx:step("begun", { run = function(s)
  ctx:log(("%d %s %s"):format(s.attempt, s.in_doubt, s.began ~= nil))
  machine.run({ "sh", "-c", "echo x >>begun; exit $(cat code)" })
end })'
echo 5 >code
run run p.lua
exits 2 "fails"
echo 0 >code
run resume last --in-doubt retry
exits 0 "sent again, as said"
prints "2 true true"

# Plans -----------------------------------------------------------------------------------------------------------------

procedure 'local made = ctx:step("make", { assume = "/srv/x", run = function() return machine.run({ "mktemp", "-d" }).stdout end })
ctx:step("use", { run = function() machine.mkdir(made.value .. "/sub") end })
local other = ctx:step("more", { run = function() return machine.run({ "date" }).stdout end })
local size = ctx:fact("size", function() return #other.value end, { assume = 7 })
local way = ctx:choose("way", { text = "Which?", choices = { "a", "b" }, assume = "b" })
if size == 7 and way == "b" then ctx:step("last", { run = function() machine.mkdir("last") end }) end'
run plan p.lua
exits 10 "with what it is to assume"
prints 'make:
  1. local.run({"mktemp", "-d"})  (p.lua:4)
make: value assumed: "/srv/x"
use:
  2. local.mkdir("/srv/x/sub")  (p.lua:5)
more:
  3. local.run({"date"})  (p.lua:6)
size: fact assumed: 7
way: question (choose): Which?; taken as "b"
last:
  4. local.mkdir("last")  (p.lua:9)
4 changes; the plan is exact'

# Sensitive -------------------------------------------------------------------------------------------------------------

procedure 'ctx:step("open", { run = function() machine.write_file("seen", "plain body\n")
  machine.run({ "echo", "plain-word" }) end, repeatable = true })
ctx:step("hidden", { sensitive = true, run = function() machine.run({ "echo", "hidden-word" }) end })'
run run p.lua
exits 0 "a step whose changes are not written down"
holds "those of others are" grep -q plain-word state/runs/*/journal.jsonl
holds "its are not" bash -c '! grep -rq hidden-word state'
run show last
exits 0 "shown"
holds "with what it did" grep -q 'hidden: done' "$TMPDIR/stdout"

# Clean-ups -------------------------------------------------------------------------------------------------------------

procedure 'ctx:cleanup("slow", function() ops.sleep("1h") end, { timeout = "50ms" })
ctx:step("go", { run = function() machine.mkdir("go") end })'
run run p.lua
exits 6 "a clean-up that takes too long is owed"
hide_ids
says <<'SAYS'
opshost: the run RUN is done, but owes the clean-up "slow". Put it back with: opshost cleanup RUN
  slow: the deadline of 50ms was reached while waiting for ops.sleep [deadline.exceeded]
SAYS
procedure 'ctx:cleanup("twice", function() machine.run({ "true" }) end)
ctx:step("go", { run = function() machine.mkdir("went") end })'
run run p.lua
exits 6 "one that could not be run again"
hide_ids
says <<'SAYS'
opshost: the run RUN is done, but owes the clean-up "twice". Put it back with: opshost cleanup RUN
  twice: local.run({"true"}) is not repeatable, and a clean-up may have to run again; say repeatable = true where sending it again ends in the same state, or use a change that does [gate.not_repeatable]
SAYS

# Nested procedures -----------------------------------------------------------------------------------------------------

mkdir lib
cat >lib/inner.lua <<'LUA'
local machine = require "local"
return require("ops.procedure").define { summary = "x", api = 1, uses = { ["local"] = "change" }, on_failure = "stop",
  run = function(ctx)
    ctx:step("make", { run = function() machine.mkdir("inner") end, undo = function() machine.run({ "rmdir", "inner" }) end })
    ctx:step("fail", { run = function() ctx:fail("no") end })
  end }
LUA
procedure 'ctx:call("lib.inner", {})' 'on_failure = "rollback",'
run run p.lua
exits 2 "what follows a failure is the root's word"
holds "it was taken back" test ! -e inner
cat >observes.lua <<'LUA'
return require("ops.procedure").define { summary = "x", api = 1, uses = { ["local"] = "observe" },
  run = function(ctx) ctx:call("lib.inner", {}) end }
LUA
run run observes.lua
exits 1 "a callee that may do more than its caller"
holds "its change is not sent" test ! -e inner
first_line 'opshost: observes.lua:2: the called procedure uses local = "change", which its caller does not declare; add it to the caller'"'"'s `uses` [gate.undeclared]'

# Definitions -----------------------------------------------------------------------------------------------------------

refused() {
  run run p.lua
  exits 1 "$1"
  first_line "opshost: $2"
}
procedure '' 'api = 2,'
sed -i 's/api = 1, //' p.lua
refused "another api" 'p.lua: it is written for api 2, and this opshost has api 1; use an opshost that fits, or bring the procedure up to date [procedure.definition]'
for name in help json yes answers until edited inventory limit in_doubt; do
  procedure '' "params = { [\"$name\"] = require(\"ops.procedure\").param.string { doc = \"x\" } },"
  refused "a parameter called $name" "p.lua: a parameter must not be called \"$name\": that is an option of opshost itself [procedure.definition]"
done
procedure '' 'params = { Target = 1 },'
refused "a name that makes no flag" 'p.lua: a parameter'"'"'s name is lower-case words joined by _, got "Target" [procedure.definition]'
procedure '' 'params = { target = 1 },'
refused "a parameter of no kind" 'p.lua: the parameter "target" is number, expected param.string{...} or another kind of procedure.param [procedure.definition]'
procedure '' 'retires = 1,'
refused "an unknown field" 'p.lua: ops.procedure.define: argument 1 "definition": unknown field "retires"; Procedure has summary, source, api, params, uses, on_failure, run [usage.argument]'

procedure 'ctx:log("x")' 'params = { id = require("ops.procedure").param.integer { doc = "x" } },'
sed -i 's/run = function(ctx)/run = function(ctx, p)/; s/ctx:log("x")/ctx:log(tostring(p.id))/' p.lua
run run p.lua --id 9007199254740993
exits 0 "a long number"
prints 9007199254740993
run show --json last
holds "with all its digits" grep -q '"params":{"id":9007199254740993}' "$TMPDIR/stdout"

finish
