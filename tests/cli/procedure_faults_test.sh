#!/usr/bin/env bash
# What can go wrong around a run: its journal torn or its disk full, Ctrl-C, two operators, wrong answers, edited files.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

if [[ -z ${IN_NAMESPACE:-} ]]; then
  if ! unshare --mount true 2>"$TMPDIR/reason"; then
    echo "skipped: no private mount namespace here: $(cat "$TMPDIR/reason")"
    exit 77
  fi
  IN_NAMESPACE=1 exec unshare --mount bash "$0"
fi

mkdir memory
mount -t tmpfs -o size=64m tmpfs memory
cd memory
export OPSHOST_STATE=$PWD/state

id() { basename "$(printf '%s\n' "$OPSHOST_STATE"/runs/* | tail -n 1)"; }
# What differs from run to run.
hide_ids() { sed -Ei "s/[0-9]{8}-[0-9]{6}-[0-9]{3}/RUN/g; s|$OPSHOST_STATE|/STATE|g; s|$PWD|/PWD|g" "$TMPDIR/stdout" "$TMPDIR/stderr"; }
again() {
  rm -rf state work
  mkdir work
}

cat >steps.lua <<'LUA'
local procedure = require "ops.procedure"
local machine = require "local"
local param = procedure.param

return procedure.define {
  summary = "Two files", api = 1,
  params = { target = param.host { doc = "the host" }, fill = param.boolean { default = false, doc = "the disk" } },
  uses = { ["local"] = "change" },
  run = function(ctx, p)
    ctx:step("one", { run = function()
      machine.write_file("work/one", "1")
      return { "kept" }
    end })
    if p.fill then
      ctx:step("fill", { repeatable = true, run = function()
        machine.run({ "dd", "if=/dev/zero", "of=state/fill", "bs=64k" }, { accept = "any" })
      end })
      -- Each takes some 40 KB of the room that was reserved before.
      for i = 1, 40 do
        ctx:step("pad " .. i, { repeatable = true, run = function()
          machine.run { "sh", "-c", "mkdir -p $1; echo $2", "sh", "work/pad" .. i, ("x"):rep(20000) }
        end })
      end
    end
    ctx:step("two", {
      done = function() return machine.exists("work/two") ~= nil end,
      run = function() machine.run({ "mkdir", "work/two" }) end,
    })
    return "both"
  end,
}
LUA

# The journal, cut at every byte of its last record.
again
OPSHOST_KILL_AT=19 run run steps.lua --target a
exits 137 "killed"
cp -a state torn_state
cp -a work torn_work
journal=$(printf '%s\n' state/runs/*/journal.jsonl)
whole=$(stat -c %s "$journal")
last=$(tail -n 1 "$journal" | wc -c)
cuts=0
for ((size = whole - last; size < whole; size++)); do
  rm -rf state work
  cp -a torn_state state
  cp -a torn_work work
  truncate -s "$size" "$journal"
  run resume --in-doubt retry "$(id)"
  cuts=$((cuts + 1))
  [[ $status == 0 && -f work/one && -d work/two ]] && continue
  exits 0 "resumed after the journal was cut at byte $size of $whole"
done
holds "every cut was tried ($cuts)" test "$cuts" = "$last"
sed -i '2s/"k"/"q"/' "$journal"
run resume "$(id)"
exits 2 "a journal damaged before its end"
hide_ids
says <<'SAYS'
opshost: record 2 of /STATE/runs/RUN/journal.jsonl is damaged and others follow it; the run cannot be taken on. Restore the file, or put its targets right by hand and `opshost abandon` it [journal.damaged]
What to do: restore it, or abandon the run.
SAYS
damaged=$(id)
# As one that was cut off has it.
echo "$damaged" >state/targets/a
run run steps.lua --target a
exits 2 "a new run on its target"
run abandon "$damaged" --reason "disk was broken"
exits 0 "abandoned although nobody can read it"
hide_ids
prints "The run RUN is abandoned. Its journal is damaged, so nobody can tell what it owes: put its targets right by hand."
run runs
says_nothing
rm -rf work
mkdir work
run run steps.lua --target a
exits 0 "its target is free"

# The disk of the journal is full: what was sent is still written down, the next change is not sent.
again
run run steps.lua --target a --fill
exits 2 "a full disk"
holds "it says so" grep -q 'so nothing was sent; make room there, then resume the run \[journal.full\]$' "$TMPDIR/stderr"
last=$(sed -n 's/^Step: pad \([0-9]*\) .*/\1/p' "$TMPDIR/stderr")
holds "changes were sent as long as there was room" test -d "work/pad$((last - 1))"
holds "and not without" test ! -e "work/pad$last"
holds "what was sent is written down" grep -q "\"k\":\"end\",\"path\":\"pad $((last - 1))\",\"state\":\"done\"" "state/runs/$(id)/journal.jsonl"
holds "so is the end" grep -q '"k":"result","state":"failed"' "state/runs/$(id)/journal.jsonl"
rm state/fill
run resume "$(id)"
exits 0 "resumed with room"
holds "all is done" test -d work/two -a -d work/pad40

# Edited files: said, and off a terminal only with --edited.
again
OPSHOST_KILL_AT=19 run run steps.lua --target a
exits 137 "killed"
echo "-- edited" >>steps.lua
run resume "$(id)"
exits 3 "resumed with an edited file, off a terminal"
hide_ids
says <<'SAYS'
opshost: These files of the run were edited since it began:
  /PWD/steps.lua
Nobody is at a terminal to say whether that is meant so; look at the differences, then resume with --edited [answer.needed]
What to do: run it on a terminal, or answer as the message says.
SAYS
run resume --edited "$(id)"
exits 0 "with --edited"
holds "the journal names the file" grep -q '"k":"session".*"edited":\["[^"]*steps.lua"\]' "state/runs/$(id)/journal.jsonl"

# A step that holds until it is let go, for everything that needs a run in progress.
cat >hold.lua <<'LUA'
local procedure = require "ops.procedure"
local machine = require "local"
local param = procedure.param

return procedure.define {
  summary = "Hold", api = 1,
  params = { target = param.host { doc = "the host" } },
  uses = { ["local"] = "destroy" },
  run = function(ctx)
    ctx:cleanup("put back", function() machine.write_file("work/back", "yes") end)
    ctx:step("hold", { run = function()
      machine.run { "sh", "-c", "touch work/began; until [ -e work/go ]; do sleep 0.02; done; touch work/held" }
    end })
    ctx:step("after", { run = function() machine.write_file("work/after", "x") end })
  end,
}
LUA

hold() {
  "${WITH_SIGINT[@]}" "$OPSHOST" run hold.lua --target a >"$TMPDIR/held.out" 2>"$TMPDIR/held.err" &
  holder=$!
  wait_until test -e work/began
}
held() {
  status=0
  wait "$holder" || status=$?
  cp "$TMPDIR/held.out" "$TMPDIR/stdout"
  cp "$TMPDIR/held.err" "$TMPDIR/stderr"
}

again
hold
run run hold.lua --target a
exits 5 "a second operator, while the first works"
hide_ids
says <<'SAYS'
opshost: a is being worked on by the run RUN; wait until it has ended (`opshost show RUN` shows it) [procedure.target_busy]
What to do: wait until it has ended.
SAYS
run resume "$(id)"
exits 5 "taking on a run that goes on"
run run hold.lua --target b --bad
exits 1 "usage errors come first"
touch work/go
held
exits 0 "the first operator ends in peace"
run run steps.lua --target a
exits 0 "and then it is the next one's turn"

# Ctrl-C: the change in flight answers, the clean-up runs, the run can be resumed.
again
hold
kill -INT "$holder"
wait_until grep -q interrupted "$TMPDIR/held.err"
touch work/go
held
exits 130 "Ctrl-C"
holds "the change in flight ended" test -e work/held
holds "the clean-up ran" test -e work/back
holds "no new step began" test ! -e work/after
holds "it is journaled as interrupted" grep -q '"k":"result","state":"interrupted"' "state/runs/$(id)/journal.jsonl"
rm work/back
run resume --in-doubt skip "$(id)"
exits 0 "resumed"
holds "the rest is done" test -e work/after
holds "the clean-up ran once more" test -e work/back

# A command of this machine that does not end within its 10 s is killed, and that is said.
again
hold
kill -INT "$holder"
held
exits 130 "Ctrl-C while a command takes longer"
hide_ids
sed -i 's/pid [0-9]*/pid 1/' "$TMPDIR/stderr"
says <<'SAYS'

opshost: interrupted; changes in flight get 10 s to answer, clean-ups run. Once more to stop now.
opshost: hold.lua:12: interrupted while waiting for local.run({"sh", "-c", "touch work/began; until [ -e work/go ]; do sleep 0.02; done; touch work/held"}); last seen: pid 1 was still running and was killed; it may have been applied [interrupted]
What to do: go on when you are ready: run it again, or resume it.
Step: hold  (hold.lua:11)
  local.run({"sh", "-c", "touch work/began; until [ -e work/go ]; do sleep 0.02; done; touch work/held"}): may have been applied: cancelled
The run RUN on a is not finished. Go on with: opshost resume RUN
SAYS
holds "the clean-up ran" test -e work/back
touch work/go
run resume --in-doubt retry "$(id)"
exits 0 "resumed"
holds "it was sent again, as said" test -e work/held
holds "the rest is done" test -e work/after

# The terminal is closed: as after Ctrl-C, though nobody can be told.
again
printf -v line 'exec %q run hold.lua --target a' "$OPSHOST"
script -qec "$line" /dev/null >/dev/null 2>&1 </dev/null &
terminal=$!
wait_until test -e work/began
kill -KILL "$terminal"
touch work/go
wait_until grep -q '"k":"result","state":"interrupted"' "state/runs/$(id)/journal.jsonl"
holds "the change in flight ended" test -e work/held
holds "the clean-up ran" test -e work/back
holds "no new step began" test ! -e work/after
holds "it ended as one that lost its terminal" grep -q '"exit_code":129' "state/runs/$(id)/journal.jsonl"
run resume --in-doubt skip "$(id)"
exits 0 "resumed from another one"
holds "the rest is done" test -e work/after

# Twice: it ends now, and the journal is whole.
again
hold
kill -INT "$holder"
wait_until grep -q interrupted "$TMPDIR/held.err"
kill -INT "$holder"
held
exits 130 "Ctrl-C twice"
holds "no clean-up ran" test ! -e work/back
touch work/go
run run steps.lua --target a
exits 5 "a new run on the host"
hide_ids
says <<'SAYS'
opshost: the run RUN of /PWD/hold.lua on a is not finished (interrupted) and owes the clean-up "put back". Go on with it: `opshost resume RUN`; only put back what is owed: `opshost cleanup RUN`; or give it up: `opshost abandon RUN --reason TEXT` [procedure.unfinished]
What to do: resume that run, settle it with `opshost cleanup`, or `opshost abandon` it.
SAYS
first=$(id)
run cleanup "$first"
exits 0 "what it owes"
holds "was put back" test -e work/back
holds "and nothing else was done" test ! -e work/after
run abandon "$first"
exits 1 "given up without a reason"
run abandon "$first" --reason "by hand"
exits 0 "given up"
prints "The run $first is abandoned."
run run steps.lua --target a
exits 0 "the host is free"

finish
