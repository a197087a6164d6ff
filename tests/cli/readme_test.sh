#!/usr/bin/env bash
# The README's procedure is what it prints: every "$ command" in it is run, in order, in one empty folder.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
export OPSHOST_STATE=$PWD/state
README=$OPSHOST_SOURCE/README.md

mkdir bin
ln -s "$OPSHOST" bin/opshost
export PATH=$PWD/bin:$PATH

# block LANGUAGE: the first code block of that language.
block() { awk -v fence="\`\`\`$1" '$0 == fence { inside = 1; next } inside && /^```$/ { exit } inside' "$README"; }
# commands: the blocks that begin with a prompt, without fences.
commands() {
  awk '/^```/ { inside = !inside; first = inside; shown = 0; next }
       inside && first { shown = /^\$ /; first = 0 }
       inside && shown' "$README"
}
hide_ids() { sed -E 's/[0-9]{8}-[0-9]{6}-[0-9]{3}/RUN/g'; }

block lua >raise_limit.lua
what="the procedure of the README"
holds "it has about twenty lines" test "$(wc -l <raise_limit.lua)" -ge 15 -a "$(wc -l <raise_limit.lua)" -le 25
commands >shown
while IFS= read -r line; do
  printf '%s\n' "$line"
  [[ $line != '$ '* ]] || bash -c "${line#\$ }" 2>&1 || true
done < <(grep '^\$ ' shown) >seen
holds "commands were found" test "$(grep -c '^\$ opshost ' shown)" -ge 4
same "what the README shows" "$(hide_ids <shown)" "$(hide_ids <seen)"
finish
