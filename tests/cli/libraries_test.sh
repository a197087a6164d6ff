#!/usr/bin/env bash
# Where modules come from, what a file may name, what is taken away and what brings it back.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

library() {
  mkdir -p "$(dirname "$1")"
  cat >"$1"
}

library site/plant/facts.lua <<<'return "site"'
library other/plant/facts.lua <<<'return "other"'
library other/plant/init.lua <<<'return "whole"'
library "$HOME/.config/opshost/scripts/plant/facts.lua" <<<'return "home"'
library xdg/opshost/scripts/plant/facts.lua <<<'return "xdg"'
ask='require "plant.facts"'

run eval "$ask"
exits 0 "the user's folder"
prints home
XDG_CONFIG_HOME=$PWD/xdg run eval "$ask"
prints xdg
OPSHOST_SCRIPTS=:$PWD/other:$PWD/site XDG_CONFIG_HOME=$PWD/xdg run eval "$ask"
exits 0 "OPSHOST_SCRIPTS before it, the first folder first"
prints other
OPSHOST_SCRIPTS=$PWD/other run eval --scripts site "$ask"
exits 0 "--scripts before that"
prints site
run eval --scripts other 'require "plant"'
exits 0 "init.lua is the folder's own"
prints whole
run eval --scripts nonexistent "$ask"
exits 0 "a folder that is not there holds nothing"
prints home

library site/ark/site.lua <<<'return "edited"'
run scripts --scripts site --scripts other
exits 0 "scripts shows which file runs"
holds "a site's own" test "$(grep '^plant' "$TMPDIR/stdout")" = \
  $'plant  other/plant/init.lua\nplant.facts  site/plant/facts.lua'
holds "one in place of a built-in one" grep -qx 'ark.site  site/ark/site.lua  (instead of the built-in one)' "$TMPDIR/stdout"
holds "a built-in one" grep -qx 'ark.pairs  built in' "$TMPDIR/stdout"
run eval --scripts site 'require "ark.site"'
exits 0 "a site's file before the built-in one"
prints edited

library site/plant/go.lua <<<'print(require "plant.facts", ...)'
run run --scripts site plant.go --fast
exits 0 "run by a module's name"
prints $'site\t--fast'

run run --scripts site plant.og
exits 1 "a misspelt one"
says <<'END'
opshost: there is neither a file nor a script library "plant.og"; did you mean "plant.go"?; `opshost scripts` lists the libraries
END

library beside/helper.lua <<<'return "beside"'
library beside/main.lua <<<'print(require "helper", require "parts.one", dofile("beside/helper.lua"))'
library beside/parts/one.lua <<<'return "one"'
run run beside/main.lua
exits 0 "modules beside the script"
prints $'beside\tone\tbeside'

library loop/main.lua <<<'local a = require "a"'
library loop/a.lua <<<'local b = require "b"'
library loop/b.lua <<<'local a = require "a"'
run run loop/main.lua
exits 1 "modules in a circle"
says <<'END'
opshost: loop/b.lua:1: module "a" requires itself: a -> b -> a [script.require_loop]
  loop/b.lua:1
  loop/a.lua:1
  loop/main.lua:1
What to do: move what both need into a third one.
END

# Each fiber waits for the module that the other is at.
cat >loop/fibers.lua <<'END'
require("ops").each({ "left", "right" }, {}, require)
END
for pair in "left right" "right left"; do
  echo "require('ops').sleep('1ms') require '${pair#* }'" >"loop/${pair% *}.lua"
done
run run loop/fibers.lua
exits 1 "modules in a circle of two fibers"
holds "it names the circle" grep -Eq 'module "(left|right)" requires itself: (left -> right -> left|right -> left -> right)' "$TMPDIR/stderr"

library beside/broken.lua <<<'return = 1'
library beside/uses_broken.lua <<<'local broken = require "broken"'
run run beside/uses_broken.lua
exits 1 "a module with a syntax error"
says <<'END'
opshost: beside/uses_broken.lua:1: beside/broken.lua:1: unexpected symbol near '=' [script.syntax]
What to do: correct the line it names; `opshost check FILE` looks again.
END

echo 'return "from here"' >here.lua
run eval 'require "here"'
exits 1 "eval has no folder of its own: what lies around is not loaded"

run eval 'require "locla"'
exits 1 "a misspelt module"
says <<'END'
opshost: eval:1: there is no module "locla"; did you mean "local"?; `opshost help` lists the bindings, `opshost scripts` the script libraries [script.no_module]
What to do: use the name the message suggests.
END

run eval 'require(5)'
exits 1 "a module that is no name"

run eval 'require "ops" == require "ops", require "string" == string, require "bit".band(6, 3)'
exits 0 "a module is loaded once; Lua's own are modules too"
prints $'true\ntrue\n2'

run eval 'answer = 42'
exits 1 "a global assigned"
says <<'END'
opshost: eval:1: variable "answer" is not declared; write `local answer` [script.undeclared]
What to do: write `local` before its first use.
END

run eval 'prnt("x")'
exits 1 "a misspelt global"
says <<'END'
opshost: eval:1: variable "prnt" is not declared; did you mean "print"? [script.undeclared]
What to do: write `local` before its first use.
END

run eval 'ops.sleep(1)'
exits 1 "a module that was not required"
says <<'END'
opshost: eval:1: variable "ops" is not declared; write `local ops = require "ops"` [script.undeclared]
What to do: write `local` before its first use.
END

run eval 'string.trim = 1'
exits 1 "a library assigned to"
says <<'END'
opshost: eval:1: string is read-only; keep your own functions in a local table [usage.read_only]
What to do: keep your own functions in a local table.
END

# removed USE NAME INSTEAD
removed() {
  run eval "$1"
  exits 1 "removed: $2"
  holds "it says what to use instead" grep -qF "scripts have no $2; use $3" "$TMPDIR/stderr"
}
removed 'os.execute("ls")' os.execute "local.read or local.run, which have a timeout and appear in plans."
removed 'io.popen("ls")' io.popen "local.read or local.run, which have a timeout and appear in plans."
removed 'io.open("x")' io.open "local.read_file and local.write_file, which appear in plans."
removed 'local open = io.open open("x")' io.open "local.read_file and local.write_file, which appear in plans."
removed 'io.lines("x")' io.lines "local.read_file."
removed 'io.stderr:write("x")' io.stderr "print, or error for what failed."
removed 'os.remove("x")' os.remove "local.delete, which appears in plans."
removed 'os.rename("x", "y")' os.rename 'local.run {"mv", ...}, which appears in plans.'
removed 'os.tmpname()' os.tmpname "local.temp."
removed 'string.dump(print)' string.dump "the source text: bytecode is not loaded."
removed '("x"):dump()' string.dump "the source text: bytecode is not loaded."
removed 'debug.getinfo(1)' debug.getinfo "debug.traceback, or --unsafe-lua."
removed 'jit.on()' jit.on "the --jit option: compiled loops ignore Ctrl-C and deadlines."
removed 'package.loadlib("x", "y")' package.loadlib "a binding, or --unsafe-lua."
removed 'require "ffi"' ffi "a binding, or --unsafe-lua [script.no_module]"
removed 'ffi.C.getpid()' ffi "a binding, or --unsafe-lua [script.undeclared]"
removed 'newproxy()' newproxy "setmetatable, or --unsafe-lua [script.undeclared]"
removed 'module("x")' module "a table the file returns [script.undeclared]"

run eval 'os.execute, io.popen, io.open'
exits 0 "portable code may probe for them"
prints $'nil\nnil\nnil'

run eval 'pcall(load, "return os.execute"), select(2, pcall(load, "return os.execute"))()'
exits 0 "a chunk loaded at run time has them no more than its loader"
prints $'true\nnil'

run eval --unsafe-lua 'local ffi = require "ffi"
  answer = 42
  print(os.execute ~= nil, io.popen ~= nil, debug.getinfo ~= nil, package.loadlib ~= nil, ffi.sizeof("int64_t") == 8, answer,
    loadstring(string.dump(function() return "bytecode" end))())'
exits 0 "--unsafe-lua brings them back"
prints $'true\ttrue\ttrue\ttrue\ttrue\t42\tbytecode'
says_nothing

run eval --jit 'local n = 0 for i = 1, 1e7 do n = n + i end return n'
exits 0 "--jit"
prints 50000005000000

finish
