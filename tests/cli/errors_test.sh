#!/usr/bin/env bash
# What an uncaught error shows, and the exit code it ends with.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

cat >nested.lua <<'END'
local ops = require "ops"
local function deep(x)
  local t = nil
  return t.field .. x
end
local outer = coroutine.wrap(function()
  local inner = coroutine.wrap(function()
    ops.sleep(0.01)
    local v = deep("a")
    return v
  end)
  local v = inner()
  return v
end)
local function main()
  local v = outer()
  return v
end
local v = main()
END
run run nested.lua
exits 1 "an error in nested coroutines"
says <<'END'
opshost: nested.lua:4: attempt to index local 't' (a nil value)
  nested.lua:4 in deep
  nested.lua:9
  nested.lua:12
  nested.lua:16 in main
  nested.lua:19
What to do: look at the line it names.
END

run run --json nested.lua
exits 1 "the same as JSON"
prints '{"error":{"code":"script.error","message":"attempt to index local '"'t'"' (a nil value)","op":"","target":"","at":"nested.lua:4","retryable":false,"maybe_applied":false,"detail":null,"advice":"look at the line it names","exit_code":1}}'

# `return f()` leaves no frame: the error is placed where a frame is left, or where the function around it begins.
cat >tail.lua <<'END'
local machine, ops = require "local", require "ops"
local function look(path)
  return machine.read_file(path)
end
if ... == "frame" then print(look("nonexistent")) end
if ... == "item" then
  ops.each({ "nonexistent" }, {}, function(path)
    return machine.read_file(path)
  end)
end
return machine.read_file("nonexistent")
END
run run tail.lua frame
exits 2 "a call that is returned, inside a function that is called"
says <<'END'
opshost: tail.lua:5: local.read_file: "nonexistent" does not exist [local.not_found]
What to do: correct the name; the message shows the nearest one there is.
END
run run tail.lua
exits 2 "a call that the file returns"
says <<'END'
opshost: tail.lua: local.read_file: "nonexistent" does not exist [local.not_found]
What to do: correct the name; the message shows the nearest one there is.
END
run run tail.lua item
exits 2 "a call that the function of a fan-out returns"
says <<'END'
opshost: tail.lua:7: 1 item of 1 failed:
  nonexistent: "nonexistent" does not exist [group.failed]
  because: local.read_file: "nonexistent" does not exist [local.not_found]
What to do: correct the name; the message shows the nearest one there is.
END

# Frames inside of what raises an error again.
cat >broken_module.lua <<'END'
local function deep()
  local t = nil
  return t.field + 1
end
local v = deep()
return v
END
echo 'local m = require "broken_module"
return m' >requires.lua
run run requires.lua
exits 1 "an error while a module is loaded"
says <<'END'
opshost: ./broken_module.lua:3: attempt to index local 't' (a nil value)
  ./broken_module.lua:3 in deep
  ./broken_module.lua:5
  requires.lua:1
What to do: look at the line it names.
END
cat >within.lua <<'END'
local ops = require "ops"
local function deep()
  local t = nil
  return t.field + 1
end
local function block()
  deep()
end
ops.deadline("10s", function()
  block()
end)
END
run run within.lua
exits 1 "an error inside a deadline"
says <<'END'
opshost: within.lua:4: attempt to index local 't' (a nil value)
  within.lua:4 in deep
  within.lua:7 in block
  within.lua:10
  within.lua:9
What to do: look at the line it names.
END

run eval 'require("ops").each({1, 2}, print)'
exits 1 "options left out"
says <<'END'
opshost: eval:1: ops.each: argument 2 "options": expected table (EachOptions), got function, which comes last: ops.each(list, {}, fn) [usage.argument]
What to do: correct the call.
END

run eval 'require("ops").with({close = function() error("stuck") end}, function() error("boom") end)'
exits 1 "an error, and another while its handle is closed"
holds "the first is raised" grep -q '^opshost: eval:1: boom$' "$TMPDIR/stderr"
holds "the second is said" grep -Eq '^[0-9:]{8} warning: closing table: 0x[0-9a-f]+ failed too: eval:1: stuck$' "$TMPDIR/stderr"

run eval --log run.log 'error("boom")'
exits 1 "an uncaught error with a log"
holds "the log has it" grep -q '"level":"error","message":"eval:1: boom","code":"script.error","at":"eval:1","exit_code":"1"}$' run.log
run run --log run.log nonexistent.lua
exits 1 "a script that is not there, with a log"
holds "the log has it" grep -q '"level":"error","message":".*nonexistent.lua.*","code":"script.not_readable"}$' run.log

run eval 'local function f(n) return 1 + f(n) end require("ops").deadline("10s", f, 1)'
exits 1 "a recursion without end inside a deadline"
holds "it says so" grep -q 'stack overflow' "$TMPDIR/stderr"

run eval 'error("boom")'
exits 1 "an error of the script's own"
says <<'END'
opshost: eval:1: boom
What to do: look at the line it names.
END

run eval 'error({1, 2})'
exits 1 "an error that is a table"
says <<'END'
opshost: a script raised {1, 2}
  eval:1
What to do: look at the line it names.
END

run eval 'error()'
exits 1 "an error that is nil"
says <<'END'
opshost: a script raised nil
  eval:1
What to do: look at the line it names.
END

run eval 'local function f(n) return 1 + f(n) end f(1)'
exits 1 "a recursion without end"
holds "its frames share a line" grep -qx '  eval:1 in f (20 times)' "$TMPDIR/stderr"

run eval 'require("local").read({"sh", "-c", "echo no such disk >&2; exit 3"})'
exits 2 "a command that failed"
says <<'END'
opshost: eval:1: local.read: sh -c 'echo no such disk >&2; exit 3' ended with exit code 3; stderr: no such disk [local.exit]
What to do: read its stderr in the message; list the code in `accept` where it is an answer.
END

run eval 'require("local").read({"/nonexistent/program"})'
exits 2 "a program that is not there"
says <<'END'
opshost: eval:1: local.read: no program "/nonexistent/program"; there is no "/nonexistent" [local.not_found]
What to do: correct the name; the message shows the nearest one there is.
END

run eval 'require("local").read_file("nonexistent")'
exits 2 "a file that is not there"
says <<'END'
opshost: eval:1: local.read_file: "nonexistent" does not exist [local.not_found]
What to do: correct the name; the message shows the nearest one there is.
END

run eval --observe-only 'require("local").run({"touch", "changed"})'
exits 5 "a change under --observe-only"
says <<'END'
opshost: eval:1: local.run: local.run({"touch", "changed"}) changes something, and this was started with --observe-only [gate.observe_only]
What to do: run it without the option.
END
holds "nothing was changed" test ! -e changed

run eval 'require("ops").deadline("100ms", function() require("ops").sleep(30) end)'
exits 124 "a deadline"
says <<'END'
opshost: eval:1: the deadline of 100ms was reached while waiting for ops.sleep [deadline.exceeded]
What to do: give it more time, or look at what it was waiting for.
END

run eval 'local ops = require "ops" ops.each({"a", "b"}, {parallel = 2}, function(name) error(name .. " failed", 0) end)'
exits 1 "several items that failed, all by the script's own error"
says <<'END'
opshost: eval:1: 2 items of 2 failed:
  a: a failed
  b: b failed [group.failed]
  because: a failed
What to do: look at the line it names.
END

for code in 0 1 7 42 255; do
  run eval "os.exit($code)"
  exits $code "os.exit($code)"
  says_nothing
done
run eval 'os.exit(true)'
exits 0 "os.exit(true)"
run eval 'os.exit(false)'
exits 1 "os.exit(false)"
run eval 'os.exit()'
exits 0 "os.exit()"
run eval 'pcall(os.exit, 9) print "not reached"'
exits 9 "pcall does not catch os.exit"
prints ""
run eval 'local ops = require "ops" ops.each({1, 2}, {parallel = 2}, function() os.exit(8) end)'
exits 8 "os.exit inside a fan-out"

finish
