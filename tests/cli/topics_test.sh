#!/usr/bin/env bash
# The topics of `opshost help`: their text is shown as it was written, and their examples are Lua that passes a check.
# Modules are loaded when they are first touched.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

# code FILE INDENT: the indented blocks of a text, without their indentation.
code() { sed -n "s/^$(printf '%*s' "$2" '')\( *[^ ].*\)/\1/p" "$1"; }

for topic in inventory secrets documents; do
  variable=k${topic^}
  sed -n "/ char\* $variable =/,/^)\";/p" "$OPSHOST_SOURCE/host/docs/topics.cpp" >source.txt
  code source.txt 4 | grep -v '^R"(' >source.code || true
  run help "$topic"
  exits 0 "help $topic"
  # Code alone has two blanks in front and an empty line or code before it; of a list's lines the text is wrapped.
  while IFS= read -r line; do
    holds "help $topic shows: $line" grep -qxF "  $line" "$TMPDIR/stdout"
  done <source.code
  holds "help $topic has code" test -s source.code
  holds "help $topic blanks nothing: as many *** as the source" test \
    "$(grep -oF '***' "$TMPDIR/stdout" | wc -l)" = "$(grep -oF '***' source.txt | wc -l)"
done

# The programs of a topic, which may go on with one another's variables; `check` finds misspelt functions and options.
sed -n '/R"(/,/^)";/p' "$OPSHOST_SOURCE/host/docs/topics.cpp" |
  awk '
    /R"\(/ { file = "example." ++count ".lua"; printf "" >file }
    /^    local / { inside = 1 }
    /^[^ ]/ { inside = 0 }
    inside && /^    / { print substr($0, 5) >file }'
checked=0
for example in example.*.lua; do
  # What stands behind a program are lines for a shell.
  sed -i '/^opshost /d' "$example"
  grep -q require "$example" || continue
  checked=$((checked + 1))
  if grep -q procedure.define "$example"; then
    run plan "$example"
    exits 10 "example, planned: $example"
  else
    run check "$example"
    exits 0 "example: $(sed -n '$p' "$example")"
  fi
  says_nothing
done
holds "there are examples" test "$checked" -ge 6

# Start-up does not grow with what is there.
run eval 'local before = package.loaded["ops.text"] == nil and package.loaded.docker == nil
  local ops = require "ops"
  local touched = ops.text.trim(" x ")
  return before, touched, package.loaded["ops.text"] ~= nil, package.loaded.docker == nil'
exits 0 "modules load on first touch"
prints $'true\nx\ntrue\ntrue'

finish
