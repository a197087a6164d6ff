#!/usr/bin/env bash
# Libraries other people wrote run unchanged: one that is plain Lua as it is, one that wants all of Lua with --unsafe-lua.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

folder=/usr/share/lua/5.1
for needed in "$folder/inspect.lua:lua-inspect" "$folder/pl/init.lua:lua-penlight"; do
  if [[ ! -e ${needed%:*} ]]; then
    echo "skipped: ${needed%:*} is missing, the package ${needed#*:} brings it"
    exit 77
  fi
done

run eval --scripts "$folder" 'require "inspect"({1, 2, name = {deep = true}}, {newline = " ", indent = ""})'
exits 0 "inspect"
prints '{ 1, 2, name = { deep = true } }'
says_nothing

cat >penlight.lua <<'END'
local List = require "pl.List"
local tablex = require "pl.tablex"
local stringx = require "pl.stringx"
local pretty = require "pl.pretty"
local OrderedMap = require "pl.OrderedMap"
print(List { 3, 1, 2 }:sort():map(function(n) return n * 10 end):join(","))
print(tablex.deepcompare({ a = { 1 } }, { a = { 1 } }), stringx.split("a b c")[2], stringx.strip("  x "))
print(pretty.write({ 1, 2 }, ""))
local map = OrderedMap()
map:set("z", 1)
map:set("a", 2)
print(map:keys():join(","))
END
run run --unsafe-lua --scripts "$folder" penlight.lua
exits 0 "penlight"
prints $'10,20,30\ntrue\tb\tx\n{1,2}\nz,a'
says_nothing

finish
