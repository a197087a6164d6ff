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
source "$OPSHOST_SOURCE/tests/support/kill_points.sh"
trap 'rm -rf "$worlds"' EXIT

world() {
  empty_world "$1"
  echo normal >"$worlds/$1/dir/mode"
}

# What is there, by name and content, and each effect as often as it happened.
picture() {
  (cd "$worlds/$1/dir" && find . -type d | sort && find . -type f ! -name effects | sort | xargs -r head -v -n 100 &&
    sort effects)
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
