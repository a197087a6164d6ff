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
"${WITH_SIGINT[@]}" "$OPSHOST" run two_fibers.lua >pipe 2>"$TMPDIR/stderr" 7>&- &
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

# Ctrl-C where the reader of stderr is gone: clean-ups run, the exit code says it.
cat >cleans_up.lua <<'END'
local ops, machine = require "ops", require "local"
ops.with({ close = function() machine.write_file("cleaned", "") end }, function()
  machine.write_file("waiting", "")
  ops.sleep("1h")
end)
END
mkfifo errors
exec 8<>errors
"${WITH_SIGINT[@]}" "$OPSHOST" run cleans_up.lua 2>errors 8>&- &
child=$!
wait_until test -e waiting
exec 8>&-
status=0
kill -s INT "$child"
wait "$child" || status=$?
exits 130 "Ctrl-C with nobody to read stderr"
holds "its clean-up ran" test -e cleaned

# A signal that is ignored stays ignored.
rm waiting
(trap "" HUP && exec "$OPSHOST" run cleans_up.lua 2>"$TMPDIR/stderr") &
child=$!
wait_until test -e waiting
kill -s HUP "$child"
kill -s TERM "$child"
status=0
wait "$child" || status=$?
exits 143 "under nohup a hang-up is nothing, SIGTERM ends it"

# stdout as a socket, which is what a service of systemd has.
rm -f ticked
python3 - "$OPSHOST" <<'END' && status=0 || status=$?
import socket, subprocess, sys, time
ours, theirs = socket.socketpair()
child = subprocess.Popen([sys.argv[1], "run", "two_fibers.lua"], stdout=theirs)
theirs.close()
import os
give_up = time.monotonic() + 20
while not os.path.exists("ticked"):
    if time.monotonic() > give_up: sys.exit("no fiber went on")
    time.sleep(0.02)
read = 0
while piece := ours.recv(1 << 20): read += len(piece)
sys.exit(0 if child.wait() == 0 and read == 5000000 else f"{read} bytes")
END
exits 0 "stdout as a socket whose reader stands still"

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
# on_terminal KIND COMMAND
on_terminal() { TERM=$1 script -qec "$2" /dev/null; }

# A terminal as stderr, and the warning that stdout is full.
warn="$OPSHOST eval 1 >/dev/full"
on_terminal xterm "$warn" >with_color
holds "a terminal: a warning is coloured" escapes with_color
NO_COLOR=1 on_terminal xterm "$warn" >no_color
on_terminal dumb "$warn" >dumb_terminal
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
