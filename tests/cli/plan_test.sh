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
prints $'1. local.write_file("out.txt", "x")  (changes.lua:2)\n2. local.run({"touch", "touched"})  (changes.lua:3)\n3. local.mkdir("folder")  (changes.lua:4)\n3 changes; the plan is exact'

run plan --json changes.lua
exits 10 "the same as JSON"
prints '{"changes":[{"number":1,"function":"local.write_file","effect":"change","subject":"this machine > out.txt","arguments":["out.txt","x"],"at":"changes.lua:2"},{"number":2,"function":"local.run","effect":"change","subject":"this machine","arguments":[["touch","touched"]],"at":"changes.lua:3"},{"number":3,"function":"local.mkdir","effect":"change","subject":"this machine > folder","arguments":["folder"],"at":"changes.lua:4"}],"stale_reads":[],"unknowns":[],"exact":true}'

cat >unknown.lua <<'END'
local machine = require "local"
local result = machine.run({"sh", "-c", "echo 5"})
if result.stdout == "5\n" then machine.mkdir("folder") end
END
run plan unknown.lua
exits 10 "what only the run will know"
prints $'1. local.run({"sh", "-c", "echo 5"})  (unknown.lua:2)\nunknown from here, because stdout of change 1 is not known before the run  (unknown.lua:3)\n1 change; the plan is not exact: 1 unknown, 0 reads a change may alter'

echo 'error("boom")' >fails.lua
run plan fails.lua
exits 1 "a script with an error"
prints ""
says <<'END'
opshost: fails.lua:1: boom
What to do: look at the line it names.
END

cat >fails_late.lua <<'END'
local machine = require "local"
machine.mkdir("folder")
machine.read_file("nothing-here")
machine.mkdir("other")
END
run plan fails_late.lua
exits 2 "a plan that meets an error"
prints $'1. local.mkdir("folder")  (fails_late.lua:2)\nunknown from here, because an error ended the plan  (fails_late.lua:3)\n1 change; the plan is not exact: 1 unknown, 0 reads a change may alter'
holds "the error is said" grep -q '^opshost: fails_late.lua:3: local.read_file: ' "$TMPDIR/stderr"
run plan --json fails_late.lua
exits 2 "the same as JSON"
holds "one document with both" python3 -c 'import json, sys
document = json.load(open(sys.argv[1]))
assert [change["function"] for change in document["changes"]] == ["local.mkdir"], document
assert document["error"]["at"] == "fails_late.lua:3", document
assert document["exact"] is False, document' "$TMPDIR/stdout"

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
