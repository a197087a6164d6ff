#!/usr/bin/env bash
# opshost preflight: hosts of the inventory and of parameters are reached before the first change, and what is wrong with
# any of them is said, of all of them at once.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

cat >p.lua <<'END'
local procedure = require "ops.procedure"
return procedure.define {
  summary = "x", api = 1, uses = { ssh = "change" },
  params = { target = procedure.param.host { doc = "x", optional = true } },
  run = function() error("preflight runs nothing") end,
}
END

# host NAME ADDRESS USER KNOWN_HOSTS [PORT]
host() {
  printf '    %s: {ansible_host: %s, ansible_port: %d, ansible_user: %s, key: "%s", known_hosts: "%s"}\n' "$1" "$2" \
    "${5:-$LAB_SSH_PORT}" "$3" "$LAB_SSH_KEY" "$4"
}
key_of() { cut -d' ' -f1,2 "$1"; }
fingerprint() { ssh-keygen -lf "$1" | cut -d' ' -f2; }
touch no_keys
echo "[127.9.0.3]:$LAB_SSH_PORT $(key_of "$LAB_SSH_KEYS/user_ed25519.pub")" >wrong_keys
{
  echo "all:"
  echo "  hosts:"
  host good 127.9.0.1 "$LAB_SSH_KEY_USER" "$LAB_SSH_KNOWN_HOSTS"
  host stranger 127.9.0.2 "$LAB_SSH_KEY_USER" "$PWD/no_keys"
  host changed 127.9.0.3 "$LAB_SSH_KEY_USER" "$PWD/wrong_keys"
  host refused 127.9.0.4 nosuchuser "$LAB_SSH_KNOWN_HOSTS"
  host closed 127.9.0.5 "$LAB_SSH_KEY_USER" "$LAB_SSH_KNOWN_HOSTS" 1
} >site.yaml

# Without the disk's space, which is another everywhere.
seen() { sed -E -i 's/^(ok      journal space: )[0-9]+[GM]iB free in .*/\1some/' "$TMPDIR/stdout"; }

run preflight --inventory site.yaml --limit good p.lua --target good
exits 0 "a host that is as it should be"
seen
prints "ok      journal space: some
ok      module ssh: there
ok      inventory site.yaml: 1 host
ok      host good, ssh: host key and credentials accepted
ok      host good, clock: within 2 s of this machine's"

run preflight --inventory site.yaml p.lua --target elsewhere
exits 5 "hosts of which something is wrong"
seen
shown=$(fingerprint "$LAB_SSH_KEYS/host_ed25519.pub")
prints "ok      journal space: some
ok      module ssh: there
ok      inventory site.yaml: 5 hosts
not ok  host elsewhere: it is not in the inventory site.yaml
ok      host good, ssh: host key and credentials accepted
ok      host good, clock: within 2 s of this machine's
not ok  host stranger, ssh: $LAB_SSH_KEY_USER@127.9.0.2:$LAB_SSH_PORT: host key: its host key is unknown: ssh-ed25519 $shown is not in $PWD/no_keys. Compare it with what the host's console shows (ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub), then store it: opshost hosts scan [127.9.0.2]:$LAB_SSH_PORT --known-hosts $PWD/no_keys --store, or host_key = \"accept-new\" for this connection
not ok  host changed, ssh: $LAB_SSH_KEY_USER@127.9.0.3:$LAB_SSH_PORT: host key: its host key changed: it shows ssh-ed25519 $shown, $PWD/wrong_keys:1 has ssh-ed25519 $(fingerprint "$LAB_SSH_KEYS/user_ed25519.pub"): someone may listen in. Ask who runs it; if it was reinstalled, delete that line
not ok  host refused, ssh: nosuchuser@127.9.0.4:$LAB_SSH_PORT: auth: the server refused key $LAB_SSH_KEY (ssh-ed25519); it takes publickey,password,keyboard-interactive
not ok  host closed, ssh: $LAB_SSH_KEY_USER@127.9.0.5:1: connect: 127.9.0.5 port 1: connection refused"

# Without an inventory the names are ssh's own, each looked at once.
mkdir -p "$HOME/.ssh"
printf 'Host good\n  HostName 127.9.0.1\n  Port %d\n  User %s\n  IdentityFile %s\n  UserKnownHostsFile %s\n' "$LAB_SSH_PORT" \
  "$LAB_SSH_KEY_USER" "$LAB_SSH_KEY" "$LAB_SSH_KNOWN_HOSTS" >"$HOME/.ssh/config"
sed 's/target = /also = procedure.param.hosts { doc = "x" }, target = /' p.lua >two.lua
run preflight two.lua --also good,good --target good
exits 0 "names of ssh_config"
holds "one of each" test "$(grep -c 'host good, ssh' "$TMPDIR/stdout")" = 1

# A host that a parameter names beside the limit is looked at, too.
run preflight --inventory site.yaml --limit good p.lua --target closed
exits 5 "a host of the parameters that the limit leaves out"
holds "it was reached for" grep -q '^not ok  host closed, ssh: .*: connection refused$' "$TMPDIR/stdout"

run preflight --json --inventory site.yaml --limit closed p.lua
exits 5 "the same as JSON"
holds "the list of checks" python3 -c 'import json, sys
checks = json.load(open(sys.argv[1]))
assert [check["what"] for check in checks][2:] == ["inventory site.yaml", "host closed, ssh"], checks
assert [check["fine"] for check in checks] == [True, True, True, False], checks' "$TMPDIR/stdout"

# bash under sshd reads this before each command.
home=$(getent passwd "$LAB_SSH_KEY_USER" | cut -d: -f6)
trap 'rm -f "$home/.bashrc"' EXIT
cat >"$home/.bashrc" <<'END'
date() { echo $(($(command date +%s) - 100)); }
export -f date
END
run preflight --inventory site.yaml --limit good p.lua
exits 5 "a clock that is wrong"
holds "by how much" grep -Eqx "not ok  host good, clock: (99|100|101) s behind this machine's; look at the time service of both" "$TMPDIR/stdout"
finish
