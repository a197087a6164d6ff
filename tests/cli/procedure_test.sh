#!/usr/bin/env bash
# Procedures as an operator meets them: flags, failure reports, resume, doubt, clean-ups, rollback, plan, show.
# shellcheck disable=SC2016  # the backquotes are part of what opshost says
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"
cp "$OPSHOST_SOURCE"/tests/cli/procedures/three_files.lua .
export OPSHOST_STATE=$PWD/state

# Parameters ----------------------------------------------------------------------------------------------------------

run run three_files.lua
exits 1 "a parameter is missing"
says <<'SAYS'
opshost: --target is missing (host to work on) [usage.parameter]
What to do: `opshost describe PROCEDURE` shows them.
SAYS
run run three_files.lua --target a --grac 5s
exits 1 "a misspelt one"
first_line 'opshost: there is no parameter "--grac"; did you mean "--grace"?; there are --fail-at, --grace, --target [usage.parameter]'
run run three_files.lua --target a --grace soon
exits 1 "a wrong value"
first_line 'opshost: --grace: expected duration ("30s", or seconds as a number), got string "soon" [usage.parameter]'
run run three_files.lua --target a --target b
exits 1 "given twice"
first_line 'opshost: --target is given twice [usage.parameter]'
run run three_files.lua a
exits 1 "not as a flag"
first_line 'opshost: parameters are flags, got "a"; there are --fail-at, --grace, --target [usage.parameter]'
run describe three_files.lua
exits 0 "described"
prints 'three_files.lua: Three files
source: Manual 1.2
on failure: stop
uses local (destroy)
flag       kind                     what
--fail-at  integer   default 0      the step that fails
--grace    duration  default "60s"  time it gets
--target   host      required       host to work on
in its text
  cleanup "mark away"  (line 14)
  step "mark"  (line 18)
  step "file "  (line 20)'
described=$(<"$TMPDIR/stdout")
for verb in "run" "plan" "preflight"; do
  run "$verb" three_files.lua --target a --help
  exits 0 "$verb: --help behind its name"
  prints "$described"
done
run run --answers none three_files.lua --json --help
exits 0 "as JSON, among options of the run"
holds "is what describe says" cmp -s "$TMPDIR/stdout" <("$OPSHOST" describe --json three_files.lua)
run plan three_files.lua --target -h
exits 10 "a value that looks like it is a value"
holds "nothing was begun by any of these" test ! -e state/runs

# Failure, report, resume ---------------------------------------------------------------------------------------------

run run three_files.lua --target a --fail-at 2
exits 2 "a step fails"
hide_ids
says <<'SAYS'
opshost: three_files.lua:23: local.run: sh -c 'echo oh no >&2; exit 3' ended with exit code 3; stderr: oh no [local.exit]
  three_files.lua:23
  three_files.lua:20
What to do: read its stderr in the message; list the code in `accept` where it is an answer.
Step: file 2  (three_files.lua:20)
  local.run({"sh", "-c", "echo oh no >&2; exit 3"}): it ran and failed: local.exit
  last output:
    oh no
The run RUN on a is not finished. Go on with: opshost resume RUN
SAYS
run run three_files.lua --target a
exits 5 "a new run on the host"
first_line 'opshost: the run RUN of /PWD/three_files.lua on a is not finished (failed). Go on with it: `opshost resume RUN`; only put back what is owed: `opshost cleanup RUN`; or give it up: `opshost abandon RUN --reason TEXT` [procedure.unfinished]'
run resume last
exits 3 "a step in doubt, off a terminal"
hide_ids
says <<'SAYS'
opshost: /PWD/three_files.lua:20: The step "file 2" did not come to its end, and what it sent may have been applied:
  local.run({"sh", "-c", "echo oh no >&2; exit 3"}): it ran and failed: local.exit, pid 1
Nobody is at a terminal to say what to do; look at it, then resume with --in-doubt=retry (send it again), --in-doubt=skip (take it as done) or --in-doubt=stop [answer.needed]
What to do: run it on a terminal, or answer as the message says.
Step: file 2  (/PWD/three_files.lua:20)
  local.run({"sh", "-c", "echo oh no >&2; exit 3"}): it ran and failed: local.exit
  last output:
    oh no
The run RUN on a is not finished. Go on with: opshost resume RUN
SAYS
run resume last --in-doubt maybe
exits 1 "a wrong answer to it"
run resume last --in-doubt=stop
exits 5 "stop"
run resume last --json --in-doubt=stop
exits 5 "the report as JSON"
hide_ids
holds "with all of it" grep -q '^{"run":"RUN","state":"refused","error":{"code":"procedure.refused",.*"exit_code":5},"targets":\["a"\],"step":{"path":"file 2","at":".*","changes":\[{"call":"local.run(.*","subject":"this machine","state":"it ran and failed: local.exit"}\],"output":"oh no\\n"},"undone":\[\],"not_undone":\[\],"by_hand":\[\],"owed":\[\],"command":"opshost resume RUN"}$' "$TMPDIR/stdout"
run resume last --in-doubt skip
exits 0 "skip"
says_nothing
holds "the rest is done" test -e f3
holds "what was skipped is not" test ! -e f2
run resume last
exits 5 "nothing is left of it"
first_line 'opshost: the run RUN is done, nothing is left of it [procedure.nothing_to_do]'
run runs
exits 0 "the list of runs"
hide_ids
holds "with their state" grep -Eq '^RUN +/PWD/three_files.lua +a +done ' "$TMPDIR/stdout"
run show last
exits 0 "shown"
holds "the steps" grep -q '^  file 2: skipped, ' "$TMPDIR/stdout"
run show --json last
exits 0 "shown as JSON"
holds "every record" grep -q '{"n":1,"t":"[^"]*","k":"start",' "$TMPDIR/stdout"
run show nothing
exits 1 "a run there is none of"

# Plan ----------------------------------------------------------------------------------------------------------------

run plan three_files.lua --target a
exits 10 "the plan of a second run"
prints 'mark away: clean-up at the end of its group; what it changes is not planned
mark:
  1. local.write_file("mark", "here")  (three_files.lua:18)
file 1: already so ("f1")
file 2:
  2. local.write_file("f2", "x")  (three_files.lua:24)
file 3: already so ("f3")
2 changes; the plan is exact'
holds "nothing was changed" test ! -e mark -a ! -e f2
holds "no run was begun" test "$(find state/runs -name journal.jsonl | wc -l)" = 1
procedure 'local out = ctx:step("ask", { run = function() return machine.run({ "echo", "1" }).stdout end }).value
if out == "1\n" then machine.mkdir("never") end'
run plan p.lua
exits 10 "a value only the run will know"
prints 'ask:
  1. local.run({"echo", "1"})  (p.lua:4)
unknown from here, because stdout of change 1 is not known before the run  (p.lua:5)
1 change; the plan is not exact: 1 unknown, 0 reads a change may alter'

cat >p.lua <<'END'
return require("ops.procedure").define { summary = "x", api = 1, uses = {}, run = function(ctx)
  ctx:step("others are there", { done = function() return false, "1 of 3" end, run = function() end })
  ctx:step("nothing to see", { done = function() return false end, run = function() end })
  ctx:step("a value", { run = function() return 1 end })
end }
END
run plan p.lua
exits 0 "a plan of what is only waited for"
prints 'others are there: awaited, without a change (so far "1 of 3")
nothing to see: awaited, without a change
no changes; the plan is exact'

# Clean-ups and rollback ------------------------------------------------------------------------------------------------

rm -f f1 f2 f3
touch stuck
run run three_files.lua --target b
exits 6 "done, but a clean-up is owed"
hide_ids
says <<'SAYS'
opshost: the run RUN is done, but owes the clean-up "mark away". Put it back with: opshost cleanup RUN
  mark away: stuck; seen: "file" [procedure.failed]
SAYS
run run three_files.lua --target b
exits 5 "a host that is owed one"
run resume last
exits 5 "nothing to resume"
run cleanup last
exits 6 "it fails again"
rm stuck
run cleanup last
exits 0 "it runs"
holds "what was owed is put back" test ! -e mark
run cleanup last
exits 5 "nothing is owed any more"
rm -f f1 f2 f3
run run three_files.lua --target c --fail-at 3
exits 2 "a run to take back"
run resume --rollback last
exits 0 "taken back"
holds "all of it" test ! -e f1 -a ! -e f2
run run three_files.lua --target c
exits 0 "the host is free"

procedure 'ctx:step("kept", { run = function() machine.mkdir("kept") end })
ctx:step("undone", { run = function() machine.mkdir("undone") end, undo = function() machine.delete("undone") end })
ctx:fail("so")'
run run p.lua
exits 2 "a run with a step that has no undo"
run resume --rollback last
exits 0 "what has an undo is taken back"
holds "that is" test ! -e undone -a -d kept
hide_ids
says <<'SAYS'
opshost: the run RUN is rolled back, but no `undo` ran for these steps; what they changed or may have changed stays, unless a clean-up put it back: "kept"
SAYS
rmdir kept
rm -f f1 f2 f3

# What a procedure must not do ------------------------------------------------------------------------------------------

procedure 'machine.mkdir("made")'
run run p.lua
exits 1 "a change outside of a step"
first_line 'opshost: p.lua:4: local.mkdir: local.mkdir("made") changes something outside of a step; a resume would send it again. Put it into the `run` of a ctx:step [gate.outside_step]'
procedure 'ctx:step("a", { run = function() ctx:step("b", { run = function() end }) end })'
run run p.lua
exits 1 "a step in a step"
first_line 'opshost: p.lua:4: the step "a/b" is inside the `run` of the step "a"; a step is the unit a resume repeats, so it holds no other. Put one after the other [procedure.step_in_step]'
# Nor where it would be done as often as somebody looks, and by a plan.
only_looks() {
  run run p.lua
  exits 1 "$2 in $3"
  first_line "opshost: p.lua:$1: $2 is inside a function that only looks (of a fact, a precondition or a guard, or the \`done\` or \`verify\` of a step), which is called as often as it takes, and by plans. Put it beside that [procedure.step_in_look]"
  run plan p.lua
  exits 1 "$2 in $3, planned"
}
inner='ctx:step("b", { run = function() machine.mkdir("made") end })'
procedure "ctx:fact('f', function() $inner return 1 end)"
only_looks 4 'the step "b"' "a fact"
procedure "ctx:require('r', function() $inner return true end)"
only_looks 4 'the step "b"' "a precondition"
procedure "ctx:step('a', { done = function() $inner return true end, run = function() end })"
only_looks 4 'the step "b"' "a done"
procedure "ctx:guard('g', function() $inner return true end, function()
  ctx:step('a', { run = function() machine.mkdir('made') end })
end)"
only_looks 4 'the step "b"' "a guard"
procedure "ctx:fact('f', function() return ctx:try('t', function() $inner end, { 'local.exit' }) end)"
only_looks 4 'the step "t/b"' "a try in a fact"
procedure 'ctx:log(tostring(ctx:fact("f", function() return ctx:try("t", function() return 7 end, { "local.exit" }) end)))'
run run p.lua
exits 0 "a try in a fact"
procedure 'ctx:fact("f", function() return require("ops.procedure").param.strng() end)'
run run p.lua
exits 1 "a kind of parameter that does not exist"
first_line 'opshost: p.lua:4: Params has no method "strng"; did you mean "string"? [usage.unknown_method]'
procedure 'ctx:fact("f", function() ctx:cleanup("c", function() end) return 1 end)'
only_looks 4 'the clean-up "c"' "a fact"
procedure 'ctx:fact("f", function() return ctx:confirm("sure", { text = "Sure?" }) end)'
only_looks 4 'the question "sure"' "a fact"
procedure "ctx:step('a', { run = function() end, verify = function() $inner return true end })"
run run p.lua
exits 1 "a step in a verify"
holds "nothing of it was done" test ! -e made
procedure 'ctx:step("a", { run = function() machine.mkdir("made") end })'
sed -i 's/uses = { \["local"\] = "destroy" }/uses = {}/' p.lua
run run p.lua
exits 1 "a module that is not declared"
first_line 'opshost: p.lua:4: local.mkdir: local.mkdir is a change, but the procedure declares no local in `uses`; add ["local"] = "change" there if it may do this [gate.undeclared]'
procedure 'ctx:stpe("a", { run = function() end })'
run run p.lua
exits 1 "a method that does not exist"
first_line 'opshost: p.lua:4: Context has no method "stpe"; did you mean "step"? [usage.unknown_method]'
with_parameters() {
  procedure "$1" "params = { hosts = require('ops.procedure').param.hosts{}, wait = require('ops.procedure').param.duration{ optional = true } },"
  sed -i 's/function(ctx)/function(ctx, p)/' p.lua
}
with_parameters 'ctx:log(tostring(p.wait) .. " " .. #p.hosts)'
run run p.lua --hosts a,b --wait 5
exits 0 "seconds as a number"
holds "they are" grep -q '5 2$' "$TMPDIR/stderr" "$TMPDIR/stdout"
run run p.lua --hosts a
exits 0 "a parameter without a value"
holds "it is nil" grep -q 'nil 1$' "$TMPDIR/stderr" "$TMPDIR/stdout"
with_parameters 'ops.print(p) ctx:log(require("data").to_json(ctx:fact("p", function() return p end))) ctx:log(tostring(p[1]))'
run run p.lua --hosts a --wait 5
exits 0 "all parameters at once"
prints 'hosts  {"a"}
wait   5
{"hosts":["a"],"wait":5}
nil'
run run p.lua --hosts ,
exits 1 "no host"
first_line 'opshost: --hosts names nothing: "," [usage.parameter]'
with_parameters 'ctx:log(p.wiat)'
run run p.lua --hosts a
exits 1 "a parameter that is not declared"
first_line 'opshost: p.lua:4: /PWD/p.lua declares no parameter "wiat"; did you mean "wait"? [usage.unknown_name]'
procedure 'ctx:cleanup("c", function() end)'
run plan p.lua
exits 0 "a plan of a clean-up"
prints 'c: clean-up at the end of its group; what it changes is not planned
no changes; the plan is exact'
procedure 'ctx:step("a", { run = function() machine.run({ "true" }) machine.mkdir("made") end })'
run run p.lua
exits 1 "a change after one that is not repeatable"
first_line 'opshost: p.lua:4: local.mkdir: local.mkdir("made") follows local.run in the step "a", which is not repeatable and so must be the step'"'"'s last change; give it a step of its own, or say repeatable = true where sending the first one again ends in the same state [gate.after_unrepeatable]'
holds "it was not sent" test ! -e made
procedure 'for _ = 1, 2 do ctx:step("a", { run = function() end }) end'
run run p.lua
exits 1 "two steps of one path"
first_line "opshost: p.lua:4: two of this procedure's names lead to \"a\"; a resume could not tell them apart. Give one another name or key [procedure.path_used]"
procedure 'ctx:step(tostring({}), { run = function() end })'
run run p.lua
exits 1 "a name that does not last"
sed -i 's/0x[0-9a-f]*/0x/' "$TMPDIR/stderr"
first_line 'opshost: p.lua:4: the name "table: 0x" is different in every run; give the item a field `name`, or the step a key [procedure.name]'
procedure 'ctx:fact("f", function() return { deep = { print } } end)'
run run p.lua
exits 1 "a fact that is no data"
first_line 'opshost: p.lua:4: the value.deep[1] is function; only data can be kept for a resume: strings, numbers, booleans, lists and tables of these [procedure.not_data]'
procedure 'ctx:step("a", { done = function() end, run = function() end })'
run run p.lua
exits 1 "a done that does not answer"
first_line 'opshost: p.lua:4: `done` of the step "a" returned nil, not a boolean (a missing return?) [procedure.not_boolean]'
procedure 'ctx:step("a", { don = function() end, run = function() end })'
run run p.lua
exits 1 "an unknown field"
first_line 'opshost: p.lua:4: Context:step: argument 2 "options": unknown field "don"; did you mean "done"? [usage.argument]'
procedure 'ctx:cleanup("c", function() machine.run({ "true" }) end)'
run run p.lua
exits 6 "a clean-up that could not run again"
procedure 'ctx:require("never", function() return false, 3 end)'
run run p.lua
exits 5 "a precondition"
hide_ids
says <<'SAYS'
opshost: p.lua:4: the precondition "never" does not hold; seen: 3; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]
What to do: put right what it asks for, then resume or run again.
The run RUN has changed nothing; run it again when the cause is repaired.
SAYS
procedure 'local asked = 0
ctx:guard("once", function() asked = asked + 1 return asked < 2, asked end, function()
  ctx:step("first", { run = function() machine.mkdir("first") end })
  ctx:step("second", { run = function() machine.mkdir("second") end })
end)'
run run p.lua
exits 5 "a guard"
first_line 'opshost: p.lua:7: the guard "once" holds back local.mkdir("second"); seen: 2; nothing was sent. Put right what it asks for, then resume [procedure.guard]'
holds "it let the first change through" test -d first
holds "and not the second" test ! -e second

# What waits for its turn under a guard is not sent any more when one before it failed, or after Ctrl-C.
guarded='ctx:guard("one at a time", function() return true, "fine" end, function()
  ctx:each({ "one", "two", "three" }, {}, function(name)
    ctx:cleanup("tidy " .. name, function() ops.sleep("20ms") end)
    ctx:step("work", { run = function()
      machine.run({ "sh", "-c", "echo " .. name .. " >>worked; " .. WORK })
    end })
  end)
end)'
procedure "local WORK = 'sleep 0.2; exit 1'
$guarded"
run run p.lua
exits 2 "a failed change under a guard"
holds "nothing after it was sent" test "$(cat worked)" = one
rm worked
procedure "local WORK = 'sleep 0.5'
$guarded"
"${WITH_SIGINT[@]}" "$OPSHOST" run p.lua 2>"$TMPDIR/stderr" &
child=$!
wait_until test -s worked
kill -s INT "$child"
status=0
wait "$child" || status=$?
exits 130 "Ctrl-C while changes wait for their turn under a guard"
holds "only the one in flight was sent" test "$(cat worked)" = one

# What is written down has to come back as it was: a secret is not written down, so it is no fact, parameter or value.
printf 'PORT=80\nDB_PASSWORD=hunter2222\n' >app.env
procedure 'ctx:fact("before", function() return { lines = { machine.read_file("app.env") } } end)'
for verb in run plan; do
  run "$verb" p.lua
  exits 2 "$verb: a fact with a secret in it"
  first_line 'opshost: p.lua:4: the value.lines[1] holds a secret, or what looks like one, and none is written down for a resume. Keep what decides (a digest, a version, where a backup is) and read the rest where it is used [procedure.secret]'
done
run run three_files.lua --target mysql://root:hunter2222@db1/
exits 1 "a parameter with one"
first_line 'opshost: --target holds a secret, and no secret is written down for a resume; say where it is (env:NAME, file:PATH, command:PROGRAM), and let the procedure take it from there: ops.secret.from(p.target) [usage.parameter]'
procedure 'local step = ctx:step("read", { run = function() return machine.read_file("app.env") end,
  undo = function(value) machine.write_file("undone", tostring(value)) end })
ctx:step("use", { run = function() machine.write_file("used", step.value) end })'
run run p.lua
exits 1 "a step whose value has one: its change is made, its value nobody has"
holds "it says so" grep -qF 'the step "read" has no value: neither its `run` returned one nor its `done` a third result, or there is a secret in it, which is not written down. Take it from a fact [procedure.no_value]' "$TMPDIR/stderr"
holds "nothing was written of it" test ! -e used
holds "nor in any journal" bash -c '! grep -r hunter2222 state'

# Relative paths of a run mean the folder it was begun in, wherever it is taken on.
mkdir here there
echo 100 >here/limit
procedure 'local before = ctx:fact("before", function() return machine.read_file("limit") end)
ctx:step("raise", { run = function() machine.write_file("limit", "500\n") end,
  undo = function() machine.write_file("limit", before) end })
ctx:step("fail", { run = function() ctx:fail("no") end })'
cd here
run run ../p.lua
exits 2 "begun in one folder"
cd ../there
echo 777 >limit
run resume last --rollback
exits 0 "taken back from another one"
cd ..
holds "what it changed is as before" test "$(cat here/limit there/limit)" = $'100\n777'
cd here
run run ../p.lua
cd ..
mv here gone
run resume last --edited
exits 5 "its folder is gone"
first_line 'opshost: the run RUN was begun in /PWD/here, which cannot be entered (No such file or directory), and its relative paths mean that folder; bring it back, then resume [procedure.refused]'
mv gone here
run resume --rollback last
exits 0 "and is there again"
# Nor does the folder of the journals depend on where one stands.
top=$PWD
cd here
mkdir $'odd\xff'
cd $'odd\xff'
echo 100 >limit
OPSHOST_STATE=../../state run run "$top/p.lua"
exits 2 "begun with a relative state folder, in one whose name is no UTF-8"
cd ../..
OPSHOST_STATE=state run resume last --rollback
exits 0 "taken back"
holds "there" test "$(cat here/odd*/limit)" = 100
holds "its journal is whole where it was" test ! -e here/state -a ! -e $'here/odd\xff/state'

procedure 'ctx:step("make", { run = function() machine.mkdir("made") end, undo = function() ctx:fail("stuck") end })
ctx:step("fail", { run = function() ctx:fail("no") end })'
run run p.lua
run resume --rollback last
exits 2 "an undo that fails"
run runs
holds "is no run that was killed" grep -Eq '^[0-9-]+ .* rollback failed +root' <(head -n 2 "$TMPDIR/stdout")
run abandon last --reason "it stays"

sed 's/^return require/local _ = require/' p.lua >unreturned.lua
for verb in run plan; do
  run "$verb" unreturned.lua
  exits 1 "$verb: a procedure that its file does not return"
  first_line 'opshost: unreturned.lua:2: the procedure defined here is not returned, so nothing of it runs; write `return procedure.define{...}`'
done

# Questions -------------------------------------------------------------------------------------------------------------

procedure 'ctx:confirm("sure", { text = "Sure?" })
local way = ctx:choose("way", { text = "Which?", choices = { "left", "right" } })
ctx:step("go", { run = function() machine.write_file("way", way) end })'
run run p.lua
exits 3 "a question, off a terminal"
run run --yes p.lua
exits 3 "--yes answers confirm alone"
echo '{"sure": "yes", "way": "up"}' >answers.json
run run --answers answers.json p.lua
exits 5 "an answer that is none"
first_line 'opshost: p.lua:5: the answer "up" given for "way" is none; nothing was begun that depends on it [procedure.refused]'
echo '{"sure": "no"}' >answers.json
run run --answers answers.json p.lua
exits 5 "a no"
first_line 'opshost: p.lua:4: the answer to "sure" was no; nothing was begun that depends on it [procedure.refused]'
echo '{"sure": "yes", "way": "right"}' >answers.json
run run p.lua --answers answers.json
exits 0 "all answered"
holds "as answered" grep -qx right way

# What decides the road must be a fact ------------------------------------------------------------------------------------

procedure 'if not machine.exists("road") then
  ctx:step("mark", { run = function() machine.write_file("road", "x") end })
end
ctx:step("late", { run = function() if not machine.exists("mended") then ctx:fail("not yet", { n = 1 }) end end })'
run run p.lua
exits 2 "a run that changed what decides it"
first_line 'opshost: p.lua:7: not yet; seen: {n = 1} [procedure.failed]'
touch mended
run resume last
exits 5 "its resume"
first_line 'opshost: the step "mark" has been done, but this time the procedure did not come by it; what decides the road must be a fact. Correct the script, then resume [procedure.unvisited]'

# A plain script's changes are written down, and that is all.
echo 'require("local").mkdir("plain")' >plain.lua
run run plain.lua
exits 0 "a plain script"
run resume last
exits 5 "its resume"
first_line 'opshost: the run RUN is of a plain script, which has no steps to go on with; its journal is for the record. Make it a procedure (`opshost help procedures`), or run it again [procedure.nothing_to_do]'

# state_is STATE UNFINISHED: of the latest run, as `runs` has it.
state_is() {
  run runs --json
  python3 -c 'import json, sys
run = json.load(open(sys.argv[1]))[0]
assert [run["state"], str(run["unfinished"])] == sys.argv[2:], run' "$TMPDIR/stdout" "$@"
}
holds "it is done" state_is "done" False
echo 'require("local").mkdir("plain2") error("no")' >plain.lua
run run plain.lua
holds "one that failed after a change is unfinished" state_is failed True
run abandon last --reason "made by hand"
holds "until it is given up" state_is abandoned False
echo 'require("local").run({"/nonexistent"})' >plain.lua
run run plain.lua
holds "one whose change was not sent is not" state_is failed False
{
  echo 'require("local").mkdir("at_load")'
  cat three_files.lua
} >changes_at_load.lua
run run changes_at_load.lua --help
exits 0 "a procedure's file that changes something as it is loaded"
holds "leaves no run that seems to be killed" state_is "done" False

run run p.lua --until 25:00
exits 1 "no time of day"

finish
