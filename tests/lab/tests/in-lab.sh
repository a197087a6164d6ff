#!/bin/bash
# tests/support/in_lab: a command in a lab of its own, and the three forms that ctest uses.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
IN_LAB=$TESTS/../../support/in_lab
export LAB_ROOT
# Labs of its own, so that what is left can be counted.
LAB_ROOT=$(mktemp -d /var/lib/opshost-lab-test.XXXXXX)
trap 'rm -rf "$LAB_ROOT" "$LAB_ROOT.out"' EXIT
labs() { find "$LAB_ROOT" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }
# shellcheck disable=SC2317 # called by check
no_labs() { [[ $(labs) == 0 ]]; }
# shellcheck disable=SC2317
await_no_labs() {
  local began=$SECONDS
  until no_labs || ((SECONDS - began > 20)); do sleep 0.05; done
  no_labs
}

code=0
output=$("$IN_LAB" net -- bash -c 'echo "groups: $LAB_GROUPS"; getent hosts host3; exit 5' 2>&1) || code=$?
check "the command's exit code" test "$code" = 5
check "the command has its groups" test "$(grep -c '^groups: net$' <<<"$output")" = 1
check "and runs where their servers are" test "$(grep -c '^127.9.0.3 ' <<<"$output")" = 1
check "its lab ends with it" no_labs

: >"$LAB_ROOT.out"
"$IN_LAB" net -- bash -c 'echo running; sleep 1000' >"$LAB_ROOT.out" 2>&1 &
pid=$!
until grep -qx running "$LAB_ROOT.out" || ! kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
check "while it runs there is one lab" test "$(labs)" = 1
# Not a job any more, so that bash does not report its end.
disown "$pid"
kill -KILL "$pid"
check "and none when it was killed" await_no_labs

# What ctest does, with this test in its place: the lab is named after the process that calls.
begin_code=0
"$IN_LAB" --begin net >/dev/null 2>&1 || begin_code=$?
check "begin" test "$begin_code" = 0
first=0
"$IN_LAB" --within net -- bash -c 'echo one >"$LAB_DIR/mark"; "$LAB_COMMAND" kill dns; "$LAB_COMMAND" cut 127.8.0.53' >/dev/null 2>&1 || first=$?
second=0
"$IN_LAB" --within net -- bash -c '[[ $(cat "$LAB_DIR/mark") == one ]] && getent hosts host3' >/dev/null 2>&1 || second=$?
check "within: a command that breaks things" test "$first" = 0
check "within: the next one has the same lab, mended" test "$second" = 0
check "one lab for both" test "$(labs)" = 1
"$IN_LAB" --within net -- bash -c '"$LAB_COMMAND" kill dns; exec -a killed-within sleep 1000' >/dev/null 2>&1 &
pid=$!
until pgrep -f '^killed-within 1000' >/dev/null || ! kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
disown "$pid"
kill -KILL "$pid"
# shellcheck disable=SC2317 # called by check
await_end() {
  local began=$SECONDS
  while pgrep -f '^killed-within 1000'; do ((SECONDS - began <= 20)) || return 1; done
}
check "within: a killed in_lab takes its command along" await_end
third=0
"$IN_LAB" --within net -- getent hosts host3 >/dev/null 2>&1 || third=$?
check "within: and what it broke is mended for the next" test "$third" = 0
"$IN_LAB" --end net >/dev/null
check "end: no lab" no_labs

as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp LAB_ROOT=/tmp/nowhere "$IN_LAB" "$@" 2>&1; }
for form in "" --begin --within; do
  code=0
  command=(-- true)
  [[ $form != --begin ]] || command=()
  # shellcheck disable=SC2086 # no word for none
  output=$(as_nobody $form net "${command[@]}") || code=$?
  check "cannot run${form:+, $form}: exit code 77" test "$code" = 77
  check "cannot run${form:+, $form}: the reason is the last line" test "$(tail -n 1 <<<"$output")" = \
    "lab: SKIPPED: the lab cannot run here: it needs root (namespaces, mounts, cgroups); this is nobody"
done
output=$("$IN_LAB" -- true 2>&1) || true
check "no groups" test "$output" = "in_lab: which groups of the lab? usage: in_lab GROUP... -- COMMAND"
output=$("$IN_LAB" net 2>&1) || true
check "no command" test "$output" = "in_lab: there is no command to run; usage: in_lab GROUP... -- COMMAND"
finish
