#!/usr/bin/env bash
# What logs somebody in to a web server is in no plan, journal or error, however the script wrote it.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
export OPSHOST_STATE=$PWD/state

cat >post.lua <<'LUA'
local http = require "http"
http.post("http://name:planted-in-url@127.0.0.1:9/x?canary", {
  proxy = "http://name:planted-in-proxy@127.0.0.1:9",
  headers = { ["X-Vault-Token"] = "planted-in-token", Authorization = "planted-in-login", Cookie = "planted-in-cookie" },
  body = "b",
})
LUA
cat >refused.lua <<'LUA'
require("http").get("http://name:planted-in-url@h:99999/canary")
LUA
cat >unverified.lua <<'LUA'
require("http").post("https://127.0.0.1:9/canary", { verify = false, proxy = "none" })
LUA

for script in "plan post.lua" "run post.lua" "run refused.lua"; do
  read -ra words <<<"$script"
  run "${words[@]}"
  cat "$TMPDIR/stdout" "$TMPDIR/stderr" >said
  cp said "said-${words[0]}-${words[1]}"
  holds "$script says what it was about" grep -q "127.0.0.1\|the address" said
  holds "$script says no secret" bash -c '! grep planted said'
done
holds "the plan names the change" grep -q 'http.post("http://name:\*\*\*@127.0.0.1:9/x?canary"' said-plan-post.lua
holds "the journal has the change" grep -rq canary state
holds "the journal has no secret" bash -c '! grep -r planted state'

run run unverified.lua
exits 4 "nothing listens"
holds "the journal marks a change that is sent without verifying" grep -rq '"key":"unverified"' state

finish
