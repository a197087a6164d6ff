#!/bin/bash
# The command itself: what it says when something is wrong, and that waiting for a server ends when the server does.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

# says CODE TEXT ARGUMENTS...: the exit code and the whole of what is printed.
says() {
  local code=0 output
  output=$("$LAB" "${@:3}" 2>&1) || code=$?
  [[ $code == "$1" && $output == "$2" ]] || {
    printf 'exit code %s, text:\n%s\n' "$code" "$output"
    return 1
  }
}
check_says() {
  local output
  if output=$(says "${@:2}"); then
    echo "ok - $1"
  else
    FAILED=1
    printf 'not ok - %s\n%s\n' "$1" "$output"
  fi
}

check_says "a group that is not there" 1 "lab: there is no group 'mysq'; there are: ark docker keepalived mysql net nodes ssh zk" up mysq
check_says "a name that is none" 1 "lab: 'A B' is no name for a lab: up to 24 small letters, digits and '-' are allowed" --name "A B" up
check_says "exec without a lab" 1 "lab: the lab '$LAB_NAME' is not up (start it with: lab up)" exec true
check_says "status without a lab" 1 "lab: '$LAB_NAME' is not up" status
check_says "down without a lab" 0 "lab: '$LAB_NAME' is not up" down
check_says "a command that is not there" 1 "lab: there is no command 'freze' (lab help prints them all)" freze
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp "$LAB" up ssh 2>&1; }
output=$(as_nobody) && code=0 || code=$?
check "a user who is not root: exit code 77" test "$code" = 77
check "a user who is not root: the reason" test "$output" = \
  "lab: SKIPPED: the lab cannot run here: it needs root (namespaces, mounts, cgroups); this is nobody"

# shellcheck source=../lib/common.sh
waiting_for_the_dead() (
  set +o pipefail
  source "$TESTS/../lib/common.sh"
  source "$TESTS/../lib/servers.sh"
  LAB_DIR=$(mktemp -d)
  trap 'rm -rf "$LAB_DIR"' EXIT
  start_daemon broken bash -c 'echo "cannot read its configuration" >&2; exit 3'
  wait_ready broken false 2>&1 | sed "s|$LAB_DIR|DIR|"
)
began=$SECONDS
output=$(waiting_for_the_dead)
expected="lab: last lines of DIR/log/broken.log:
cannot read its configuration
lab: broken died before it was ready"
check "a server that dies shows its log" test "$output" = "$expected"
check "and at once" test $((SECONDS - began)) -le 2
# shellcheck disable=SC2317 # called by wait_until
waiting_for_the_unwell() (
  source "$TESTS/../lib/common.sh"
  unwell() {
    echo "the disk is on fire" >&2
    return 1
  }
  wait_until 0 "a disk" unwell 2>&1
)
check "what does not come about shows why" test "$(waiting_for_the_unwell || true)" = \
  "lab: a disk: not within 0 s (asked with: unwell); it last said: the disk is on fire"
# shellcheck disable=SC2317 # called by check
unjudged() (
  FAILED=0 JUDGE_LIMITS=$1 LOAD_BEFORE=1000
  check_within 5 "$EPOCHREALTIME" "it is up"
  finish
)
code=0
output=$(unjudged yes) || code=$?
check "a limit that could not be judged: the test is skipped" test "$code" = 77
check "a limit that could not be judged: the reason" bash -c '[[ $1 == *"SKIPPED: all passed, but these limits were not judged, the load was 1000 before: it is up; " ]]' reason "$output"
check "and where it need not be judged, it is told" unjudged no
check "the name of a test's lab, and one more like it, are names" bash -c '[[ ${#1} -le 22 ]]' name "$(name_of_lab leaves-nothing 4194304)"
finish
