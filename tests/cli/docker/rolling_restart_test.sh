#!/usr/bin/env bash
# Twenty containers restarted in batches, of which two may fail: interrupted in the middle and taken on, each is
# restarted once; those that failed are named, and worked on again by a resume.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/support/procedure.sh"

procedure=$OPSHOST_SOURCE/tests/cli/docker/procedures/rolling_restart.lua
prefix=rolling-$$-
export DOCKER_HOST=unix://$LAB_DOCKER_SOCKET
names=()
for i in $(seq -w 20); do names+=("$prefix$i"); done
trap 'docker rm -f "${names[@]}" >/dev/null 2>&1 || true' EXIT
for name in "${names[@]}"; do
  docker run -d --name "$name" "$LAB_DOCKER_IMAGE" sh -c 'test -e /broken || touch /ok; exec sleep 1000' >/dev/null
done

# fresh [NUMBER...]: no run so far; these of them are not well.
fresh() {
  rm -rf state
  export OPSHOST_STATE=$PWD/state
  for i in "$@"; do docker exec "$prefix$i" sh -c 'rm /ok; touch /broken'; done
  since=$(date +%s.%N)
}
well() { docker exec "$1" sh -c 'rm /broken; touch /ok'; }
died() {
  docker events --since "$since" --until "$(date +%s.%N)" --filter event=die --format '{{.Actor.Attributes.name}}' |
    grep "^$prefix" | sort || true
}
restarts() { [[ $(died | wc -l) -ge $1 ]]; }

# Interrupted -----------------------------------------------------------------------------------------------------------

fresh
"${WITH_SIGINT[@]}" "$OPSHOST" run "$procedure" --prefix "$prefix" 2>"$TMPDIR/stderr" &
child=$!
wait_until restarts 6
kill -s INT "$child"
status=0
wait "$child" || status=$?
exits 130 "Ctrl-C in a batch"
before=$(died | wc -l)
holds "the batches after it were not begun" test "$before" -lt 20
run resume last
exits 0 "resumed"
holds "each was restarted once" test "$(died)" = "$(printf '%s\n' "${names[@]}")"
run resume last
exits 5 "nothing is left of it"

# Some fail -------------------------------------------------------------------------------------------------------------

fresh 07 12
run run "$procedure" --prefix "$prefix"
exits 2 "two fail of two that may"
holds "they are named" grep -qF "2 hosts failed within what max_fail allows:" "$TMPDIR/stderr"
for i in 07 12; do
  holds "$i" grep -qF "  $prefix$i: the step \"$prefix$i/is well\"" "$TMPDIR/stderr"
  well "$prefix$i"
done
holds "all were restarted" restarts 20
run resume last
exits 0 "resumed, once they are well"
holds "none was restarted again" test "$(died)" = "$(printf '%s\n' "${names[@]}")"

fresh 02 07 12
run run "$procedure" --prefix "$prefix"
exits 2 "one more than may fail"
holds "the batch after that one was not begun" test "$(died | wc -l)" = 15
for i in 02 07 12; do well "$prefix$i"; done
run resume last
exits 0 "resumed, once they are well"
holds "each was restarted once" test "$(died)" = "$(printf '%s\n' "${names[@]}")"

finish
