#!/usr/bin/env bash
# Every example the reference shows runs as it stands: a declaration's example is what people copy.
set -euo pipefail

"$OPSHOST" types --reference reference >/dev/null

# The Lua blocks that are programs (they require something), one file each: reference/NAME.N.lua
for page in reference/*.md; do
  awk -v base="${page%.md}" '
    /^```lua$/ { inside = 1; text = ""; next }
    /^```$/ && inside {
      inside = 0
      if (text ~ /require[ (]"/) { file = base "." ++count ".lua"; printf "%s", text > file; close(file) }
      next
    }
    inside { text = text $0 "\n" }' "$page"
done

ran=0
failed=0
for example in reference/*.lua; do
  ran=$((ran + 1))
  if ! output=$("$OPSHOST" run "$example" 2>&1); then
    failed=$((failed + 1))
    printf 'not ok  %s\n%s\n%s\n' "$example" "$(cat "$example")" "$output"
  fi
done
echo "$ran examples, $failed failed"
((ran > 5 && failed == 0))
