#!/usr/bin/env bash
# opshost scripts: what is built in, what a site has changed of it, copies to change.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

run scripts export out
exits 0 "export"
prints "$(find out -name '*.lua' | wc -l) files written to out"
holds "it is what was built in" diff -r out "$OPSHOST_SOURCE/scripts"
run scripts export out
exits 0 "once more"
prints "0 files written to out"
run scripts --scripts out diff
exits 0 "nothing is changed"
prints ""

name=$("$OPSHOST" scripts | sed -n '1s/ .*//p')
path=out/${name//.//}.lua
[[ -e $path ]] || path=out/${name//.//}/init.lua
echo "-- ours" >>"$path"
run scripts --scripts out diff
exits 0 "one is changed"
holds "the difference is shown" test "$(grep '^[-+]' "$TMPDIR/stdout")" = \
  $'--- built in\n+++ '"$path"$'\n+-- ours'
run scripts --scripts out diff "$name"
exits 0 "by name"
holds "it is shown" grep -qFx -- '+-- ours' "$TMPDIR/stdout"
run scripts export out
exits 1 "a changed file is not overwritten"
says <<END
opshost: $path is there already, and differs from the built-in $name; compare them with \`opshost scripts diff\`, or export elsewhere
END
run scripts export one "$name"
exits 0 "one alone"
prints "1 file written to one"

run scripts --scripts out diff no.such
exits 1 "no library of that name"
run scripts export two no.such
exits 1 "no built-in library of that name"
holds "nothing is written" test ! -e two
: >file
run scripts export file/below
exits 1 "a folder that cannot be made"
run scripts export
exits 1 "no folder"
run scripts remove
exits 1 "no such word"
says <<'END'
opshost: opshost scripts takes list, diff [NAME...] or export FOLDER [NAME...]
`opshost scripts --help` shows what there is.
END

finish
