#!/usr/bin/env bash
# Documents too long for anybody: a typed error, at once, and no memory.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

truncate -s 1G huge.yml
for call in 'data.from_json(machine.read_file("huge.yml"))' 'data.from_yaml(machine.read_file("huge.yml"))' \
  'inventory.load("huge.yml")'; do
  run eval "local data, machine, inventory = require 'data', require 'local', require 'ops.inventory' $call"
  exits 2 "1 GB: $call"
  holds "it says so" grep -q 'huge.yml.*\[local.too_large\]$' "$TMPDIR/stderr"
done
run eval 'require("data").from_yaml(("x"):rep(2^30))'
exits 1 "a text longer than the memory a script has"
holds "it says so" grep -q 'memory' "$TMPDIR/stderr"

finish
