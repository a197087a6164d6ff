#!/usr/bin/env bash
# A step's program goes on in its container although opshost is killed, and a resume asks the engine what became of it:
# it never began, it runs, it ended as accepted or otherwise, or nobody can tell.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

procedure=$OPSHOST_SOURCE/tests/cli/docker/procedures/one_program.lua
container=exec-resume-$$
export DOCKER_HOST=unix://$LAB_DOCKER_SOCKET
begin_container() { docker run -d --name "$container" "$LAB_DOCKER_IMAGE" sleep 1000 >"$TMPDIR/id"; }
begin_container
trap 'docker rm -f "$container" >/dev/null' EXIT

fresh() {
  rm -rf "$PWD/state"
  export OPSHOST_STATE=$PWD/state
  docker exec "$container" sh -c 'rm -f /tmp/log /tmp/go'
}
count() { docker exec "$container" sh -c 'cat /tmp/log 2>/dev/null | wc -l'; }
effects() { [[ $(count) == "$1" ]]; }
go() { docker exec "$container" touch /tmp/go; }
has_ended() { ! docker exec "$container" ps | grep -q '[e]cho x >>/tmp/log'; }
hide_ids() { sed -Ei "s/exec [0-9a-f]{12}/exec ID/g; s/$container/CONTAINER/g" "$TMPDIR/stdout" "$TMPDIR/stderr"; }

# killed_in WORDS...: begins a run whose program has begun, and kills opshost then.
killed_in() {
  "$OPSHOST" run "$procedure" --container "$container" "$@" >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" &
  local pid=$!
  wait_until effects 1
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
}
slow="echo x >>/tmp/log; until [ -e /tmp/go ]; do sleep 0.05; done"

# It still runs --------------------------------------------------------------------------------------------------------

fresh
killed_in --line "$slow"
taken_on() { grep -q '"k":"session"' state/runs/*/journal.jsonl; }
(wait_until taken_on && go) &
run resume last
exits 0 "a resume waits for the program that runs"
holds "it is not run again" effects 1
holds "the journal says what the engine can be asked for" \
  grep -q '"key":"tracked","value":{"module":"docker","kind":"run","exec_id":"' state/runs/*/journal.jsonl

fresh
killed_in --line "$slow" --timeout 1s
run resume last
exits 2 "one that runs on beyond the step's time"
hide_ids
holds "says so" grep -q 'waited 1s for the program that was run in container CONTAINER (exec ID), which still runs' "$TMPDIR/stderr"
go
run resume last
exits 0 "and the next resume finds its end"
holds "once in all" effects 1

# It ended while nobody listened ---------------------------------------------------------------------------------------

fresh
killed_in --line "$slow"
go
wait_until has_ended
run resume last
exits 0 "one that ended meanwhile"
holds "is not run again" effects 1

fresh
killed_in --line "$slow; exit 7"
go
wait_until has_ended
run resume last
exits 2 "one that ended with another code: the step fails with it"
hide_ids
holds "says so" grep -q 'Container:run: the program that was run in container CONTAINER (exec ID) ended with exit code 7 after opshost had gone; what it wrote is not known' "$TMPDIR/stderr"
holds "it is not run again" effects 1

# Nobody can tell ------------------------------------------------------------------------------------------------------

fresh
killed_in --line "$slow"
docker rm -f "$container" >"$TMPDIR/id"
begin_container
run resume last
exits 3 "one that the engine has forgotten: a person has to"
hide_ids
holds "what the engine said is shown" grep -q 'asked "the engine has forgotten it: the container ended, or the engine was restarted"' "$TMPDIR/stderr"
holds "it is not run again" effects 0
run resume --in-doubt skip last
exits 0 "taken as done"
holds "nor then" effects 0

# Killed at every point: whatever was sent is sent once ------------------------------------------------------------------

number=0
while :; do
  number=$((number + 1))
  fresh
  code=0
  { OPSHOST_KILL_AT=$number "$OPSHOST" run "$procedure" --container "$container" --line "echo x >>/tmp/log" \
    >"$TMPDIR/stdout" 2>"$TMPDIR/stderr"; } 2>/dev/null || code=$?
  [[ $code == 137 ]] || break
  run resume last
  # Killed before its first record was whole, it does not exist.
  if [[ $status != 0 ]] && ! grep -q '"k":"start".*"crc"' state/runs/*/journal.jsonl 2>/dev/null; then
    run run "$procedure" --container "$container" --line "echo x >>/tmp/log"
  fi
  # Killed after its last record, nothing is left to do.
  if grep -q 'procedure.nothing_to_do' "$TMPDIR/stderr"; then status=0; fi
  if [[ $status != 0 ]] || ! effects 1; then
    what="killed at point $number"
    not_ok "exit code $status, $(count) effects: $(cat "$TMPDIR/stderr")"
  fi
done
holds "there were points to be killed at" test "$number" -gt 8

finish
