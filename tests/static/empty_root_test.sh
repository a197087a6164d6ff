#!/usr/bin/env bash
# The static file in a root that holds nothing else: no /etc, no /proc, no /dev, no home, no environment.
set -euo pipefail

if ((EUID != 0)); then
  echo "SKIPPED: only root can change into another root"
  exit 77
fi

mkdir root
cp "$OPSHOST" root/opshost
cat >root/hello.lua <<'LUA'
local ops = require "ops"
local seen = {}
for _, result in ipairs(ops.each({1, 2, 3}, {}, function(n) ops.sleep(0.01) return n * 2 end)) do
  seen[#seen + 1] = result.value
end
print(table.concat(seen, " "))
LUA

fail() {
  echo "$1"
  exit 1
}

# expect CODE TEXT COMMAND...: the exit code, and stdout and stderr together.
expect() {
  local code=$1 text=$2 got=0 output
  shift 2
  output=$(env -i "$(command -v chroot)" root "$@" 2>&1) || got=$?
  [[ $got == "$code" && $output == "$text" ]] || fail "$*: expected exit code $code and '$text', got $got and '$output'"
}

version=$(env -i "$(command -v chroot)" root /opshost version)
[[ $version == opshost\ * ]] || fail "opshost version said: $version"
expect 0 "2 4 6" /opshost run /hello.lua
expect 1 "opshost: cannot run /missing.lua: No such file or directory" /opshost run /missing.lua

left=$(find root -mindepth 1 ! -path root/opshost ! -path root/hello.lua)
[[ -z $left ]] || fail "left behind: $left"
