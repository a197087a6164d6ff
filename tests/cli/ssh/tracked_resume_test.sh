#!/usr/bin/env bash
# A step's command goes on where it runs although opshost is killed, and a resume asks the host what became of it: it
# never began, it runs, it ended as accepted or otherwise, or nobody can tell.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ssh/tracked_world.sh"

jobs_left() { [[ $(find "$home/.opshost/jobs" -mindepth 2 -maxdepth 2 -name 'opshost.*' 2>/dev/null | wc -l) == "$1" ]]; }
has_ended() { compgen -G "$home/.opshost/jobs/*/opshost.*/code" >/dev/null; }
hide_ids() { sed -Ei "s/[0-9]{8}-[0-9]{6}-[0-9]{3}/RUN/g; s|$world|/WORLD|g; s|$PWD|/PWD|g; s/pid [0-9]+/pid 1/g" "$TMPDIR/stdout" "$TMPDIR/stderr"; }

# killed_in WORDS...: begins a run whose command has begun, and kills opshost then.
killed_in() {
  "$OPSHOST" run "$procedure" "$@" >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" &
  local pid=$!
  wait_until effects 1
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null || true
}
slow="echo x >>$world/log; until [ -e $world/go ]; do sleep 0.05; done; echo over"

# Undisturbed ----------------------------------------------------------------------------------------------------------

fresh
run run "$procedure" --line "echo x >>$world/log"
exits 0 "a step's command"
holds "it ran once" effects 1
holds "its folder is gone once its outcome is recorded" jobs_left 0
holds "the journal says under which name it was tracked" grep -q '"key":"tracked","value":{"module":"ssh","kind":"run","name":"opshost\.' state/runs/*/journal.jsonl

# It still runs --------------------------------------------------------------------------------------------------------

fresh
killed_in --line "$slow"
(sleep 0.5 && touch "$world/go") &
run resume last
exits 0 "a resume waits for the command that runs"
holds "it is not run again" effects 1
holds "its folder is gone" jobs_left 0

fresh
killed_in --line "$slow" --timeout 3s
run resume last
exits 2 "one that runs on beyond the step's time"
hide_ids
holds "says so" grep -q 'one_command.lua:19: Host:run: keyonly@127.9.0.1:12222: job opshost.RUN.1 had not ended after 3s; it runs on (pid 1)' "$TMPDIR/stderr"
touch "$world/go"
run resume last
exits 0 "and the next resume finds its end"
holds "once in all" effects 1

# It ended while nobody listened ---------------------------------------------------------------------------------------

fresh
killed_in --line "$slow"
touch "$world/go"
wait_until has_ended
run resume last
exits 0 "one that ended meanwhile"
holds "is not run again" effects 1

fresh
killed_in --line "$slow; exit 7"
touch "$world/go"
wait_until has_ended
run resume last
exits 2 "one that ended with another code: the step fails with it"
hide_ids
holds "says so" grep -q 'one_command.lua:19: Host:run: keyonly@127.9.0.1:12222: job opshost.RUN.1 ended with exit code 7; nothing on stderr; stdout: over \[ssh.exit\]' "$TMPDIR/stderr"
holds "it is not run again" effects 1

# Nobody can tell ------------------------------------------------------------------------------------------------------

fresh
killed_in --line "$slow"
touch "$world/go"
wait_until has_ended
rm -f "$home"/.opshost/jobs/*/opshost.*/code "$home"/.opshost/jobs/*/opshost.*/pid
run resume last
exits 3 "one that nobody can tell of: a person has to"
hide_ids
holds "what the host said is shown" grep -q 'it was being started when something ended it' "$TMPDIR/stderr"
holds "it is not run again" effects 1
run resume --in-doubt skip last
exits 0 "taken as done"
holds "still once" effects 1
rm -rf "$home"/.opshost/jobs/*/opshost.*

# The host has no setsid, or no place: the command runs all the same, and the journal says that nobody can be asked.

fresh
mkdir -p "$home/.opshost"
chmod 000 "$home/.opshost"
blocked=/var/tmp/opshost-$(id -u "$LAB_SSH_KEY_USER")
rm -rf "$blocked"
touch "$blocked"
run run "$procedure" --line "echo x >>$world/log"
rm -f "$blocked"
chmod 700 "$home/.opshost"
exits 0 "a host without a place for it"
holds "it ran" effects 1
holds "the journal says so" grep -q '"key":"untracked","value":"neither ' state/runs/*/journal.jsonl

# The disk is full that a command is kept on: at its beginning it runs untracked; later it is kept all the same.

on_disk() {
  rm -rf "$home/.opshost"
  mkdir -p "$home/.opshost" "$LAB_SSH_DISK/jobs"
  ln -s "$LAB_SSH_DISK/jobs" "$home/.opshost/jobs"
  chown -Rh "$LAB_SSH_KEY_USER" "$home/.opshost" "$LAB_SSH_DISK/jobs"
}
fresh
on_disk
"$LAB_COMMAND" fill ssh
run run "$procedure" --line "echo x >>$world/log"
"$LAB_COMMAND" empty ssh
exits 0 "a full disk"
holds "it ran" effects 1
holds "the journal says so" grep -q '"key":"untracked","value":"nothing can be written in [^"]*/.opshost/jobs/[^"]*: its disk may be full, or the login.s quota used up"' state/runs/*/journal.jsonl

fresh
on_disk
"$OPSHOST" run "$procedure" --line "${slow%; echo over}" >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" &
pid=$!
wait_until effects 1
"$LAB_COMMAND" fill ssh
touch "$world/go"
status=0
wait "$pid" || status=$?
"$LAB_COMMAND" empty ssh
exits 0 "a disk that is full when the command ends"
rm -rf "$home/.opshost" "$LAB_SSH_DISK/jobs"

finish
