#!/usr/bin/env bash
# eval: one piece of Lua. repl: lines of it, here through a pipe.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

shows() {
  run eval "$1"
  exits 0 "eval $1"
  prints "$2"
  says_nothing
}

shows '1 + 1' 2
shows 'return 1 + 1' 2
shows '1, nil, "x"' $'1\nnil\nx'
shows 'local x = 5' ''
shows 'print "said"' said
shows '1 -- a comment' 1
shows '1;' 1
shows '{a = 1}' '{a = 1}'
shows '1 +
1' 2
shows 'require("local").read({"echo", "hi"}).stdout' hi

run eval 'local x = '
exits 1 "eval of half a statement"
says <<'END'
opshost: eval:1: unexpected symbol near '<eof>' [script.syntax]
What to do: correct the line it names; `opshost check FILE` looks again.
END

run repl <<'END'
x = 1
x + 1
function double(n)
  return 2 * n
end
double(21)
{1,
 2}
for i = 1, 2 do
  print("line " .. i)
end
1 +
2
"a", nil
END
exits 0 "the REPL keeps what lines set, and goes on where one is unfinished"
prints $'2\n42\n{1, 2}\nline 1\nline 2\n3\na\nnil'
says_nothing

run repl <<'END'
error("first")
print("still there")
os.execute("ls")
require("local").raed({"ls"})
END
exits 1 "errors do not end it; off a terminal its exit code is that of the first"
prints "still there"
says <<'END'
opshost: repl:1: first
What to do: look at the line it names.
opshost: repl:1: attempt to call field 'execute' (a nil value)
What to do: scripts have no os.execute; use local.read or local.run, which have a timeout and appear in plans.
opshost: repl:1: local has no "raed"; did you mean "read"? [usage.unknown_name]
What to do: use the name the message suggests.
END

run repl <<'END'
local x = 1
x
END
exits 1 "a local of an earlier line"
says <<'END'
opshost: repl:1: variable "x" is not declared [script.undeclared]
What to do: write `local` before its first use.
Here a `local` ends with its line: write `name = value`.
END

run repl <<'END'
require("local").read({"false"})
error("later")
END
exits 2 "the first failure was a command's"

run repl <<'END'
os.exit(7)
print("not reached")
END
exits 7 "os.exit ends it"
prints ""
says_nothing

run repl <<<'function f('
exits 1 "an end in the middle"
prints ""
says <<'END'
opshost: repl:1: <name> or '...' expected near '<eof>' [script.syntax]
What to do: correct the line it names; `opshost check FILE` looks again.
END

run repl <<<'help local.read'
exits 0 "help inside"
holds "it is the command's help" cmp -s "$TMPDIR/stdout" <("$OPSHOST" help local.read)

run repl --observe-only <<<'require("local").run({"touch", "changed"})'
exits 5 "a change under --observe-only"
holds "nothing was changed" test ! -e changed

run repl --memory 64MiB <<'END'
string.rep("x", 1e9)
1 + 1
END
exits 1 "running out of memory does not end it"
prints 2

run repl <<<''
exits 0 "an empty line"
prints ""
says_nothing

# On a terminal what destroys is confirmed by the person there.
touch kept gone
on_terminal repl <<'END'
require("local").delete("kept")
perhaps
no
require("local").delete("gone")
yes
END
exits 0 "a terminal"
holds "it asks" grep -qF 'About to destroy: local.delete("kept"). Go on? [y/N]' "$TMPDIR/stdout"
holds "and again until it understands" grep -qF 'Please type yes or no. [y/N]' "$TMPDIR/stdout"
holds "a no is a no" test -e kept
holds "and says so" grep -qF 'local.delete("kept") was not confirmed; nothing was sent [gate.not_confirmed]' "$TMPDIR/stdout"
holds "a yes is a yes" test ! -e gone

finish
