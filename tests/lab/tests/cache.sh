#!/bin/bash
# The cache: everything is made once, also when two ask at the same time, and what cannot be made is said by name.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
LAB_CACHE=$(mktemp -d /var/tmp/lab-cache.XXXXXX)
export LAB_CACHE
trap '"$LAB" down >/dev/null; rm -rf "$LAB_CACHE"' EXIT
PREPARE=$TESTS/../prepare

made() { find "$LAB_CACHE" -maxdepth 1 -type d -name "$1-*" | wc -l; }
lines_with() { grep -c "$1" "$LAB_CACHE/output" || true; }

for i in 1 2; do "$PREPARE" pki >"$LAB_CACHE/output.$i" 2>&1 & done
wait
cat "$LAB_CACHE"/output.? >"$LAB_CACHE/output"
check "asked for twice at the same time, made once" test "$(lines_with 'making pki')" = 1 -a "$(made pki)" = 1
"$PREPARE" pki >"$LAB_CACHE/output" 2>&1
check "not made again" test ! -s "$LAB_CACHE/output"
check "the certificates fit each other" openssl verify -CAfile "$LAB_CACHE"/pki-*/ca.pem "$LAB_CACHE"/pki-*/server.pem "$LAB_CACHE"/pki-*/client.pem
check_not "and not the CA nobody trusts" openssl verify -CAfile "$LAB_CACHE"/pki-*/other-ca.pem "$LAB_CACHE"/pki-*/server.pem
check "an artefact that is not there" bash -c '[[ $("$1" nothing 2>&1) == "lab: there is no artefact '\''nothing'\''; there are: engine machine-engine machine-rootfs mysql-datadir pki ssh-keys" ]]' prepare "$PREPARE"

# The key: what changes an artefact changes it, and nothing else does.
COPY=$LAB_CACHE/copy
cp -a "$TESTS/.." "$COPY"
keys() { "$1/prepare" --list | sed 's/.*-//'; }
key_before=$(keys "$TESTS/..")
check "the key: another checkout has the same" test "$(keys "$COPY")" = "$key_before"
echo '# a comment' >>"$COPY/standins/zk/alidata/bin/check_zk.sh"
check "the key: a comment changes nothing" test "$(keys "$COPY")" = "$key_before"
for change in 'chmod -x "$1"' 'sed -i "1s/bash/sh/" "$1"' 'echo true >>"$1"' 'ln -sf check_service.sh "$1"'; do
  bash -c "$change" change "$COPY/standins/zk/alidata/bin/check_zk.sh"
  key=$(keys "$COPY")
  check "the key: changed by $change" test "$key" != "$key_before"
  key_before=$key
done

# A mirror that refuses: the machines cannot be made, the rest comes up.
code=0
LAB_MIRROR=http://127.0.0.1:9/debian "$LAB" up --owner $$ docker nodes >"$LAB_CACHE/output" 2>&1 || code=$?
check "without a mirror: exit code 77" test "$code" = 77
check "without a mirror: nodes are skipped by name" grep -x "lab: SKIPPED nodes: machine-engine could not be made (see above)" "$LAB_CACHE/output"
check "without a mirror: the reason is shown" grep -E "^(E|W): .*(mirror|Release|Failed)" "$LAB_CACHE/output"
check "without a mirror: docker is up" "$LAB" exec bash -c '[[ $LAB_GROUPS == docker && $LAB_SKIPPED == nodes ]]'
check "without a mirror: no half-made artefact" test "$(made machine-rootfs)$(made machine-engine)" = 00

# What could not be made once is made when it can be.
"$LAB" down >/dev/null
rm -rf "$LAB_CACHE"/ssh-keys-*
mkdir "$LAB_CACHE/broken"
printf '#!/bin/sh\nexit 1\n' >"$LAB_CACHE/broken/ssh-keygen"
chmod +x "$LAB_CACHE/broken/ssh-keygen"
exit_code() {
  local code=0
  "$@" >"$LAB_CACHE/output" 2>&1 || code=$?
  echo "$code"
}
check "skipped: exit code 77" test "$(PATH=$LAB_CACHE/broken:$PATH exit_code "$LAB" up --owner $$ net ssh)" = 77
check "skipped: named" grep -x "lab: SKIPPED ssh: ssh-keys could not be made (see above)" "$LAB_CACHE/output"
check "skipped: another group comes up all the same" test "$(exit_code "$LAB" up net)" = 0
check "skipped: it comes up when what it needs can be made" test "$(exit_code "$LAB" up ssh)" = 0
check "skipped: and is not skipped any more" "$LAB" exec bash -c '[[ $LAB_GROUPS == "net ssh" && -z $LAB_SKIPPED ]]'
finish
