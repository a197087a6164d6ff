#!/usr/bin/env bash
# opshost hosts scan: shows host keys, stores new ones when told to, never a changed one.
set -euo pipefail

fail() {
  echo "$1" >&2
  exit 1
}
scan() { "$OPSHOST" hosts scan "127.9.0.1:$LAB_SSH_PORT" --known-hosts "$PWD/known" "$@"; }

shown=$(ssh-keygen -lf "$LAB_SSH_KEYS/host_ed25519.pub" | cut -d' ' -f2)
wanted="[127.9.0.1]:$LAB_SSH_PORT  ssh-ed25519  $shown"

grep -qF "$wanted  new" <(scan 2>/dev/null) || fail "a new key is not shown"
[[ ! -e known ]] || fail "it was stored without --store"
scan --store >/dev/null
grep -qF "$wanted  known" <(scan) || fail "a stored key is not known"

key=$(cut -d' ' -f1,2 "$LAB_SSH_KEYS/user_ed25519.pub")
echo "[127.9.0.1]:$LAB_SSH_PORT $key" >known
code=0
output=$(scan --store 2>/dev/null) || code=$?
[[ $code == 5 ]] || fail "exit code $code of a changed key"
grep -qF "$wanted  CHANGED" <<<"$output" || fail "a changed key is not shown as such: $output"
if grep -qF "$(cut -d' ' -f2 "$LAB_SSH_KEYS/host_ed25519.pub")" known; then fail "a changed key was stored"; fi

code=0
"$OPSHOST" hosts scan 127.0.0.1:1 --known-hosts "$PWD/known" 2>/dev/null || code=$?
[[ $code == 4 ]] || fail "exit code $code of an unreachable host"

# The hosts of an inventory.
cat >site.yaml <<END
all:
  hosts:
    inner: { ansible_host: 127.9.0.9, via: db1 }
  children:
    db:
      hosts:
        db1: { ansible_host: 127.9.0.1, ansible_port: $LAB_SSH_PORT }
        db2: { ansible_host: 127.9.0.2, ansible_port: $LAB_SSH_PORT }
END
chmod 644 site.yaml
rm -f known
"$OPSHOST" hosts scan --inventory site.yaml --limit @db --known-hosts "$PWD/known" --store >/dev/null || fail "a scan of an inventory"
for i in 1 2; do grep -q "^\[127.9.0.$i\]:$LAB_SSH_PORT ssh-ed25519 " known || fail "127.9.0.$i is not stored"; done
code=0
"$OPSHOST" hosts scan --inventory site.yaml --known-hosts "$PWD/known" >out 2>err || code=$?
[[ $code == 4 ]] || fail "exit code $code where a host is behind another"
grep -qx "inner: it is reached through db1, and a scan connects directly: run it there" err || fail "$(cat err)"
grep -qF "[127.9.0.2]:$LAB_SSH_PORT  ssh-ed25519  $shown  known" out || fail "$(cat out)"
code=0
"$OPSHOST" hosts scan --inventory no-such.yaml 2>err || code=$?
[[ $code == 1 ]] || fail "exit code $code of an inventory that is not there: $(cat err)"
