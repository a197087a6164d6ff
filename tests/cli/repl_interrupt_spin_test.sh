#!/usr/bin/env bash
# Ctrl-C at the prompt of a terminal ends a line, what is typed or what runs, and keeps the session.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

shown=$TMPDIR/shown
child=
# Also where this test gives up: script, and the opshost that it runs.
kill_child() {
  [[ -n $child ]] || return 0
  pkill -KILL -P "$child" || true
  kill -s KILL "$child" || true
}
trap kill_child EXIT
typed() { printf '%b' "$1" >&8; }
shows() { wait_until grep -qF "$1" "$shown"; }
# What is typed before the prompt is back may still belong to the line that Ctrl-C ends.
prompts=0
has_one_more_prompt() { (($(grep -c '^> ' "$shown") > prompts)); }
prompt_again() {
  wait_until has_one_more_prompt
  prompts=$((prompts + 1))
}
begin() {
  rm -f keys
  mkfifo keys
  : >"$shown"
  # exec: dash stays as the parent otherwise, and dies of the SIGINT that opshost has served.
  printf -v line 'exec %q repl' "$OPSHOST"
  "${WITH_SIGINT[@]}" script -qefc "$line" "$shown" <keys >/dev/null 2>&1 &
  child=$!
  exec 8>keys
  prompts=0
  prompt_again
}
ends() {
  status=0
  exec 8>&-
  wait "$child" || status=$?
  child=
  exits "$1" "$2"
}

begin
typed 'kept = 41\n'
prompt_again
typed 'print("sleep" .. "ing") require("ops").sleep("1h")\n'
shows sleeping
typed '\x03'
prompt_again
typed 'kept + 1\n'
prompt_again
typed 'half of a line\x03'
prompt_again
typed 'for i = 1, 2 do\n'
shows ">> "
typed '\x03'
prompt_again
typed 'print("spin" .. "ning") while true do end\n'
shows spinning
typed '\x03'
prompt_again
typed 'kept + 2\n'
prompt_again
holds "what was set before is kept" test "$(grep -Ex $'4[0-9]\r' "$shown")" = $'42\r\n43\r'
holds "an unfinished line is dropped" test -z "$(grep -E "syntax|<eof>" "$shown")"
holds "at the prompt Ctrl-C promises nothing" test "$(grep -cF 'Once more to stop now' "$shown")" = 2
typed 'os.exit(7)\n'
ends 7 "lines were ended four times, the session by its own word"

begin
typed 'function busy() local t = os.clock() while os.clock() < t + 1 do end end\n'
prompt_again
typed 'require("ops").with({ close = busy }, function() print("with" .. "in") require("ops").sleep("1h") end)\n'
shows within
typed '\x03'
shows 'Once more to stop now'
typed '\x03'
ends 130 "the second Ctrl-C in a line ends the session"

begin
# shellcheck disable=SC2016 # for the shell that opshost runs
typed 'print("pid=" .. require("local").read({"sh", "-c", "echo $PPID"}).stdout)\n'
wait_until grep -Eq 'pid=[0-9]+' "$shown"
kill -s TERM "$(grep -Eo 'pid=[0-9]+' "$shown" | cut -d= -f2)"
ends 143 "another signal ends it"
finish
