#!/usr/bin/env bash
# opshost plan of plain scripts: it shows each change, makes none, and its exit code says whether there are any.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

cat >reads.lua <<'END'
local machine = require "local"
print(machine.read({"echo", "seen"}).stdout .. "end")
END
run plan reads.lua
exits 0 "a script that only reads"
prints $'seen\nend\nno changes; the plan is exact'
says_nothing

cat >changes.lua <<'END'
local machine = require "local"
machine.write_file("out.txt", "x")
machine.run({"touch", "touched"})
machine.mkdir("folder")
END
run plan changes.lua
exits 10 "a script that changes"
holds "nothing was written" test ! -e out.txt
holds "nothing was run" test ! -e touched
holds "nothing was created" test ! -e folder
cp "$TMPDIR/stdout" plan.txt
prints ""

run plan --json changes.lua
exits 10 "the same as JSON"
prints ""

cat >unknown.lua <<'END'
local machine = require "local"
local result = machine.run({"sh", "-c", "echo 5"})
if result.stdout == "5\n" then machine.mkdir("folder") end
END
run plan unknown.lua
exits 10 "what only the run will know"
prints ""

echo 'error("boom")' >fails.lua
run plan fails.lua
exits 1 "a script with an error"
prints ""
says <<'END'
opshost: fails.lua:1: boom
What to do: look at the line it names.
END

echo 'os.exit(7)' >leaves.lua
run plan leaves.lua
exits 0 "a script that ends early"
prints "no changes; the plan is exact"

echo 'require("local").mkdir("folder") os.exit(0)' >leaves_after.lua
run plan leaves_after.lua
exits 10 "a script that ends after a change"

run run changes.lua
exits 0 "the run itself"
holds "makes the changes" test -e out.txt -a -e touched -a -d folder

finish
