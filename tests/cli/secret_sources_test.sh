#!/usr/bin/env bash
# Where secrets come from, and what is refused as a source. No message has the value.
# shellcheck disable=SC2016  # Lua and sh inside of quotes
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

# secret SOURCE
secret() { run eval 'local ops = require "ops" print(ops.secret.'"$1"')'; }

# refused "what" MESSAGE ADVICE
refused() {
  exits "${status_of_refusal:-2}" "$1"
  says <<END
opshost: eval:1: $2
What to do: $3.
END
  prints ""
}

export TOKEN=not-for-eyes EMPTY=
secret 'env("TOKEN")'
exits 0 "from the environment"
prints '<***>'
secret 'env("TOKNE")'
refused "a variable that is not set" \
  'ops.secret.env: the environment has no variable TOKNE; did you mean "TOKEN"? [secret.not_found]' \
  "put it there, or correct the name"
secret 'env("EMPTY")'
refused "an empty variable" 'ops.secret.env: the variable EMPTY of the environment is empty [secret.not_found]' \
  "put it there, or correct the name"

(umask 077 && echo not-for-eyes >private && : >empty && head -c 1048577 /dev/zero | tr '\0' x >huge)
secret 'file("private")'
exits 0 "from a file"
prints '<***>'
for mode in 0604 0640 0602 0660 0777; do
  chmod "$mode" private
  secret 'file("private")'
  refused "a file of mode $mode" \
    "ops.secret.file: private: its mode is $mode, so others can read it; chmod 0600 private [secret.not_private]" \
    "chmod 0600 the file, and make it yours"
done
chmod 0400 private
secret 'file("private")'
exits 0 "a file of mode 0400"
if ((EUID == 0)); then
  chown nobody private
  secret 'file("private")'
  refused "another user's file" \
    'ops.secret.file: private: it belongs to another user, who can change it [secret.not_private]' \
    "chmod 0600 the file, and make it yours"
fi
secret 'file("nothing")'
refused "no file" 'ops.secret.file: nothing: No such file or directory [secret.not_found]' \
  "put it there, or correct the name"
secret 'file("empty")'
refused "an empty file" 'ops.secret.file: file empty gave an empty secret [secret.empty]' "put it there"
secret 'file("huge")'
refused "a huge file" 'ops.secret.file: huge: it is longer than 1MiB, which no secret is [secret.too_large]' \
  "name what gives the secret alone"
mkdir -m 0700 folder
secret 'file("folder")'
refused "a folder" 'ops.secret.file: folder: it is no regular file [secret.not_private]' \
  "chmod 0600 the file, and make it yours"
mkfifo -m 0600 fifo
secret 'file("fifo")'
refused "a fifo nobody writes to" 'ops.secret.file: fifo: it is no regular file [secret.not_private]' \
  "chmod 0600 the file, and make it yours"
secret 'file("")'
status_of_refusal=1 refused "no path" 'ops.secret.file: argument 1 "path": "" is no path [usage.argument]' \
  "correct the call"

secret 'command({ "printf", "not-for-eyes" })'
exits 0 "from a command"
prints '<***>'
secret 'command({ "sh", "-c", "echo not-for-eyes; echo no key found >&2; exit 4" })'
exits 2 "a command that fails"
holds "its words without its output" test "$(head -n 1 "$TMPDIR/stderr")" = \
  'opshost: eval:1: {"sh", "-c", "echo not-for-eyes; echo no key found >&2; exit 4"}: it ended with exit code 4 and wrote to its error output: no key found [secret.command]'
secret 'command({ "sleep", "1000" }, { timeout = 0.2 })'
refused "a command that hangs" '{"sleep", "1000"}: it gave no answer in time and was ended [secret.command]' \
  "run it by hand; its own words are in the message"
secret 'command({ "true" })'
exits 2 "a command that says nothing"
secret 'command({ "no-such-program" })'
exits 2 "a command that is not there"

secret 'command({ "sh", "-c", "echo HEAD; head -c 2000000 /dev/zero | tr \"\\\\0\" x" })'
exits 2 "a command that prints without end"
holds "its end is no secret" test "$(head -n 1 "$TMPDIR/stderr" | sed 's/.*}: //')" = \
  'it printed more than 1MiB, which no secret is [secret.too_large]'

secret 'input("Password of admin")'
exits 3 "nobody to ask"
says <<'END'
opshost: eval:1: ops.secret.input: "Password of admin" needs a person's answer, and there is no terminal; ops.secret.env, .file and .command need neither [answer.needed]
What to do: run it on a terminal, or answer as the message says.
END

# At a terminal: what is typed is not shown.
mkfifo keys
: >typed.txt
script -qfec "$OPSHOST eval 'print(require(\"ops\").secret.input(\"Password of admin\"), \"typed-word\")'" typed.txt \
  <keys >"$TMPDIR/screen" &
asking=$!
exec 3>keys
wait_until grep -q 'Password of admin: ' typed.txt
echo typed-word >&3
holds "a person's answer ends it" wait "$asking"
exec 3>&-
holds "it is not shown, and is a secret from then on" test \
  "$(tr -d '\r' <typed.txt | sed '/^Script /d' | tr '\n' '|')" = 'Password of admin: |<***>'$'\t''***||'

for reference in env:TOKEN file:private2 "command:printf not-for-eyes"; do
  (umask 077 && echo not-for-eyes >private2)
  secret "from(\"$reference\")"
  exits 0 "by reference: $reference"
  prints '<***>'
done
for reference in hunter2-itself env: file: command: "command: " ENV:X; do
  secret "from(\"$reference\")"
  exits 2 "no reference: $reference"
  holds "it is not repeated" bash -c '! grep -F hunter2 "$TMPDIR/stderr"'
done

finish
