#!/usr/bin/env bash
# tools/demo where it cannot run: it says what is missing, and which examples need no servers; nothing was installed.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

# A tree of its own: what the demo would call is not there, or fails.
mkdir -p tree/tools
cp "$OPSHOST_SOURCE/tools/demo" tree/tools/demo
demo() {
  status=0
  OS_RELEASE=$PWD/os-release tree/tools/demo >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
}
EXAMPLES="
These examples need no servers (make builds opshost; it needs no root once the packages are there):

  build/release/opshost run examples/look_around.lua
  build/release/opshost run examples/edit_a_file.lua
  build/release/opshost run examples/many_at_once.lua
  build/release/opshost run examples/wait_with_deadline.lua"
root=
((EUID == 0)) || root="root, to make namespaces and run servers in them (you are $(id -un)): sudo make demo"$'\n'

while IFS='|' read -r file name; do
  printf "%b" "$file" >os-release
  demo
  exits 77 "on $name"
  prints "
The demo cannot run here: it lacks ${root}Debian 12, whose packages the site is made of (this is $name)
$EXAMPLES"
  says </dev/null
done <<'END'
ID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\n|Ubuntu 22.04.5 LTS
ID=debian\nVERSION_ID="11"\nPRETTY_NAME="Debian GNU/Linux 11 (bullseye)"\n|Debian GNU/Linux 11 (bullseye)
ID=debian\nPRETTY_NAME="Debian GNU/Linux trixie/sid"\n|Debian GNU/Linux trixie/sid
ID=arch\n|arch
END
[[ -z $root ]] || finish

printf 'ID=debian\nVERSION_ID="12"\n' >os-release
printf '#!/bin/sh\necho "E: Unable to fetch some archives" >&2\nexit 100\n' >tree/tools/install-packages
chmod +x tree/tools/install-packages
demo
exits 77 "packages that cannot be installed"
prints "
== packages

The demo cannot run here: the packages could not be installed (exit code 100); what apt said is above
$EXAMPLES"
says <<'END'
E: Unable to fetch some archives
END
finish
