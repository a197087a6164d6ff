#!/usr/bin/env bash
# Secrets planted wherever a run can meet them: none is in anything the run leaves behind, in no spelling.
# shellcheck disable=SC2016  # Lua and sh inside of quotes
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
export OPSHOST_STATE=$PWD/state

export PLANTED_ENV="it's \"planted\" 1 & only/env+é\\"
planted_file=$'first planted line 2\nsecond "planted" line 2'
planted_command='planted?by>command~3 <x>'
(umask 077 && printf '%s\n' "$planted_file" >file.secret && printf '%s' "$planted_command" >command.secret)

# How programs spell a text, each as they would write it into output.
as_url() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g'; }
as_unicode() { printf '%s' "$1" | LC_ALL=C.UTF-8 iconv -t UTF-16BE | od -An -v -tx1 | tr -d ' \n' | sed 's/..../\\u&/g'; }
as_json() { printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g' | sed -z 's/\n/\\n/g'; }
as_base64() { printf '%s' "$1" | base64 -w0; }

spellings() {
  printf 'raw: %s\n' "$1"
  printf 'json: {"value": "%s"}\n' "$(as_json "$1")"
  printf 'json in json: {"body": "%s"}\n' "$(as_json "{\"v\": \"$(as_json "$1")\"}")"
  printf 'unicode: "%s"\n' "$(as_unicode "$1")"
  printf 'url: http://h/?x=%s&y=1\n' "$(as_url "$1")"
  printf 'base64: %s\n' "$(as_base64 "$1")"
  printf 'basic: %s %s\n' "$(as_base64 "admin:$1")" "$(as_base64 "ad:$1!")"
  printf 'wrapped: '
  printf 'x%s' "$1" | base64 -w20
}
{
  echo "seen-canary"
  for secret in "$PLANTED_ENV" "$planted_file" "$planted_command"; do spellings "$secret"; done
} >everything.txt

# What must not be found: each line and spelling; of base64 the digits that the secret alone decides.
core() { printf '%s' "$1" | base64 -w0 | sed -E 's/^.{4}//; s/.{4}$//'; }
for secret in "$PLANTED_ENV" "$planted_file" "$planted_command"; do
  printf '%s\n' "$secret"
  while IFS= read -r line; do as_json "$line" && echo; done <<<"$secret"
  as_json "$secret" && echo
  as_unicode "$secret" && echo
  as_url "$secret" && echo
  for before in "" a ab; do core "$before$secret" && echo; done
done | grep -v '^$' >forbidden.txt
printf '%s\n' "hunter-by-name" "hunter-by-sql" 71364198 >>forbidden.txt

holds "the search finds what is planted" test "$(grep -cFf forbidden.txt everything.txt)" -ge 20

# Base64 that is wrapped, also where each line is marked by a diff or JSON: without all that.
unwrapped() { find "$@" -type f -exec cat {} + | sed 's/\\n//g' | tr -d ' \n\r+'; }
for secret in "$PLANTED_ENV" "$planted_file" "$planted_command"; do
  for before in "" a ab; do core "$before$secret" | tr -d + && echo; done
done >unwrapped.txt

# searched WHERE...: the run was there (its canary is), the secrets are not.
searched() {
  holds "$1 saw the run" grep -qrF seen-canary "${@:2}"
  what="$1 has no secret"
  checks=$((checks + 1))
  if grep -rnaFf forbidden.txt "${@:2}" || unwrapped "${@:2}" | grep -anFf unwrapped.txt; then
    not_ok "found"
  else
    echo "ok      $what"
  fi
}

cat >leaky.lua <<'LUA'
local procedure, ops, machine, data = require "ops.procedure", require "ops", require "local", require "data"
local planted = {
  ops.secret.env("PLANTED_ENV"), ops.secret.file("file.secret"), ops.secret.command({ "cat", "command.secret" }),
}
return procedure.define {
  summary = "Leaks wherever it can", api = 1, uses = { ["local"] = "destroy", data = "observe" },
  params = { fail = procedure.param.boolean { default = false, doc = "end with an error" } },
  run = function(ctx, p)
    local text = machine.read_file("everything.txt")
    print("printed", planted[1], tostring(planted[2]), text)
    io.write("written ", text)
    ops.print({ { name = "seen-canary", value = planted[3], text = text } })
    ops.print({ text = text, DB_PASSWORD = "hunter-by-name", API_TOKEN = 71364198 })
    ctx:log("logged " .. text)
    local found = ctx:fact("references", function() return { db = { api_token = "env:TOKEN" } } end)
    assert(found.db.api_token == "env:TOKEN")
    -- Where these are kept for a resume they are refused, and the refusal names none of them.
    for name, kept in pairs {
      ["by name"] = { db = { password = "hunter-by-name" } }, ["by number"] = { token = 71364198 },
      ["by value"] = { text = text, lines = ops.text.lines(text) }, ["in a name"] = { [text] = true },
    } do
      local ok, failure = pcall(ctx.fact, ctx, name, function() return kept end)
      assert(not ok and failure.code == "procedure.secret")
      print("seen-canary", failure)
      ok, failure = pcall(ctx.try, ctx, "try " .. name, function() return kept end, { "local.*" })
      assert(not ok and failure.code == "procedure.secret")
    end
    ctx:try("failed by name", function()
      machine.read({ "env", "DB_PASSWORD=hunter-by-name", "false" })
    end, { "local.*" })
    ctx:step("step " .. ops.text.lines(text)[2], {
      repeatable = true,
      run = function()
        machine.run({ "cat", "everything.txt" })
        machine.run({ "sh", "-c", 'cat everything.txt >&2; exit 3' }, { accept = { 3 } })
        machine.run({ "true", "seen-canary", text })
        machine.run({ "env", "DB_PASSWORD=hunter-by-name", "true" }, { env = { API_TOKEN = "hunter-by-name" } })
        machine.run({ "true", "CREATE USER x IDENTIFIED BY 'hunter-by-sql'" })
        machine.write_file("out.txt", text)
        machine.edit("out.txt", function(old) return old .. "seen-canary 2 " .. text end)
        return { text = text, [text] = "as a name", db_password = "hunter-by-name" }
      end,
    })
    ops.try(function() machine.read_file("seen-canary/" .. text:sub(1, 200)) end, { "local.*" })
    ops.try(function() data.from_json(text) end, { "data.*" })
    ctx:step("end", {
      run = function() machine.run({ "sh", "-c", "cat everything.txt >&2; exit " .. (p.fail and 9 or 0) }) end,
    })
    return { text = text, root_password = "hunter-by-name", token = 71364198 }
  end,
}
LUA

everything() { cat "$TMPDIR/stdout" "$TMPDIR/stderr" >"$1"; }

run run --verbose --log run.log leaky.lua
exits 0 "a run"
cp "$TMPDIR/stdout" run.out
cp "$TMPDIR/stderr" run.err
searched "stdout" run.out
searched "stderr" run.err
searched "the log" run.log
searched "the journal" state
holds "a secret prints as stars" grep -qF $'printed\t<***>\t<***>' run.out
run_id=$(cd state/runs && echo *)

run show "$run_id"
exits 0 "show"
everything show.txt
searched "show" show.txt
run runs
everything runs.txt
holds "runs shows the run" grep -qF leaky runs.txt
holds "runs has no secret" test "$(grep -caFf forbidden.txt runs.txt)" = 0

run run --json leaky.lua
exits 0 "a run as JSON"
everything json.txt
searched "--json" json.txt

run run --verbose --json --log failed.log leaky.lua --fail
exits 2 "a run that fails"
everything failed.txt
searched "the failure" failed.txt failed.log
searched "its journal" state

run plan --verbose leaky.lua
exits 10 "a plan"
everything plan.txt
searched "the plan" plan.txt

# Errors of a plain script, in every place of one.
cat >raises.lua <<'LUA'
local ops, machine = require "ops", require "local"
local planted = { ops.secret.env("PLANTED_ENV"), ops.secret.file("file.secret"), ops.secret.file("command.secret") }
print(#planted)
error("seen-canary " .. machine.read_file("everything.txt"))
LUA
run run --log raised.log raises.lua
exits 1 "an error that quotes"
everything raised.txt
searched "the error" raised.txt raised.log

# Where a message cuts what it quotes, no half of a secret is left.
cat >cut.lua <<'LUA'
local ops, machine = require "ops", require "local"
local secret = ops.secret.env("PLANTED_ENV")
print(secret)
machine.read({ "sh", "-c", 'printf "%487s%s%s" seen-canary "$PLANTED_ENV" "$PLANTED_ENV" >&2; exit 1' })
LUA
run run cut.lua
exits 2 "output that is cut"
holds "the message is there" grep -qF seen-canary "$TMPDIR/stderr"
holds "no half of it is left" test "$(grep -caF planted "$TMPDIR/stderr")" = 0

# What a resume would need back is no secret: parameters and answers that are one are refused.
cat >secret_params.lua <<'LUA'
local procedure = require "ops.procedure"
return procedure.define {
  summary = "Takes a secret", api = 1, uses = {},
  params = { db_password = procedure.param.string { optional = true, doc = "where it is" } },
  run = function(ctx, p)
    print(p.db_password)
    if not p.db_password then ctx:input("db password", { text = "Which?" }) end
  end,
}
LUA
run run secret_params.lua --db-password hunter-by-name
exits 1 "a secret as a parameter"
says <<'END'
opshost: --db-password is a secret, and no secret is written down for a resume; say where it is (env:NAME, file:PATH, command:PROGRAM), and let the procedure take it from there: ops.secret.from(p.db_password) [usage.parameter]
What to do: `opshost describe PROCEDURE` shows them.
END
run run secret_params.lua --db-password env:PLANTED_ENV
exits 0 "where a secret is, as a parameter"
prints env:PLANTED_ENV
run run secret_params.lua
exits 1 "a secret as an answer"
holds "it says what to do" grep -qF 'the answer to "db password" is a secret, and no secret is written down for a resume; ask for it with ops.secret.input [procedure.not_data]' "$TMPDIR/stderr"

finish
