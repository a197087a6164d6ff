#!/usr/bin/env bash
# opshost is killed at every point of a step with a tracked command, and of one with a job, and each run is taken on:
# whatever was sent is sent once.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ssh/tracked_world.sh"

every_point() {
  local name=$1 number=0 code
  shift
  while :; do
    number=$((number + 1))
    fresh
    rm -rf "$home"/.opshost/jobs/*
    code=0
    { OPSHOST_KILL_AT=$number "$OPSHOST" run "$procedure" "$@" >"$TMPDIR/stdout" 2>"$TMPDIR/stderr"; } 2>/dev/null || code=$?
    [[ $code == 137 ]] || break
    run resume last
    # Killed before its first record was whole, it does not exist.
    if [[ $status != 0 ]] && ! grep -q '"k":"start".*"crc"' state/runs/*/journal.jsonl 2>/dev/null; then
      run run "$procedure" "$@"
    fi
    # Killed after its last record, nothing is left to do.
    if grep -q 'procedure.nothing_to_do' "$TMPDIR/stderr"; then status=0; fi
    if [[ $status != 0 ]] || ! effects 1; then
      what="$name, killed at point $number"
      not_ok "exit code $status, $(count) effects: $(cat "$TMPDIR/stderr")"
    fi
  done
  echo "ok      $name: $((number - 1)) points"
  checks=$((checks + 1))
  if ((number < 8)); then not_ok "only $number points"; fi
}
every_point "a command" --line "echo x >>$world/log"
every_point "a job" --line "echo x >>$world/log" --job "work of $$"

finish
