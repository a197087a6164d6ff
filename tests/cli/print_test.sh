#!/usr/bin/env bash
# ops.print: tables for a person, JSON for a program.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

show() { run eval "${@:2}" "local ops = require 'ops' ops.print($1)"; }
# printed VALUE TEXT JSON: both ways.
printed() {
  show "$1"
  exits 0 "$1"
  prints "$2"
  says_nothing
  printf 'local ops = require "ops" ops.print(%s)' "$1" >print.lua
  run run --json print.lua
  exits 0 "$1 as JSON"
  prints "$3"
}

printed '{ { name = "web-1", state = "running", n = 1 }, { name = "é 日本", state = ops.null, n = 20000 } }' \
  'NAME        N  STATE
web-1       1  running
é 日本  20000  -' \
  '[{"n":1,"name":"web-1","state":"running"},{"n":20000,"name":"é 日本","state":null}]'
printed '{ { b = 1 }, { a = { 1, "x" }, c = true } }' \
  'A         B  C
          1
{1, "x"}     true' \
  '[{"b":1},{"a":[1,"x"],"c":true}]'
printed '{ { b = 1, a = 2, c = 3 } }, { columns = { "c", "b" } }' $'C  B\n3  1' '[{"b":1,"c":3}]'
printed '{ { b = 1 } }, { columns = { "free_space" } }' 'FREE SPACE' '[{}]'
printed '{ name = "x", size = 5, on = false }' $'name  x\non    false\nsize  5' '{"name":"x","on":false,"size":5}'
printed '{ "a", 2, { k = 1 } }' $'a\n2\n{k = 1}' '["a",2,{"k":1}]'
printed '"text"' text '"text"'
printed 'nil' nil null
printed '5' 5 5
printed 'ops.null' null null
printed '{}' '' '{}'
# What a fan-out returned: identical outcomes once; for a program, item by item.
printed 'ops.each({ "a", "b", "c" }, { on_error = "collect" }, function(x) if x == "b" then error("no b", 0) end return 7 end)' \
  $'a, c (2):\n  7\nb (1):\n  no b' \
  '[{"item":"a","ok":true,"value":7},{"error":"no b","item":"b","ok":false},{"item":"c","ok":true,"value":7}]'
run eval 'return require("ops").each({ "a", "b" }, {}, function() return { 1, "x" } end)'
exits 0 "the results of a fan-out, returned"
prints $'a, b (2):\n  {1, "x"}'
printed '{ { name = "two\nlines", esc = "\27[31m" } }' \
  $'NAME        ESC\ntwo\\nlines  \\x1b[31m' '[{"esc":"\u001b[31m","name":"two\nlines"}]'

# Names that say it is a secret, and secrets.
printed '{ { name = "db", db_password = "hunter2" } }' $'NAME  DB PASSWORD\ndb    ***' \
  '[{"db_password":"***","name":"db"}]'
printed '{ db_password = 12345678, api_token = "env:TOKEN" }' $'api_token    env:TOKEN\ndb_password  ***' \
  '{"api_token":"env:TOKEN","db_password":"***"}'
printed '{ { n = 1, other_password = 98765432 } }' $'N  OTHER PASSWORD\n1  ***' '[{"n":1,"other_password":"***"}]'
printed '{ api_token = "hunter2" }' 'api_token  ***' '{"api_token":"***"}'
export TOKEN=hunter2-hunter2
printed '{ value = ops.secret.env("TOKEN"), text = "hunter2-hunter2" }' $'text   ***\nvalue  <***>' \
  '{"text":"***","value":"<***>"}'

# Names that are no texts, names beside a list, a table within itself.
printed '{ [5] = "a", [2.5] = "b", [true] = "c" }' $'2.5   b\n5     a\ntrue  c' '{"2.5":"b","5":"a","true":"c"}'
printed '{ 1, 2, name = "x" }' $'name  x\n1     1\n2     2' '{"1":1,"2":2,"name":"x"}'
printed '(function() local t = { a = 1 } t.self = t return t end)()' $'a     1\nself  {a = 1, self = <contains itself>}' \
  '{"a":1,"self":"<contains itself>"}'
printed '(function() local t = { 1 } return { t, t } end)()' $'{1}\n{1}' '[[1],[1]]'

# In a procedure, too, which declares neither ops nor data.
cat >printing.lua <<'LUA'
local procedure, ops, data = require "ops.procedure", require "ops", require "data"
return procedure.define {
  summary = "Prints", api = 1, uses = {},
  run = function() ops.print(data.from_yaml("a: [1, {b: 2}]\n")) end,
}
LUA
export OPSHOST_STATE=$PWD/state
run run printing.lua
exits 0 "ops.print in a procedure"
prints 'a  {1, {b = 2}}'
run run --json printing.lua
exits 0 "ops.print in a procedure, as JSON"
holds "the first line is what it printed" test "$(head -1 "$TMPDIR/stdout")" = '{"a":[1,{"b":2}]}'
# A callee may declare what it needs not, too.
cat >caller.lua <<'LUA'
local procedure = require "ops.procedure"
return procedure.define { summary = "Calls", api = 1, uses = {}, run = function(ctx) ctx:call("callee", {}) end }
LUA
sed 's/uses = {}/uses = { data = "observe" }/' printing.lua >callee.lua
run run caller.lua
exits 0 "a callee that declares data, of a caller that does not"
prints 'a  {1, {b = 2}}'

show '5, 6'
exits 1 "arguments are checked"
says <<'END'
opshost: eval:1: ops.print: argument 2 "options": expected table (PrintOptions), got number 6 [usage.argument]
What to do: correct the call.
END

# edit shows what differs: in a plan, in the log, in its result.
printf 'a = 1\nb = 2\n' >file.txt
cat >edit.lua <<'LUA'
local ops, machine = require "ops", require "local"
local result = machine.edit("file.txt", function(text) return (text:gsub("b = 2", "b = " .. ops.args[1])) end,
  { sensitive = ops.args[2] == "sensitive" })
print(result.changed, result.diff)
LUA
diff_text='--- file.txt
+++ file.txt (new)
@@ -1,2 +1,2 @@
 a = 1
-b = 2
+b = 3'
run plan edit.lua 3
exits 10 "edit, planned"
holds "the plan shows what differs" test \
  "$(sed -n 's/^   //p' "$TMPDIR/stdout")" = "$diff_text"
run run --log edit.log edit.lua 3 sensitive
exits 0 "a sensitive edit"
prints $'true\tnil'
holds "it is not logged" bash -c '! grep -qF "b = 3" edit.log'
printf 'a = 1\nb = 2\n' >file.txt
run run --log edit.log edit.lua 3
exits 0 "edit"
prints $'true\t'"$diff_text"
holds "it is logged" grep -qF -- '-b = 2\n+b = 3' edit.log
run run edit.lua 3
prints $'false\tnil'
TOKEN=first-token-1
printf 'token is first-token-1\n' >file.txt
run eval 'local ops, machine = require "ops", require "local" print(ops.secret.env("TOKEN"))
  print(machine.edit("file.txt", function(text) return (text:gsub("first%-token%-1", "first-token-1")) end).changed)'
exits 0 "nothing differs"
printf '%s' "second-token-2" >second.secret
chmod 0600 second.secret
run eval 'local ops, machine = require "ops", require "local" print(ops.secret.env("TOKEN"), ops.secret.file("second.secret"))
  local new = machine.read_file("second.secret")
  print(machine.edit("file.txt", function(text) return (text:gsub("first%-token%-1", new)) end).diff)'
exits 0 "only a secret differs"
prints $'<***>\t<***>\nfile.txt: only what is secret differs'

finish
