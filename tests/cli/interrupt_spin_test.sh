#!/usr/bin/env bash
# Scripts that spin end on a signal and at a deadline, whatever they do; a second signal ends even a clean-up that spins.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

# start SCRIPT: in the background, until it says that it runs.
start() {
  rm -f started
  "${WITH_SIGINT[@]}" "$OPSHOST" run "$1" started >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" &
  child=$!
  wait_until test -e started
}

# stop SIGNAL: how it ended, and after how many ms.
stop() {
  local before after
  before=$(date +%s%N)
  kill -s "$1" "$child"
  ended
  after=$(date +%s%N)
  took=$(((after - before) / 1000000))
}

ended() {
  status=0
  wait "$child" || status=$?
}

# Each begins by telling that it runs.
script() {
  echo 'require("local").write_file(..., "")' >"$1.lua"
  cat >>"$1.lua"
}

script loop <<<'while true do end'
script pcall_loop <<<'while true do pcall(function() while true do end end) end'
script xpcall_loop <<<'while true do xpcall(function() while true do end end, function() while true do end end) end'
script coroutine_loop <<<'while true do coroutine.resume(coroutine.create(function() while true do end end)) end'
script pattern <<<'local text = ("a"):rep(60) string.find(text, ("a-"):rep(40) .. "b") print "found"'
script repeat_loop <<<'while true do pcall(string.rep, "x", 1e8) end'
script sort <<<'local t = {} for i = 1, 3e6 do t[i] = (i * 7919) % 3000017 end while true do table.sort(t) end'
script metamethod <<<'local t = setmetatable({}, {__tostring = function(self) return tostring(self) end}) tostring(t)'
script fiber_loop <<<'local ops = require "ops" ops.each({1, 2, 3}, {parallel = 3}, function() while true do end end)'
script waiting <<<'require("ops").sleep(1000)'

for name in loop pcall_loop xpcall_loop coroutine_loop pattern repeat_loop sort metamethod fiber_loop waiting; do
  start "$name.lua"
  stop INT
  exits 130 "$name: SIGINT"
  prints ""
  # Generous: the limit itself is a bench's to measure, this machine may be busy.
  holds "$name: ended soon ($took ms)" test "$took" -lt 2000
done

for signal in INT:130 TERM:143 HUP:129; do
  start loop.lua
  stop "${signal%:*}"
  exits "${signal#*:}" "SIG${signal%:*}"
done

# It tells that it runs from inside, where the clean-up is certain.
cat >shielded.lua <<'END'
local ops, machine = require "ops", require "local"
local handle = { close = function()
  machine.write_file("cleaning", "")
  while true do end
end }
local started = ...
ops.with(handle, function()
  machine.write_file(started, "")
  ops.sleep(1000)
end)
END
start shielded.lua
kill -s INT "$child"
wait_until test -e cleaning
holds "a clean-up outlives the first signal" kill -0 "$child"
stop INT
exits 130 "the second signal ends a clean-up that spins"
holds "within a second or so ($took ms)" test "$took" -lt 4000

for name in loop pcall_loop pattern; do
  rm -f started
  run eval "require('ops').deadline('200ms', function() loadfile('$name.lua')('started') end)"
  exits 124 "$name: a deadline"
done

# A reader of stderr that stands still holds up neither the run, nor Ctrl-C, nor the second one.
cat >warns.lua <<'END'
local ops, machine = require "ops", require "local"
ops.group(function(group)
  group:spawn(function()
    for _ = 1, 3000 do pcall(ops.with, { close = function() error(("x"):rep(200)) end }, function() error("y") end) end
    machine.write_file("warned", "")
    while true do end
  end)
end)
END
mkfifo errors
exec 8<>errors
"${WITH_SIGINT[@]}" "$OPSHOST" run warns.lua 2>errors 8>&- &
child=$!
wait_until test -e warned
status=0
kill -s INT "$child"
wait "$child" || status=$?
exits 130 "Ctrl-C while the reader of stderr stands still"
exec 8>&-

# A fiber that keeps the loop from the others is told where.
cat >busy.lua <<'END'
local ops = require "ops"
ops.group(function(group)
  group:spawn(function()
    local began = os.clock()
    while os.clock() - began < 0.5 do end
  end)
  group:spawn(function() end)
end)
END
run run busy.lua
exits 0 "a fiber that computes for half a second"
holds "the warning says where it is" grep -Eq '^[0-9:]{8} warning: busy.lua:5 has run for 100 ms without waiting; every other fiber stands still meanwhile$' "$TMPDIR/stderr"

finish
