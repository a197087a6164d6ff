#!/usr/bin/env bash
# What a procedure asks a person at a terminal: questions, acts of theirs, steps in doubt, what to do after a failure.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"
export OPSHOST_STATE=$PWD/state
shows() { holds "it shows: $1" grep -qF -- "$1" "$TMPDIR/stdout"; }
times_shown() { grep -cF -- "$1" "$TMPDIR/stdout"; }

# Questions -----------------------------------------------------------------------------------------------------------

procedure 'ctx:confirm("sure", { text = "Sure?" })
local way = ctx:choose("way", { text = "Which way?", choices = { "left", "right" } })
local who = ctx:input("who", { text = "For whom?" })
ctx:manual("cable", { text = "Plug it in.", answer = "plugged" })
ctx:step("go", { run = function() machine.write_file("went", way .. " for " .. who) end })'
on_terminal run p.lua <<'END'
perhaps
yes
up
right

Kim
done
plugged
END
exits 0 "answers, after some that are none"
holds "they are used" test "$(cat went)" = 'right for Kim'
shows 'Sure?'
shows '[y/N] '
shows 'left/right? '
shows 'Plug it in.'
shows 'When it is done, type: plugged'
holds "each wrong one is said to be none" test "$(times_shown 'That is no answer to it.')" = 4
run show last
for path in sure way who cable; do
  holds "$path: the journal has who answered" grep -qE "\"k\":\"answer\",.*\"path\":\"$path\",.*\"by\":\"terminal\"" state/runs/*/journal.jsonl
done

rm -r state went
on_terminal run p.lua <<'END'
what
what
what
END
exits 5 "three that are none"
shows 'the question "sure" was not answered; nothing was begun that depends on it [procedure.refused]'
on_terminal resume last <<'END'

END
exits 5 "an empty line is a no"
shows 'the answer to "sure" was no; nothing was begun that depends on it [procedure.refused]'
holds "nothing was done" test ! -e went

# An act of a person that a machine can look at.
procedure 'ctx:manual("cable", { text = "Plug it in.", timeout = "50ms", every = "10ms",
  done = function() return machine.exists("cable") ~= nil, "no link" end })'
on_terminal run p.lua <<<"done"
exits 2 "said to be done, and it is not"
shows 'the manual step "cable" was said to be done, but 50ms later it does not show; last seen: "no link"'
touch cable
on_terminal resume last
exits 0 "done by now: nobody is asked"
holds "no question" test "$(times_shown 'type: done')" = 0

# A step in doubt -----------------------------------------------------------------------------------------------------

rm -r state
in_doubt='ctx:step("send", { run = function() machine.run({ "sh", "-c", "echo x >>sent; test -e mended" }) end })'
procedure "$in_doubt"
run run p.lua
exits 2 "a change of which nobody can tell"
on_terminal resume last <<'END'
again
stop
END
exits 5 "stop"
shows 'The step "send" did not come to its end, and what it sent may have been applied:'
shows 'retry/skip/stop? '
shows 'the step "send" is in doubt, and the answer was to stop; look at what it changed, then resume'
holds "nothing was sent again" test "$(wc -l <sent)" = 1
touch mended
on_terminal resume last <<<retry
exits 0 "retry"
holds "it was sent again" test "$(wc -l <sent)" = 2

# After a failure -----------------------------------------------------------------------------------------------------

rm -r state
failing='ctx:step("make", { run = function() machine.mkdir("made") end,
  undo = function() machine.delete("made", { recursive = true }) end })
ctx:step("break", { run = function() if not machine.exists("mended2") then ctx:fail("broken", 1) end end })'
procedure "$failing" 'on_failure = "ask",'
on_terminal run p.lua <<<stop
exits 2 "a failure, and it stops here"
shows 'The run failed: '
shows 'Stop here (it can be resumed), or take back what it did?'
shows 'stop/rollback? '
holds "what was done stays" test -d made
touch mended2
on_terminal resume last
exits 0 "resumed"

rm -r state made mended2
on_terminal run --yes p.lua <<<rollback
exits 2 "taken back instead"
holds "what was done is undone" test ! -e made
run runs
holds "and the run is over" grep -q ' rolled_back ' "$TMPDIR/stdout"
run run p.lua
exits 2 "nobody to ask: it stops"
holds "what was done stays" test -d made

rm -r state made
procedure "$failing" 'on_failure = "rollback",'
run run p.lua
exits 2 "a procedure that takes back what it did"
holds "without being asked" test ! -e made
run resume last
exits 5 "nothing is left to resume"

finish
