#!/usr/bin/env bash
# stdin, stdout, stderr closed or full; with a terminal and without; no HOME. The run goes on and says so once.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

cat >chatty.lua <<'END'
for i = 1, 20000 do print("line " .. i) end
require("local").write_file("done", "")
END
status=0
{ timeout 60 "$OPSHOST" run chatty.lua 2>"$TMPDIR/stderr" || echo $? >failed; } | head -n 1 >first
exits 0 "stdout closed by head: the pipe ends"
holds "the run went on to its end" test -e "done"
holds "and succeeded" test ! -e failed
holds "head saw its line" test "$(cat first)" = "line 1"
says <<'END'
HH:MM:SS warning: stdout was closed; further output is dropped, the run goes on
END

# A reader that stands still: the script's other fibers go on, and it gets everything once it reads.
cat >two_fibers.lua <<'END'
local ops, machine = require "ops", require "local"
ops.group(function(group)
  group:spawn(function()
    for _ = 1, 50 do print(("x"):rep(99999)) end
  end)
  group:spawn(function()
    for _ = 1, 5 do ops.sleep("5ms") end
    machine.write_file("ticked", "")
  end)
end)
END
timeout 60 "$OPSHOST" run two_fibers.lua 2>"$TMPDIR/stderr" | { wait_until test -e ticked && wc -c >count; }
holds "a reader that stands still holds up no other fiber" test -e ticked
holds "and misses nothing" test "$(tr -d ' ' <count)" = 5000000
says_nothing

rm ticked
mkfifo pipe
exec 7<>pipe  # open for reading, never read
"$OPSHOST" run two_fibers.lua >pipe 2>"$TMPDIR/stderr" 7>&- &
child=$!
wait_until test -e ticked
kill -s INT "$child"
status=0
wait "$child" || status=$?
exec 7>&-
exits 130 "Ctrl-C while the reader of stdout stands still"
holds "it says what is lost" grep -Eq '^[0-9:]{8} warning: the reader of stdout takes nothing; [0-9]+ bytes are dropped$' "$TMPDIR/stderr"

to_closed_stdout() {
  status=0
  timeout 60 "$OPSHOST" "$@" 2>"$TMPDIR/stderr" >&- || status=$?
}
echo 'print "x"' >short.lua
for arguments in "run short.lua" "help" "help local" "version --libs" "eval 1" "check short.lua" "plan short.lua" "scripts" "--help" "types stubs"; do
  # shellcheck disable=SC2086 # the words are the arguments
  to_closed_stdout $arguments
  exits 0 "$arguments: stdout closed before the start"
  says <<'END'
HH:MM:SS warning: stdout was closed; further output is dropped, the run goes on
END
done
holds "types has written its files" test -e stubs/types/local.lua

status=0
timeout 60 "$OPSHOST" run chatty.lua 2>"$TMPDIR/stderr" >/dev/full || status=$?
exits 0 "stdout on a full disk"
says <<'END'
HH:MM:SS warning: stdout cannot be written (No space left on device); further output is dropped, the run goes on
END

status=0
timeout 60 "$OPSHOST" eval 'error("boom")' 2>&- >"$TMPDIR/stdout" || status=$?
exits 1 "stderr closed: the exit code still says it"
prints ""

status=0
{ timeout 60 "$OPSHOST" eval 'require("local").read({"sleep", "0.2"}) error("boom")' 2>&1 >/dev/null || echo $? >code; } | true
wait_until test -e code
holds "stderr closed by its reader: the exit code still says it" test "$(cat code)" = 1

run eval 'io.write(require("local").read({"cat"}).stdout, "end")' <&-
exits 0 "stdin closed: a program reads its end"
prints end
run repl <&-
exits 0 "stdin closed: the REPL ends"
says_nothing
run run - <&-
exits 0 "stdin closed: the script from there is empty"
says_nothing

# What a child inherits stays sane: nothing of ours sits where it expects its stdin, stdout and stderr.
status=0
timeout 60 "$OPSHOST" eval 'require("local").write_file("seen", require("local").read({"sh", "-c", "ls /proc/self/fd | tr \"\\n\" \" \""}).stdout)' <&- >&- 2>&- || status=$?
exits 0 "all three closed"
holds "a child has its three and no more" test "$(cat seen)" = "0 1 2 3 "

escapes() { grep -q $'\e' "$1"; }
on_terminal() { TERM=${TERM-xterm} script -qec "$*" /dev/null; }

# A terminal as stderr, and the warning that stdout is full.
warn="$OPSHOST eval 1 >/dev/full"
on_terminal "$warn" >with_color
holds "a terminal: a warning is coloured" escapes with_color
NO_COLOR=1 on_terminal "$warn" >no_color
TERM=dumb on_terminal "$warn" >dumb_terminal
env -u TERM script -qec "$warn" /dev/null >no_term
for file in no_color dumb_terminal no_term; do
  holds "$file: no escapes" bash -c "! grep -q \$'\\e' $file"
  holds "$file: the same text" grep -q 'warning: stdout cannot be written (No space left on device)' "$file"
done
run eval '1' </dev/null
holds "no terminal: no escapes" bash -c "! grep -q \$'\\e' '$TMPDIR/stderr'"

status=0
env -i "$OPSHOST" eval '1 + 1' >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
exits 0 "an empty environment"
prints 2
says_nothing
status=0
env -u HOME "$OPSHOST" scripts >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
exits 0 "no HOME: scripts"
says_nothing
status=0
env -i "$OPSHOST" repl <<<'1 + 1' >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
exits 0 "no HOME: the REPL"
prints 2

finish
