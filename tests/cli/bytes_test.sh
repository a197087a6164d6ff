#!/usr/bin/env bash
# Bytes that are no UTF-8, and NUL bytes, in every string that comes in or goes out. A message shows them escaped; what a
# script prints leaves as it is; JSON is always valid. (`prints` shows a NUL as @.)
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

bad=$'\xff\xfe'

run "$bad"
exits 1 "a command"
says <<'END'
opshost: unknown command "\xff\xfe"
`opshost --help` shows what there is.
END

run run "--$bad" x.lua
exits 1 "an option"
says <<'END'
opshost: unknown option "--\xff\xfe" of run
`opshost run --help` shows what there is.
END

run run --memory "$bad" x.lua
exits 1 "an option's value"
says <<'END'
opshost: --memory takes a size of at least 8MiB ("2GiB"), got "\xff\xfe"
`opshost run --help` shows what there is.
END

run run "$bad.lua"
exits 1 "the name of a missing file"
says <<'END'
opshost: cannot run \xff\xfe.lua: No such file or directory
END

run help "$bad"
exits 1 "a topic of help"

echo 'error("here")' >"$bad.lua"
run run "$bad.lua"
exits 1 "the name of a script"
says <<'END'
opshost: \xff\xfe.lua:1: here
What to do: look at the line it names.
END

run run --json "$bad.lua"
exits 1 "the name of a script in JSON"
prints $'{"error":{"code":"script.error","message":"here","op":"","target":"","at":"\xef\xbf\xbd\xef\xbf\xbd.lua:1","retryable":false,"maybe_applied":false,"detail":null,"advice":"look at the line it names","exit_code":1}}'

run run "$bad.lua" $'\e[31m'
says <<'END'
opshost: \xff\xfe.lua:1: here
What to do: look at the line it names.
END

echo 'io.write(...)' >echo.lua
run run echo.lua "$bad"
exits 0 "an argument of the script"
prints "$bad"

run eval 'io.write("a\0b\255")'
exits 0 "what a script prints"
prints $'a@b\xff'

run eval 'error("a\0b\255\27[31m")'
exits 1 "the text of an error"
says <<'END'
opshost: eval:1: a\x00b\xff\x1b[31m
What to do: look at the line it names.
END

run eval 'undeclared'"$bad"
exits 1 "the name of a variable"
says <<'END'
opshost: eval:1: variable "undeclared\xff\xfe" is not declared [script.undeclared]
What to do: write `local` before its first use.
END

run eval 'require "a\0b"'
exits 1 "the name of a module"
says <<'END'
opshost: eval:1: there is no module "a\x00b"; `opshost help` lists the bindings, `opshost scripts` the script libraries [script.no_module]
What to do: use the name the message suggests.
END

run eval 'dofile "echo.lua\0b"'
exits 1 "a NUL does not cut the name of a file short"
says <<'END'
opshost: eval:1: cannot run echo.lua\x00b: its name has a NUL byte, which no file's has [script.not_readable]
What to do: the message says why.
END

run eval 'require("local").read({"cat", "a\0b"})'
exits 1 "an argument of a command"
says <<'END'
opshost: eval:1: local.read: word 2 of the command has a NUL byte, which no program can be given [usage.argument]
What to do: correct the call.
END

run eval 'require("local").read({"env"}, {env = {NAME = "a\0b"}})'
exits 1 "a value of the environment"
says <<'END'
opshost: eval:1: local.read: env.NAME has a NUL byte, which no program can be given [usage.argument]
What to do: correct the call.
END

run eval 'require("local").read({"env"}, {env = {["A\0B"] = "x"}})'
exits 1 "a name in the environment"
says <<'END'
opshost: eval:1: local.read: env: "A\x00B" is no name of a variable [usage.argument]
What to do: correct the call.
END

run eval 'require("local").read({"pwd"}, {cwd = "/\0"})'
exits 1 "a folder to work in"
says <<'END'
opshost: eval:1: local.read: cwd is "/\x00", which is no path [usage.argument]
What to do: correct the call.
END

run eval 'require("local").read_file("a\0b")'
exits 1 "a path"

run eval 'io.write(require("local").read({"printf", "%s|a\\0b", "\255\254"}).stdout)'
exits 0 "the arguments and output of a program"
prints "$bad|a@b"

run eval 'io.write(require("local").read({"cat"}, {stdin = "a\0b\255"}).stdout)'
exits 0 "the input of a program"
prints $'a@b\xff'

run eval 'io.write(require("local").read({"printenv", "NAME"}, {env = {NAME = "\255\254"}}).stdout)'
exits 0 "a value of the environment goes through"
prints "$bad"

NAME=$bad run eval 'io.write(os.getenv("NAME"))'
exits 0 "our own environment"
prints "$bad"

OPSHOST_SCRIPTS=$bad HOME=$bad XDG_CONFIG_HOME=$bad run eval '1'
exits 0 "folders in our environment"

printf 'print(#"a\0b")' >nul.lua
run run nul.lua
exits 0 "a NUL in a string of a script"
prints 3

printf 'local x\0 = 1' >nul_in_code.lua
run run nul_in_code.lua
exits 1 "a NUL in a script's code"

run check nul_in_code.lua
exits 1 "check of it"

head -c 100000 /dev/urandom | tr -d '\033' >random.lua
run run random.lua
exits 1 "random bytes"
run check random.lua
exits 1 "check of random bytes"

run run --log log.json echo.lua "$bad"
exits 0 "bytes while logging"

finish
