#!/usr/bin/env bash
# Memory and recursion have limits that end in an error, never in a crash of opshost.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

memory_advice='What to do: raise the limit with --memory.'

out_of_memory() {
  run eval --memory 64MiB "$2"
  exits 1 "$1"
  holds "$1: the message names --memory" grep -qF 'the script needs more memory than it may use; raise the limit with --memory [script.memory]' "$TMPDIR/stderr"
  holds "$1: and so does the advice" grep -qxF "$memory_advice" "$TMPDIR/stderr"
}

out_of_memory "one allocation of 1 GB" 'local text = string.rep("x", 1e9)'
out_of_memory "a text that doubles" 'local text = "x" while true do text = text .. text end'
out_of_memory "many small tables" 'local t = {} for i = 1, 1e9 do t[i] = {i} end'
out_of_memory "many small strings" 'local t = {} for i = 1, 1e9 do t[i] = "text " .. i end'
out_of_memory "many fibers" 'local ops = require "ops" local list = {} for i = 1, 1e5 do list[i] = i end ops.each(list, {parallel = 100000}, function() local t = {} for i = 1, 1e5 do t[i] = i end ops.sleep(100) end)'

run eval --memory 64MiB 'local ok, problem = pcall(string.rep, "x", 1e9) print(ok, problem) local t = {} for i = 1, 1000 do t[i] = {i} end print(#t)'
exits 0 "a caught one: the script goes on"
prints $'false\tnot enough memory\n1000'

run eval --memory 64MiB '#string.rep("x", 4e7)'
exits 1 "what 64MiB are not enough for"
run eval --memory 128MiB '#string.rep("x", 4e7)'
exits 0 "128MiB are"
prints 40000000

run eval '#string.rep("x", 1.2e9)'
exits 1 "the default is 1GiB"

overflows() {
  run eval "$2"
  exits 1 "$1"
  holds "$1: the message says so" grep -q '^opshost: .*stack overflow' "$TMPDIR/stderr"
}

overflows "a Lua recursion" 'local function f() return 1 + f() end f()'
overflows "a recursion through pcall" 'local function f() local ok, problem = pcall(f) error(problem, 0) end f()'
overflows "a recursion through __index" 'local t = setmetatable({}, {__index = function(t, key) return t[key .. "x"] .. "" end}) print(t.a)'
overflows "a recursion through __eq" 'local mt = {} mt.__eq = function(a, b) return not (a == setmetatable({}, mt)) end print(setmetatable({}, mt) == setmetatable({}, mt))'
overflows "a recursion through __tostring" 'local t = setmetatable({}, {__tostring = function(t) return tostring(t) .. "" end}) print(tostring(t))'
overflows "a recursion through coroutines" 'local function f() return coroutine.wrap(f)() end f()'
overflows "a recursion through coroutine.resume" 'local function f() local ok, problem = coroutine.resume(coroutine.create(f)) error(problem, 0) end f()'
overflows "a recursion through string.gsub" 'local function f(text) return (text:gsub(".", f)) end f("x")'
overflows "a recursion through table.sort" 'local function f() table.sort({1, 2, 3}, f) return false end f()'
overflows "a recursion through an iterator" 'local function f() for _ in function() return f() .. "" end do print(1) end end f()'
overflows "a recursion through gsub inside coroutines" 'local function f() return (("x"):gsub(".", coroutine.wrap(f))) end f()'

run eval 'local ok, problem = pcall(function() local function f() return 1 + f() end f() end) print(ok, problem)'
exits 0 "a caught one: the script goes on"

run eval 'local t = {} for i = 1, 1e5 do t = {t} end return t'
exits 0 "a value nested deeply is shown in part"
run eval 'local t = {} t.self = t return t'
exits 0 "a value inside itself is shown in part"
run eval 'local t = {} t.self = t error(t)'
exits 1 "an error inside itself"

run eval 'print((loadstring("return " .. ("{"):rep(1e5))))'
exits 0 "code nested too deeply is a syntax error"
prints nil
run eval 'print((loadstring(("local x = 1 "):rep(300))))'
exits 0 "so are too many variables"
prints nil

# Kilobytes of addresses. The heap has some reserved, not where they are counted.
addresses='tonumber(require("local").read_file("/proc/self/status"):match("VmSize:%s*(%d+)"))'
run eval "$addresses"
exits 0 "how many addresses it has"
free=$(cat "$TMPDIR/stdout")
if ((free > 10 ** 9)); then
  echo "# a sanitizer takes terabytes of addresses: not looked at where they are limited"
else
  limited=$(ulimit -v 900000 && "$OPSHOST" eval "$addresses")
  holds "none are reserved where they are limited" test "$limited" -lt 500000
  if (($(cat /proc/sys/vm/overcommit_memory) != 2)); then
    holds "some are where they are not" test "$free" -gt "$((limited + 500000))"
  fi
fi

ulimit -s 512
overflows "a small stack of the machine: coroutines" 'local function f() return coroutine.wrap(f)() end f()'
overflows "a small stack of the machine: string.gsub" 'local function f(text) return (text:gsub(".", f)) end f("x")'

finish
