# shellcheck shell=bash
# Sourced by tests/cli: runs opshost as a user does and compares everything the user sees, to the letter.
#
#   run eval 'return 1'               runs $OPSHOST; stdin is empty unless redirected
#   exits 0 "an expression"           the exit code of that run
#   says <<'END' ... END              its whole stderr; times of log lines are HH:MM:SS
#   prints "1"                        its whole stdout, without the last line break
#   on_terminal run p.lua             the same at a terminal; stdin is what the person types, stdout all that is shown
#   finish                            at the end of every test
: "${OPSHOST:?the binary to test}" "${OPSHOST_SOURCE:?the root of the project}"
exec </dev/null

checks=0
failures=0
what=

# In front of what runs in the background and is to be interrupted: bash has SIGINT ignored there.
# shellcheck disable=SC2034  # for the tests
readonly WITH_SIGINT=(env --default-signal=INT)

# Longer than anything here takes, so that what hangs is killed and reported.
readonly LIMIT=60

run() {
  status=0
  timeout --kill-after=5 "$LIMIT" "$OPSHOST" "$@" >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
}

on_terminal() {
  local line
  # exec: dash stays as the parent otherwise, and dies of a SIGINT that opshost has served.
  printf -v line '%q ' exec "$OPSHOST" "$@"
  status=0
  timeout --kill-after=5 "$LIMIT" script -qec "$line" /dev/null >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
  sed -i 's/\r$//' "$TMPDIR/stdout"
}

not_ok() {
  failures=$((failures + 1))
  printf 'not ok  %s: %s\n' "$what" "$1"
}

exits() {
  what=$2
  checks=$((checks + 1))
  if [[ $status != "$1" ]]; then
    not_ok "exit code $status, expected $1"
    cat "$TMPDIR/stderr"
    return
  fi
  printf 'ok      %s\n' "$what"
}

# Without the warnings that only say how slow this machine is just now; interrupt_spin_test.sh tests for those.
seen_stderr() {
  sed -E '/ has run for 100 ms without waiting;/d; s/^[0-9]{2}:[0-9]{2}:[0-9]{2} /HH:MM:SS /' "$TMPDIR/stderr"
}

same() {
  checks=$((checks + 1))
  [[ $2 == "$3" ]] && return
  not_ok "$1 differs"
  diff -u --label expected --label seen <(printf '%s\n' "$2") <(printf '%s\n' "$3") || true
}

says() { same stderr "$(cat)" "$(seen_stderr)"; }
says_nothing() { same stderr "" "$(seen_stderr)"; }
prints() { same stdout "$1" "$(tr '\0' '@' <"$TMPDIR/stdout")"; }

# holds "what" COMMAND...: any other condition.
holds() {
  what=$1
  checks=$((checks + 1))
  if "${@:2}"; then
    printf 'ok      %s\n' "$what"
  else
    not_ok "${*:2}"
  fi
}

# wait_until COMMAND...: up to 20 s.
wait_until() {
  local deadline=$((SECONDS + 20))
  until "$@"; do
    if ((SECONDS > deadline)); then
      echo "gave up waiting for: $*"
      return 1
    fi
    sleep 0.02
  done
}

finish() {
  echo "$checks checks, $failures failed"
  ((checks > 0 && failures == 0))
}
