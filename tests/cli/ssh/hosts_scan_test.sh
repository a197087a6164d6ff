#!/usr/bin/env bash
# opshost hosts scan: shows host keys, stores new ones when told to, never a changed one.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

fail() {
  echo "$1" >&2
  exit 1
}
scan() { "$OPSHOST" hosts scan "127.9.0.1:$LAB_SSH_PORT" --known-hosts "$PWD/known" "$@"; }

shown=$(ssh-keygen -lf "$LAB_SSH_KEYS/host_ed25519.pub" | cut -d' ' -f2)
wanted="[127.9.0.1]:$LAB_SSH_PORT  ssh-ed25519  $shown"

grep -qF "$wanted  new" <(scan 2>/dev/null) || fail "a new key is not shown"
[[ ! -e known ]] || fail "it was stored without --store"
scan --store >out 2>err
[[ $(<err) == "Stored: $(grep -c '  new$' out) new." ]] || fail "what was stored: $(<err)"
grep -qF "$wanted  known" <(scan) || fail "a stored key is not known"

key=$(cut -d' ' -f1,2 "$LAB_SSH_KEYS/user_ed25519.pub")
echo "[127.9.0.1]:$LAB_SSH_PORT $key" >known
code=0
output=$(scan --store 2>/dev/null) || code=$?
[[ $code == 5 ]] || fail "exit code $code of a changed key"
grep -qF "$wanted  CHANGED" <<<"$output" || fail "a changed key is not shown as such: $output"
# None of its other keys either: they are no more than the one that changed.
if grep -qE '  (new|known)$' <<<"$output"; then fail "a key beside a changed one passes: $output"; fi
[[ $(<known) == "[127.9.0.1]:$LAB_SSH_PORT $key" ]] || fail "known_hosts was changed: $(<known)"

# So does a known key that is not shown any more.
ssh-keygen -q -t ecdsa -b 384 -N '' -f other
echo "[127.9.0.1]:$LAB_SSH_PORT $(cut -d' ' -f1,2 other.pub)" >known
before=$(<known)
code=0
output=$(scan --store 2>err) || code=$?
[[ $code == 5 ]] || fail "exit code $code where no known key is shown: $output"
if grep -qE '  (new|known)$' <<<"$output"; then fail "keys beside none that is known: $output"; fi
[[ $(<known) == "$before" ]] || fail "known_hosts was changed: $(<known)"
grep -qF "None of these is stored" err || fail "$(<err)"

# An RSA key that is known and that this libssh2 cannot ask for says nothing of the others: they are new, and that they
# were compared with nothing is told. Where it can be asked for it is compared.
library="libssh2 $(dpkg-query -W -f '${Version}' libssh2-1 | sed 's/-.*//')"
rsa=$(cut -d' ' -f1,2 "$LAB_SSH_KEYS/host_rsa.pub")
echo "[127.9.0.1]:$LAB_SSH_PORT $rsa" >known
output=$(scan 2>err) || fail "exit code $? where only an RSA key is known: $output"
grep -qF "$wanted  new" <<<"$output" || fail "a key beside an RSA one: $output"
grep -qxF "[127.9.0.1]:$LAB_SSH_PORT: known_hosts has its key of type ssh-rsa only, which $library cannot check (RSA keys only in the old way, SHA-1): the keys above were compared with nothing" err || fail "$(<err)"
legacy() { "$OPSHOST" hosts scan "127.0.0.1:$LAB_SSH_LEGACY_PORT" --known-hosts "$PWD/known"; }
echo "[127.0.0.1]:$LAB_SSH_LEGACY_PORT $rsa" >known
output=$(legacy 2>err) || fail "exit code $? of a known RSA key that is shown: $output"
grep -q "  ssh-rsa  .*  known$" <<<"$output" || fail "a known RSA key: $output"
if grep -q "compared with nothing" err; then fail "it was compared: $(<err)"; fi
ssh-keygen -q -t rsa -N '' -f other_rsa
echo "[127.0.0.1]:$LAB_SSH_LEGACY_PORT $(cut -d' ' -f1,2 other_rsa.pub)" >known
code=0
output=$(legacy 2>/dev/null) || code=$?
[[ $code == 5 ]] || fail "exit code $code of a changed RSA key: $output"

# Beside a key that is known the others are new.
echo "[127.9.0.1]:$LAB_SSH_PORT $(cut -d' ' -f1,2 "$LAB_SSH_KEYS/host_ecdsa.pub")" >known
output=$(scan --store) || fail "a new key beside a known one"
grep -qF "$wanted  new" <<<"$output" || fail "a new key beside a known one: $output"
[[ $(wc -l <known) == 2 ]] || fail "the new key is not stored: $(<known)"

# A relative path is a file in the folder where we are.
"$OPSHOST" hosts scan "127.9.0.1:$LAB_SSH_PORT" --known-hosts relative --store >/dev/null
[[ -f relative ]] || fail "a relative known_hosts path"

# Comments end a line of --file; what else is no host says so.
printf '# all\n\n127.9.0.1:%s   # db\n' "$LAB_SSH_PORT" >hosts
"$OPSHOST" hosts scan --file hosts --known-hosts "$PWD/known" | grep -qF "$wanted  known" || fail "a line with a comment"
echo "two words" >hosts
code=0
"$OPSHOST" hosts scan --file hosts 2>err || code=$?
[[ $code == 1 ]] || fail "exit code $code of a line that is no host"
grep -qF 'host is "two words", which is no name or address of a host' err || fail "$(<err)"

for word in 127.9.0.1:abc 127.9.0.1:99999 127.9.0.1: a,b; do
  code=0
  "$OPSHOST" hosts scan "$word" 2>err || code=$?
  [[ $code == 1 ]] || fail "exit code $code of $word"
  grep -qF "\"$word\" is no host: give NAME or NAME:PORT" err || fail "$(<err)"
done
for word in db1:0 "a b@db1" @db1; do
  code=0
  "$OPSHOST" hosts scan "$word" 2>err || code=$?
  [[ $code == 1 ]] || fail "exit code $code of $word: $(<err)"
done
code=0
"$OPSHOST" hosts scan --limit db1 127.9.0.1 2>err || code=$?
[[ $code == 1 ]] || fail "exit code $code of --limit without an inventory"
grep -qF -- "--limit selects from an inventory; name it with --inventory FILE" err || fail "$(<err)"

# A host behind another, as ssh_config has it: that one is logged in to, so it has to be known.
mkdir -p "$HOME/.ssh"
jump="127.9.0.7:$LAB_SSH_PORT"
cat >"$HOME/.ssh/config" <<END
Host inner
  HostName 127.9.0.8
  Port $LAB_SSH_PORT
  ProxyJump $LAB_SSH_KEY_USER@$jump
Host *
  IdentityFile $LAB_SSH_KEY
END
rm -f known
code=0
"$OPSHOST" hosts scan inner --known-hosts "$PWD/known" >out 2>err || code=$?
[[ $code == 4 ]] || fail "exit code $code where the host on the way is unknown"
[[ ! -s out ]] || fail "keys behind an unknown host: $(<out)"
grep -q "^$LAB_SSH_KEY_USER@$jump: host key: .*opshost hosts scan \[127.9.0.7\]:$LAB_SSH_PORT --known-hosts" err || fail "$(<err)"
"$OPSHOST" hosts scan "$jump" --known-hosts "$PWD/known" --store >/dev/null
"$OPSHOST" hosts scan inner --known-hosts "$PWD/known" --store >out
grep -qF "[127.9.0.8]:$LAB_SSH_PORT  ssh-ed25519  $shown  new" out || fail "a host behind another: $(<out)"
"$OPSHOST" hosts scan inner --known-hosts "$PWD/known" >out
grep -qF "[127.9.0.8]:$LAB_SSH_PORT  ssh-ed25519  $shown  known" out || fail "a host behind another, stored: $(<out)"
# It is that way that it goes.
sed -i "s/ProxyJump .*/ProxyJump $LAB_SSH_KEY_USER@127.9.0.7:1/" "$HOME/.ssh/config"
code=0
"$OPSHOST" hosts scan inner --known-hosts "$PWD/known" 2>err || code=$?
[[ $code == 4 ]] || fail "exit code $code where the host on the way is down"
grep -q "^$LAB_SSH_KEY_USER@127.9.0.7:1: connect: " err || fail "$(<err)"

# A server that says nothing.
printf 'Host *\n  ConnectTimeout 1\n' >"$HOME/.ssh/config"
code=0
"$OPSHOST" hosts scan "$LAB_RUDE_ADDRESS:$LAB_RUDE_SILENT_PORT" 2>err || code=$?
[[ $code == 4 ]] || fail "exit code $code of a silent server"
grep -qx "$(id -un)@$LAB_RUDE_ADDRESS:$LAB_RUDE_SILENT_PORT: key exchange: no answer within 1s (connect_timeout)" err || fail "$(<err)"

# Ctrl-C while it waits for one.
printf 'Host *\n  ConnectTimeout 300\n' >"$HOME/.ssh/config"
"${WITH_SIGINT[@]}" "$OPSHOST" hosts scan "$LAB_RUDE_ADDRESS:$LAB_RUDE_SILENT_PORT" 2>err &
scan=$!
port=$(printf '%04X' "$LAB_RUDE_SILENT_PORT")
wait_until grep -qE "^ *[0-9]+: [0-9A-F:]+ [0-9A-F]{8}:$port 01 " /proc/net/tcp || fail "it does not connect: $(<err)"
kill -INT "$scan"
code=0
wait "$scan" || code=$?
[[ $code == 130 ]] || fail "exit code $code of Ctrl-C: $(<err)"
rm "$HOME/.ssh/config"

code=0
"$OPSHOST" hosts scan 127.0.0.1:1 --known-hosts "$PWD/known" 2>/dev/null || code=$?
[[ $code == 4 ]] || fail "exit code $code of an unreachable host"

# The hosts of an inventory.
cat >site.yaml <<END
all:
  hosts:
    inner: { ansible_host: 127.9.0.9, ansible_port: $LAB_SSH_PORT, via: db1 }
  children:
    db:
      hosts:
        db1:
          ansible_host: 127.9.0.1
          ansible_port: $LAB_SSH_PORT
          ansible_user: $LAB_SSH_KEY_USER
          ansible_ssh_private_key_file: $LAB_SSH_KEY
          # Never asked for: nobody logs in there to see its keys.
          password: env:NO_SUCH_VARIABLE
        db2: { ansible_host: 127.9.0.2, ansible_port: $LAB_SSH_PORT }
END
chmod 644 site.yaml
rm -f known
"$OPSHOST" hosts scan --inventory site.yaml --limit @db --known-hosts "$PWD/known" --store >/dev/null || fail "a scan of an inventory"
for i in 1 2; do grep -q "^\[127.9.0.$i\]:$LAB_SSH_PORT ssh-ed25519 " known || fail "127.9.0.$i is not stored"; done
sed -i /NO_SUCH_VARIABLE/d site.yaml
"$OPSHOST" hosts scan --inventory site.yaml --known-hosts "$PWD/known" >out || fail "exit code $? where a host is behind another"
grep -qF "[127.9.0.9]:$LAB_SSH_PORT  ssh-ed25519  $shown  new" out || fail "$(<out)"
grep -qF "[127.9.0.2]:$LAB_SSH_PORT  ssh-ed25519  $shown  known" out || fail "$(<out)"
code=0
"$OPSHOST" hosts scan --inventory no-such.yaml 2>err || code=$?
[[ $code == 1 ]] || fail "exit code $code of an inventory that is not there: $(cat err)"
