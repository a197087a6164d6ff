#!/usr/bin/env bash
# What a resume needs is kept whole, however long: in files of the run's folder, which are checked when they are read.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"
export OPSHOST_STATE=$PWD/state

folder() { printf '%s\n' state/runs/* | tail -n 1; }
# Between two processes: the second one has the values from the files.
procedure 'local long = ctx:fact("long", function() return ("x"):rep(100000) .. "end" end)
local made = ctx:step("make", { run = function() machine.mkdir("made") return { text = ("y"):rep(70000) } end })
ctx:require("let", function() return machine.exists("let") ~= nil end)
ctx:step("write", { run = function()
  machine.write_file("lengths", ("%d %s %d %d %s"):format(#long, long:sub(-3), #made.value.text, #p.names, p.names[20000]))
end })
if long then return { length = #long, again = long } end' 'params = { names = require("ops.procedure").param.strings { doc = "names" } },'
sed -i 's/run = function(ctx)/run = function(ctx, p)/' p.lua
names=$(seq -s, 10001 30000)
run run p.lua --names "$names"
exits 5 "stopped in between"
holds "the parameters, the fact and the step's value are in files" test "$(find "$(folder)/values" -name '*.json' | wc -l)" = 3
holds "none of them is open to others" test -z "$(find "$(folder)/values" -perm /077)"
holds "no record is longer than 64 KiB" test "$(wc -L <"$(folder)/journal.jsonl")" -lt 65536
run show last
exits 0 "shown with them"
holds "the parameters" grep -q '^parameters .*10001' "$TMPDIR/stdout"
cp -a state kept
touch let
run resume last
exits 0 "taken on"
holds "with all of it" grep -qx '100003 end 70000 20000 30000' lengths
cat >after.lua <<'LUA'
return require("ops.procedure").define { summary = "x", api = 1, uses = {}, run = function(ctx)
  local last = ctx:last(os.getenv("BEFORE"), {})
  ctx:log(("%d %d %d"):format(last.result.length, #last.result.again, #last.facts.long))
end }
LUA
BEFORE=$PWD/p.lua run run after.lua
prints "100003 100003 100003"

# A file that is not what was written there.
rm -rf state made lengths
cp -a kept state
fact=$(grep -l xxx "$(folder)"/values/*.json)
sed -i 's/end"/and"/' "$fact"
run resume last
exits 2 "a value file that somebody changed"
first_line "opshost: /PWD/p.lua:4: the value in /PWD/state/runs/RUN/values/${fact##*/} is not what was written there; the run cannot be taken on. Restore the file, or \`opshost abandon\` the run [journal.damaged]"
holds "nothing was done with it" test ! -e lengths
rm "$fact"
run resume last
exits 2 "one that is gone"
run abandon last --reason "its values are gone"
exits 0 "given up"

# Killed after each of its first records and taken on: no file is written twice.
{
  echo 'all: { hosts: {'
  for i in $(seq 200); do echo "  host$i: { note: \"$(printf '%050d' "$i")\" },"; done
  echo '} }'
} >hosts.yml
procedure 'local long = ctx:fact("long", function() return ("z"):rep(50000) end)
local more = ctx:fact("more", function() return ("w"):rep(60000) end)
local hosts = require("ops").inventory.hosts()
ctx:step("count", { run = function() machine.write_file("counted", ("%d %d %d %d"):format(#long, #more, #p.names, #hosts)) end })' \
  'params = { names = require("ops.procedure").param.strings { doc = "names" } },'
sed -i 's/run = function(ctx)/run = function(ctx, p)/' p.lua
for point in $(seq 1 12); do
  rm -rf state counted
  { OPSHOST_KILL_AT=$point run run p.lua --inventory hosts.yml --names "$names"; } 2>/dev/null
  [[ $status == 137 ]] || break
  # Before its first record is written there is nothing to take on.
  [[ -s $(folder)/journal.jsonl ]] || continue
  { OPSHOST_KILL_AT=2 run resume last; } 2>/dev/null
  run resume last
  [[ $status == 0 && $(cat counted) == "50000 60000 20000 200" ]] && continue
  exits 0 "taken on after it was killed at point $point"
done
holds "it was killed at each point" test "$point" = 12

procedure 'local long = ctx:fact("long", function() return ("x"):rep(17 * 1024 * 1024) end)
ctx:step("never", { run = function() machine.mkdir("never") end })'
run run p.lua
exits 1 "more than 16 MiB"
first_line 'opshost: p.lua:4: a value of 17825794 bytes is to be kept for a resume; 16MiB is the most. Keep what decides, not the whole answer [procedure.value_too_long]'
holds "nothing was done" test ! -e never

# A run that was given up without anybody being able to read it is no last run, and hides none.
rm -rf state
procedure 'ctx:step("make", { run = function() machine.run({ "true" }) end })'
run run p.lua
cp -a "$(folder)" "state/runs/20990101-000000-000"
sed -i '1s/start/stort/' state/runs/20990101-000000-000/journal.jsonl
sed -i 's/ctx:log.*/ctx:log(last.state .. " " .. #last.run)/' after.lua
BEFORE=$PWD/p.lua run run after.lua
exits 2 "whether a damaged run is the last one nobody can tell"
run abandon 20990101-000000-000 --reason "damaged"
BEFORE=$PWD/p.lua run run after.lua
exits 0 "it was given up"
prints "done 19"
finish
