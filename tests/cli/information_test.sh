#!/usr/bin/env bash
# What opshost tells about scripts and itself: check, help, types, version, scripts, the log.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

cat >good.lua <<'END'
local machine = require "local"
print(machine.read({"ls"}, {timeout = 5}).stdout)
END
cat >bad.lua <<'END'
local machine = require "local"
local result = machine.read({"ls"}, {timout = 1})
print(os.execute("x"), prnt, result)
local nothing = require "nosuch"
print(nothing)
END
echo 'require("local").write_file("ran", "")' >changes.lua
echo 'x = = 1' >syntax.lua

run check good.lua
exits 0 "check of a good script"
prints "no problems"
says_nothing

run check bad.lua
exits 1 "check of a bad one"
prints ""
says <<'END'
bad.lua:2:38: unknown field "timout" of RunOptions; did you mean "timeout"?
bad.lua:3:10: there is no "os.execute" here; use local.read or local.run, which have a timeout and appear in plans
bad.lua:3:24: unknown global "prnt"; did you mean "print"?
bad.lua:4:25: unknown module "nosuch"
END

run check good.lua changes.lua
exits 0 "check of several"
prints "no problems in any of them"
holds "check runs nothing" test ! -e ran

run check missing.lua syntax.lua good.lua bad.lua
exits 1 "each is checked, whatever the others have"
says <<'END'
opshost: cannot run missing.lua: No such file or directory
syntax.lua:1: unexpected symbol near '='
bad.lua:2:38: unknown field "timout" of RunOptions; did you mean "timeout"?
bad.lua:3:10: there is no "os.execute" here; use local.read or local.run, which have a timeout and appear in plans
bad.lua:3:24: unknown global "prnt"; did you mean "print"?
bad.lua:4:25: unknown module "nosuch"
END

shopt -s globstar
run check "$OPSHOST_SOURCE"/{scripts,examples,stdlib}/**/*.lua
exits 0 "check of every library and example there is"
prints "no problems in any of them"
says_nothing
shopt -u globstar

run check - <<<'print(x)'
exits 1 "check of standard input"
says <<'END'
-:1:7: unknown global "x"
END

run help
exits 0 "help without a name"
holds "it answers how to run a command here and look at its output" grep -q 'Run a command on this machine and look at its output' "$TMPDIR/stdout"
sed -n '/^      local machine/,/^      print/s/^      //p' "$TMPDIR/stdout" >from_help.lua
run run from_help.lua
exits 0 "with a script that runs as it stands"
prints "kernel: $(uname -r)"

run help local.read
exits 0 "help on a function"
says_nothing
run help docker_of_nobody
exits 1 "help on what is not there"
prints ""
says <<'END'
opshost help: no help on "docker_of_nobody"
opshost help lists modules and topics
END
run help local.raed
exits 1 "help on a misspelt name"
says <<'END'
opshost help: no help on "local.raed"; did you mean "local.read"?
opshost help lists modules and topics
END
run help gate.observe_only
exits 0 "help on the code of an error"

run types stubs
exits 0 "types"
prints "wrote stubs/types, .luarc.json and .luacheckrc"
says_nothing
holds "stubs for each module" test -s stubs/types/local.lua -a -s stubs/types/ops.lua
cp -r stubs before
run types stubs
exits 0 "types once more"
holds "changes nothing" diff -r before stubs
mkdir own
echo 'std = "luajit"' >own/.luacheckrc
echo '{}' >own/.luarc.json
run types own
exits 0 "types where a project has settings of its own"
prints "wrote own/types"
says <<'END'
kept own/.luarc.json, which is not from here; run `opshost types` in an empty folder to compare
kept own/.luacheckrc, which is not from here; run `opshost types` in an empty folder to compare
END
holds "they are as they were" test "$(cat own/.luacheckrc own/.luarc.json)" = $'std = "luajit"\n{}'

run types good.lua/stubs
exits 1 "types into a file"
says <<'END'
opshost: cannot create good.lua/stubs: Not a directory
END

run version
exits 0 "version"
holds "is one line" grep -qE '^opshost [0-9]+\.[0-9]+\.[0-9]+' "$TMPDIR/stdout"
run --version
exits 0 "--version"
run version --libs
exits 0 "version --libs"
holds "says what compiled it" grep -qE '^compiled by .*, (shared|static), with the libraries of these Debian packages:$' "$TMPDIR/stdout"
for library in libluajit-5.1-dev libboost-dev libssl-dev libssh2-1-dev libmysqlcppconn-dev libzookeeper-st-dev; do
  holds "names $library" grep -qE "^  $library [0-9]" "$TMPDIR/stdout"
done

run scripts
exits 0 "scripts of no site"
holds "are the built-in ones" test -z "$(grep -v '  built in$' "$TMPDIR/stdout")" -a -s "$TMPDIR/stdout"

echo 'for i = 1, 20000 do print(i) end' >chatty.lua
timeout 60 "$OPSHOST" run --log log.json chatty.lua >/dev/full 2>&1
holds "the log is nobody else's to read" test "$(stat -c %a log.json)" = 600
holds "a line of it is JSON" grep -qE '^\{"time":"[0-9T:.-]+Z","level":"warning","message":"stdout cannot be written \(No space left on device\); further output is dropped, the run goes on"\}$' log.json
timeout 60 "$OPSHOST" run --log log.json chatty.lua >/dev/full 2>&1
holds "it is appended to" test "$(wc -l <log.json)" = 2

finish
