#!/usr/bin/env bash
# Server variables that a procedure changes for as long as it works are put back whatever happens: after Ctrl-C, which
# undoes them at once and has a resume set them again, and after a crash, which leaves that to the resume or a clean-up.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"

procedure=$OPSHOST_SOURCE/tests/cli/mysql/procedures/one_applier.lua
export OPSHOST_STATE=$PWD/state
sql() { mysql --socket "$LAB_MYSQL_REPLICA_SOCKET" --user root --batch --skip-column-names --execute "$1"; }
threads() { sql 'SELECT @@global.slave_parallel_threads'; }
applies() { sql 'SHOW SLAVE STATUS' --vertical >/dev/null; sql "SHOW GLOBAL STATUS LIKE 'Slave_running'" | grep -q ON; }
has_threads() { [[ $(threads) == "$1" ]] && applies; }
set_threads() { sql "STOP SLAVE SQL_THREAD; SET GLOBAL slave_parallel_threads = $1; START SLAVE SQL_THREAD"; }
before=$(threads)
trap 'set_threads "$before"' EXIT
set_threads 3
wait_until has_threads 3

# begun SIGNAL: a run that got this signal while it waited with one thread.
begun() {
  "${WITH_SIGINT[@]}" "$OPSHOST" run "$procedure" --socket "$LAB_MYSQL_REPLICA_SOCKET" --go "$PWD/go" 2>"$TMPDIR/stderr" &
  local child=$!
  wait_until has_threads 0
  wait_until grep -q '"k":"step".*caught up' state/runs/*/journal.jsonl
  kill -s "$1" "$child"
  status=0
  wait "$child" 2>/dev/null || status=$?
}

begun INT
exits 130 "Ctrl-C while the variable is changed"
holds "it is put back at once" has_threads 3
touch go
run resume last
exits 0 "resumed"
holds "it is put back at the end" has_threads 3
holds "and was changed again for the rest" test "$(grep -c 'set_global\|slave_parallel_threads = ' state/runs/*/journal.jsonl)" -ge 4

rm -r go state
begun KILL
exits 137 "killed while it is changed"
holds "nobody could put it back" has_threads 0
run show last
holds "it was killed" grep -q '^state      killed while running, ' "$TMPDIR/stdout"
run runs
holds "the run owes it" grep -q 'applier threads as before' "$TMPDIR/stdout"
run cleanup last
exits 0 "a clean-up alone"
holds "puts it back" has_threads 3

rm -rf state
begun KILL
touch go
run resume last
exits 0 "a resume after a crash"
holds "puts it back at its end" has_threads 3

finish
