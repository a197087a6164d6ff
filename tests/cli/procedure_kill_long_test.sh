#!/usr/bin/env bash
# SIGKILL at every point: before and after each record's write, after each sync, after each change's answer; in steps,
# clean-ups, undos, in settle mode. However often it is killed, a run that is taken on ends as one that never was: the
# same files, and each effect that must not happen twice exactly as often.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

cp "$OPSHOST_SOURCE"/tests/cli/procedures/*.lua .
procedure=$PWD/every_construct.lua
answers=$PWD/answers.json
echo '{"which": "left", "go on": "yes", "look": "looked"}' >"$answers"
# In memory where there is room: a killed process loses nothing it has written, and hundreds of runs sync less slowly.
worlds=$(mktemp -d -p "$([[ -w /dev/shm ]] && echo /dev/shm || echo "$PWD")" opshost-kill.XXXXXX)
trap 'rm -rf "$worlds"' EXIT

# world NAME: an empty folder to work on, and a state folder.
world() {
  rm -rf "${worlds:?}/$1"
  mkdir -p "$worlds/$1/dir" "$worlds/$1/state"
  echo normal >"$worlds/$1/dir/mode"
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

# What is there, by name and content, and each effect as often as it happened.
picture() {
  (cd "$worlds/$1/dir" && find . -type d | sort && find . -type f ! -name effects | sort | xargs -r head -v -n 100 &&
    sort effects)
}

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
# itself. PREPARE makes the world.
points=0
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

begin=("$OPSHOST" run --answers "$answers" "$procedure")

world whole
in_world whole "${begin[@]}" --dir "$worlds/whole/dir"
picture whole >done.txt
every_point run done.txt world -- "${begin[@]}" --dir "$worlds/killed/dir"

# snapshot NAME: the world "killed" as it is now; back NAME: that world again.
snapshot() {
  rm -rf "${worlds:?}/$1"
  cp -a "$worlds/killed" "$worlds/$1"
}
back() {
  rm -rf "$worlds/killed"
  cp -a "$worlds/$1" "$worlds/killed"
}

# A run that failed at its end, with all of it to take back.
world killed
in_world killed "${begin[@]}" --dir "$worlds/killed/dir" --fails || true
snapshot failed
back_failed() { back failed; }
roll_back=("$OPSHOST" resume --rollback --answers "$answers" --in-doubt retry)
in_world killed "${roll_back[@]}" "$(run_id killed)"
picture killed >rolled_back.txt
holds "every effect was taken back" test "$(grep -c '^unmade' rolled_back.txt)" = "$(grep -c '^made' rolled_back.txt)"
every_point rollback rolled_back.txt back_failed -- "${roll_back[@]}" "$(run_id failed)"

# A run that was killed while it owed two clean-ups, which are then put back and nothing else.
number=30
world killed
until grep -qs '"k":"intent".*"step":"maintenance/inner/make two"' "$worlds"/killed/state/runs/*/journal.jsonl; do
  world killed
  number=$((number + 1))
  OPSHOST_KILL_AT=$number in_world killed "${begin[@]}" --dir "$worlds/killed/dir" || true
done
snapshot owing
back_owing() { back owing; }
in_world killed "$OPSHOST" cleanup "$(run_id killed)"
picture killed >settled.txt
holds "the mode is back" grep -qx normal settled.txt
holds "so is the inner mark" grep -qx off settled.txt
every_point clean-up settled.txt back_owing -- "$OPSHOST" cleanup "$(run_id owing)"

echo "$points kill points"
finish
