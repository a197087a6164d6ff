# shellcheck shell=bash
# Sourced after tests/support/cli.sh: kills a run of a procedure at each of its points in turn, has it taken on as an
# operator does, and compares what is there then with what an undisturbed run leaves.
#
# A world is what one run works on: $worlds/NAME/dir, which the procedure gets as --dir, and $worlds/NAME/state, its
# journals. The test sets `procedure` and `answers` (a file) and defines
#   world NAME        makes that world anew
#   picture NAME      writes what is there, and each effect as often as it happened
: "${OPSHOST:?the binary to test}" "${procedure:?the test sets it}" "${answers:?the test sets it}"

# In memory where there is room: a killed process loses nothing it has written, and hundreds of runs sync less slowly.
worlds=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "$PWD")" opshost-kill.XXXXXX)
points=0

# empty_world NAME: an empty folder to work on, and a state folder.
empty_world() {
  rm -rf "${worlds:?}/$1"
  mkdir -p "$worlds/$1/dir" "$worlds/$1/state"
}

# in_world NAME COMMAND...: in a session of its own; returns once all it started has ended too.
in_world() {
  local name=$1 code=0
  shift
  # In braces, so that the shell does not report each kill.
  { OPSHOST_STATE=$worlds/$name/state setsid --wait "$@" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null; } 2>/dev/null || code=$?
  wait_until nobody_uses "$worlds/$name/dir"
  return "$code"
}
# Commands a killed opshost leaves behind have the folder among their words.
nobody_uses() { ! pgrep -f "made .*$1" >/dev/null; }

run_id() { basename "$worlds/$1"/state/runs/*; }

# take_on NAME WORDS...: again and again until the run is through, as an operator does.
take_on() {
  local name=$1 code=0
  shift
  for _ in 1 2 3; do
    code=0
    in_world "$name" "$OPSHOST" "$@" || code=$?
    [[ $code == 0 ]] && return
  done
  echo "taken on three times, the last ended with $code:"
  cat "$TMPDIR/err"
  return 1
}

same_as_undisturbed() {
  local expected=$1 name=$2
  diff -u "$expected" <(picture "$name") >"$TMPDIR/diff" && return
  cat "$TMPDIR/diff"
  return 1
}

# every_point PHASE EXPECTED PREPARE -- COMMAND...: kills COMMAND at its first point, its second, ... until it ends by
# itself. PREPARE makes the world "killed"; EXPECTED is a picture.
every_point() {
  local phase=$1 expected=$2 prepare=$3 number=0 code
  shift 4
  while :; do
    number=$((number + 1))
    "$prepare" killed
    code=0
    OPSHOST_KILL_AT=$number OPSHOST_KILL_LOG=$TMPDIR/points in_world killed "$@" || code=$?
    [[ $code == 137 ]] || break
    points=$((points + 1))
    if ! finish_run killed "$phase" || ! same_as_undisturbed "$expected" killed; then
      what="$phase, killed at point $number ($(tail -n 1 "$TMPDIR/points"))"
      not_ok "the run did not end as it should"
      OPSHOST_STATE=$worlds/killed/state "$OPSHOST" show last || true
    fi
    rm -f "$TMPDIR/points"
  done
  # shellcheck disable=SC2034  # for not_ok
  what="$phase"
  checks=$((checks + 1))
  if ((number < 10)); then not_ok "only $number points"; fi
  echo "ok      $phase: $((number - 1)) points"
  sort "$TMPDIR/points" | uniq -c
  rm -f "$TMPDIR/points"
}

# A run that was killed before its first record was whole does not exist; it is begun again.
finish_run() {
  local name=$1 phase=$2
  if ! grep -q '"k":"start".*"crc"' "$worlds/$name"/state/runs/*/journal.jsonl 2>/dev/null; then
    rm -rf "$worlds/$name"/state
    mkdir "$worlds/$name"/state
    take_on "$name" run --answers "$answers" --in-doubt retry "$procedure" --dir "$worlds/$name/dir"
    return
  fi
  case $phase in
    run)
      [[ $(OPSHOST_STATE=$worlds/$name/state "$OPSHOST" show last) == *"state      done"* ]] && return
      take_on "$name" resume --answers "$answers" --in-doubt retry "$(run_id "$name")"
      ;;
    rollback)
      [[ $(OPSHOST_STATE=$worlds/$name/state "$OPSHOST" show last) == *"state      rolled_back"* ]] && return
      take_on "$name" resume --rollback --answers "$answers" --in-doubt retry "$(run_id "$name")"
      ;;
    clean-up)
      [[ $(OPSHOST_STATE=$worlds/$name/state "$OPSHOST" show last) != *"owed"* ]] && return
      take_on "$name" cleanup "$(run_id "$name")"
      ;;
  esac
}
