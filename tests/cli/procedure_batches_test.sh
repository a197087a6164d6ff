#!/usr/bin/env bash
# Hosts in batches, of which some may fail; and a run that has to end by a time of day.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"
export OPSHOST_STATE=$PWD/state

# Batches -------------------------------------------------------------------------------------------------------------

# rolling OPTIONS: four hosts; those there is a file broken-HOST of fail.
rolling() {
  procedure "local all = ctx:rolling({ 'a', 'b', 'c', 'd' }, { $1 }, function(host)
  ctx:step('work', { run = function()
    machine.write_file('order', (machine.exists('order') and machine.read_file('order') or '') .. host)
    if machine.exists('broken-' .. host) then ctx:fail('broken', host) end
  end, repeatable = true })
end)
ctx:step('after', { run = function() machine.write_file('after', #all.succeeded .. ' ' .. #all.failed) end })"
}
empty() { rm -rf order after broken-* state; }

rolling ''
run run p.lua
exits 0 "one after the other, unless said otherwise"
holds "in the order of the list" test "$(cat order)" = abcd
holds "with a line of the journal at each batch" test "$(grep -c 'next batch, from' state/runs/*/journal.jsonl)" = 3

empty
touch broken-b
rolling 'max_fail = 1'
run run p.lua
exits 2 "one failed of one that may"
hide_ids
says <<'SAYS'
opshost: 1 host failed within what max_fail allows:
  b: broken; seen: "b"
The others are done; a resume runs it again [procedure.tolerated]
What to do: repair them, then resume.
Step: b/work  (p.lua:5)
  local.write_file("order", {bytes = 2, sha256 = "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603"}): sent
The run RUN is not finished. Go on with: opshost resume RUN
SAYS
holds "the others went on, and what follows them" test "$(cat order after)" = 'abcd3 1'
rm broken-b order
run resume last --in-doubt retry
exits 0 "resumed"
holds "that one alone was worked on again" test "$(cat order)" = b

empty
touch broken-b broken-c
run run p.lua
exits 2 "one more than may fail"
first_line 'opshost: p.lua:4: 2 items of 3 failed:'
holds "the batches after it were not begun" test "$(cat order)" = abc -a ! -e after
rm broken-b broken-c order
run resume last --in-doubt retry
exits 0 "resumed"
holds "what had failed, and what was not begun" test "$(cat order)" = bcd

# A batch of several ends when all of it ended: nobody of the next one is begun before.
empty
rolling 'serial = "50%"'
run run p.lua
exits 0 "half of them at once"
holds "in two batches" test "$(grep -c 'next batch, from c' state/runs/*/journal.jsonl)" = 1
for serial in 0 1.5 -1 '"0%"' '"101%"' '"some"' '{}'; do
  rolling "serial = $serial"
  run plan p.lua
  exits 1 "serial = $serial"
  holds "is no size of a batch" grep -qF 'opshost: p.lua:4: Context:rolling: argument 2 "options.serial": expected a number of hosts from 1 on, or from "1%" to "100%" of them, got ' "$TMPDIR/stderr"
done
rolling 'max_fail = -1'
run plan p.lua
exits 1 "max_fail = -1"
first_line 'opshost: p.lua:4: Context:rolling: argument 2 "options.max_fail": expected at least 0, got -1 [usage.argument]'

# An end by the clock -------------------------------------------------------------------------------------------------

# showing HOURS MINUTES SECONDS: a time zone in which it is that time now.
showing() {
  local east=$(($1 * 3600 + $2 * 60 + $3 - $(date +%s) % 86400)) sign=-
  ((east >= 0)) || { sign=+ east=$((-east)); }
  printf 'LAB%s%02d:%02d:%02d' "$sign" $((east / 3600)) $((east / 60 % 60)) $((east % 60))
}

empty
procedure 'ctx:step("first", { run = function() machine.write_file("first", "x") end })
ctx:cleanup("tidy", function() machine.write_file("tidied", "x") end)
ctx:step("second", { run = function() machine.run({ "sleep", "60" }, { timeout = "2m" }) end, repeatable = true })
ctx:step("third", { run = function() machine.write_file("third", "x") end })'
TZ=$(showing 11 59 50) run run p.lua --until 12:00
exits 124 "the time comes while it is at work"
holds "what was at work is stopped" grep -q 'reached while waiting for local.run({"sleep", "60"}' "$TMPDIR/stderr"
holds "clean-ups run" test -e first -a -e tidied -a ! -e third
run show last
holds "the run can be taken on" grep -q '^state      stopped at its deadline' "$TMPDIR/stdout"
procedure 'local fiber_ended = false
ctx:step("wait", { run = function() ops.try(function() ops.sleep("60s") end, { "deadline.exceeded" }) end })
ctx:step("late", { run = function() fiber_ended = true machine.write_file("late", tostring(fiber_ended)) end })'
TZ=$(showing 23 59 50) run run p.lua --until 00:00
exits 124 "a procedure cannot catch it, nor begin a step after it"
holds "over midnight too" test ! -e late
TZ=$(showing 11 59 50) run run p.lua --until noon
exits 1 "no time of day"
first_line 'opshost: --until takes a time of day ("05:00"), got "noon" [usage.option]'

finish
