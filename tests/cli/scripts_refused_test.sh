#!/usr/bin/env bash
# Files that are not run, each with the reason and what to do.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

run run missing.lua
exits 1 "a missing file"
says <<'END'
opshost: cannot run missing.lua: No such file or directory
END

touch recover.lua
run run recovr.lua
exits 1 "a misspelt file"
says <<'END'
opshost: cannot run recovr.lua: No such file or directory; did you mean "recover.lua"?
END

run run missing
exits 1 "neither a file nor a library"
says <<'END'
opshost: there is neither a file nor a script library "missing"; `opshost scripts` lists the libraries
END

mkdir folder
run run folder
exits 1 "a folder"
says <<'END'
opshost: cannot run folder: it is a folder; name the Lua file in it
END

printf 'local x = 1\nx = = 2\n' >syntax.lua
run run syntax.lua
exits 1 "a syntax error"
says <<'END'
opshost: syntax.lua:2: unexpected symbol near '=' [script.syntax]
What to do: correct the line it names; `opshost check FILE` looks again.
END

printf '\033LJ\002\000' >bytecode.lua
run run bytecode.lua
exits 1 "bytecode"
says <<'END'
opshost: cannot run bytecode.lua: it is bytecode; opshost runs Lua text only, so that what runs can be read
END

run run - <bytecode.lua
exits 1 "bytecode from standard input"
says <<'END'
opshost: cannot run standard input: it is bytecode; opshost runs Lua text only, so that what runs can be read
END

echo 'print "ran"' >open.lua
chmod 666 open.lua
run run open.lua
exits 1 "a script anyone may write"
prints ""
says <<'END'
opshost: cannot run open.lua: anyone may write it, so anyone could run code as you; chmod o-w open.lua
END

echo 'require "open"' >uses_open.lua
run run uses_open.lua
exits 1 "a module anyone may write"
says <<'END'
opshost: uses_open.lua:1: cannot run ./open.lua: anyone may write it, so anyone could run code as you; chmod o-w ./open.lua [script.not_readable]
What to do: the message says why.
END

mkdir shared
chmod 777 shared
echo 'print "ran"' >shared/a.lua
run run shared/a.lua
exits 1 "a script in a folder anyone may write"
says <<'END'
opshost: cannot run shared/a.lua: anyone may write its folder, so anyone could run code as you; chmod o-w shared
END

chmod 1777 shared
run run shared/a.lua
exits 0 "a script in a sticky folder, as /tmp is"
prints ran

head -c 17000000 /dev/zero >large.lua
run run large.lua
exits 1 "a file no script is as long as"
says <<'END'
opshost: cannot run large.lua: it is longer than 16MiB, which no script is
END

ln -s loop.lua loop.lua
run run loop.lua
exits 1 "a link to itself"
says <<'END'
opshost: cannot run loop.lua: Too many levels of symbolic links
END

: >empty.lua
run run empty.lua
exits 0 "an empty file does nothing"
prints ""
says_nothing

printf '#!/usr/bin/env -S opshost run\nprint "first line skipped"\n' >interpreter.lua
run run interpreter.lua
exits 0 "a script with an interpreter line"
prints "first line skipped"

printf '\xef\xbb\xbfprint "mark skipped"' >bom.lua
run run bom.lua
exits 0 "a script with a byte order mark"
prints "mark skipped"

finish
