#!/usr/bin/env bash
# Wrong command lines: what is wrong, the nearest right one, exit code 1; and where a script's own arguments begin.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

run nosuch
exits 1 "an unknown command"
says <<'END'
opshost: unknown command "nosuch"
`opshost --help` shows what there is.
END

run rnu
exits 1 "a misspelt command"
says <<'END'
opshost: unknown command "rnu"; did you mean "run"?
`opshost --help` shows what there is.
END

run run --memroy 1GiB x.lua
exits 1 "a misspelt option"
says <<'END'
opshost: unknown option "--memroy" of run; did you mean "--memory"?
`opshost run --help` shows what there is.
END

run version --lib
exits 1 "a misspelt option of another command"
says <<'END'
opshost: unknown option "--lib" of version; did you mean "--libs"?
`opshost version --help` shows what there is.
END

run run
exits 1 "a missing argument"
says <<'END'
opshost: run needs SCRIPT [ARGUMENT...]
`opshost run --help` shows what there is.
END

run check
exits 1 "a missing argument of check"
says <<'END'
opshost: check needs SCRIPT...
`opshost check --help` shows what there is.
END

run run --memory
exits 1 "an option without its value"
says <<'END'
opshost: --memory needs a value: --memory SIZE
`opshost run --help` shows what there is.
END

run run --memory lots x.lua
exits 1 "a value of the wrong type"
says <<'END'
opshost: --memory takes a size of at least 8MiB ("2GiB"), got "lots"
`opshost run --help` shows what there is.
END

run run --memory 1KiB x.lua
exits 1 "too small a value"
says <<'END'
opshost: --memory takes a size of at least 8MiB ("2GiB"), got "1KiB"
`opshost run --help` shows what there is.
END

run version now
exits 1 "an argument where none is taken"
says <<'END'
opshost: version takes no arguments, got "now"
`opshost version --help` shows what there is.
END

run
exits 0 "no command shows the commands"
holds "each command has its line" grep -q '^  plan      show what a procedure or script would change, and change nothing$' "$TMPDIR/stdout"
cp "$TMPDIR/stdout" overview
run --help
exits 0 "--help"
prints "$(cat overview)"

run run --help
exits 0 "--help of a command"
holds "it shows the usage" grep -qx 'Usage: opshost run \[OPTION...\] SCRIPT \[ARGUMENT...\]' "$TMPDIR/stdout"

echo 'print(table.concat(require("ops").args, "|"))' >args.lua
run run args.lua --target node2 -v --memory=x --help -- -
exits 0 "what follows the script is the script's"
prints '--target|node2|-v|--memory=x|--help|--|-'

run run --memory 64MiB args.lua --memory 1
exits 0 "our options before the script, its own behind"
prints '--memory|1'

run run -- args.lua a ''
exits 0 "-- before the script, an empty argument"
prints 'a|'

run eval 'require("ops").args[1] .. ...' x
exits 0 "arguments of eval"
prints xx

run run - -v 'two words' <<<'print(table.concat(require("ops").args, "|"))'
exits 0 "a script from standard input"
prints '-v|two words'

run eval 'require("local").read(5)'
exits 1 "a parameter of the wrong type"
says <<'END'
opshost: eval:1: local.read: argument 1 "command": expected a program and its arguments ({"ls", "-l"}) or ops.shell "a | b", got number 5 [usage.argument]
What to do: correct the call.
END

run eval 'require("local").read({"ls"}, {timout = 1})'
exits 1 "an unknown field"
says <<'END'
opshost: eval:1: local.read: argument 2 "options": unknown field "timout"; did you mean "timeout"? [usage.argument]
What to do: correct the call.
END

run eval 'require("local").read({"ls"}, {timeout = {}})'
exits 1 "a field of the wrong type"
says <<'END'
opshost: eval:1: local.read: argument 2 "options.timeout": expected duration ("30s", or seconds as a number), got table [usage.argument]
What to do: correct the call.
END

run eval 'require("local").raed({"ls"})'
exits 1 "an unknown function"
says <<'END'
opshost: eval:1: local has no "raed"; did you mean "read"? [usage.unknown_name]
What to do: use the name the message suggests.
END

run eval 'os.exit(300)'
exits 1 "an exit code nobody could see"
says <<'END'
opshost: eval:1: os.exit: argument 1 "code": expected a boolean or an integer from 0 to 255, got 300 [usage.argument]
What to do: correct the call.
END

finish
