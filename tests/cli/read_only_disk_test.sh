#!/usr/bin/env bash
# On a disk that is read-only, what does not write works, and what does says so.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

if [[ -z ${IN_NAMESPACE:-} ]]; then
  if ! unshare --mount true 2>"$TMPDIR/reason"; then
    echo "skipped: no private mount namespace here: $(cat "$TMPDIR/reason")"
    exit 77
  fi
  IN_NAMESPACE=1 exec unshare --mount bash "$0"
fi

mkdir disk
mount -t tmpfs tmpfs disk
echo 'print "ran"' >disk/quiet.lua
echo 'require("local").write_file("disk/out.txt", "x")' >disk/writes.lua
mount -o remount,ro disk

run run disk/quiet.lua
exits 0 "a script that writes nothing"
prints ran
says_nothing

run run disk/writes.lua
exits 2 "a script that writes"
says <<'END'
opshost: disk/writes.lua:1: local.write_file: cannot write "disk/out.txt": its file system is mounted read-only; see dmesg for why, remount it read-write, or write elsewhere [local.read_only]
What to do: remount it, or write elsewhere.
END

run plan disk/writes.lua
exits 10 "its plan"
says_nothing

run run --log disk/log.json disk/quiet.lua
exits 1 "a log there"
prints ""
says <<'END'
opshost: cannot open the log disk/log.json (Read-only file system); name a file in a folder you may write to
END

run types disk/stubs
exits 1 "stubs there"
says <<'END'
opshost: cannot create disk/stubs: Read-only file system
END

HOME=$PWD/disk run eval '1'
exits 0 "a HOME there"
prints 1
says_nothing

HOME=$PWD/disk TMPDIR=$TMPDIR run repl <<<'2'
exits 0 "the REPL with a HOME there"
prints 2

finish
