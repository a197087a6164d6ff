#!/usr/bin/env bash
# opshost zk: the health of a real ensemble, directly and through an ssh connection.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

# What differs from run to run: who leads, which transaction is the last, how many clients there are.
shape() {
  sed -E -e 's/(leader  |follower)/MODE    /' -e 's/0x[0-9a-f]+ */ZXID  /' -e 's/(ZXID  )[0-9]+ +[0-9]+ +/\1N  N  /' \
    -e 's/^(SERVER.*ZXID) +/\1  /' -e 's/3\.[0-9]+\.[0-9]+ +/VERSION  /' -e 's/(VERSION) +ZXID/\1  ZXID/' \
    -e 's/leader: 127\.0\.0\.1:[0-9]+/leader: ONE/' -e 's/, zxids [0-9]+ apart$//' "$TMPDIR/stdout"
}

has_three_rows() {
  holds "$1" test "$(shape)" = "\
SERVER           MODE      VERSION  ZXID  CONNECTIONS  OUTSTANDING  QUORUM WITHOUT IT
127.0.0.1:$LAB_ZK_PORT_1  MODE      VERSION  ZXID  N  N  yes
127.0.0.1:$LAB_ZK_PORT_2  MODE      VERSION  ZXID  N  N  yes
127.0.0.1:$LAB_ZK_PORT_3  MODE      VERSION  ZXID  N  N  yes
quorum: yes, 3 of 3 voters serve, leader: ONE"
}

run zk "$LAB_ZK_CONNECT"
exits 0 "a healthy ensemble"
has_three_rows "a row for each server, and the quorum"
says_nothing

run zk "127.0.0.1:$LAB_ZK_PORT_1"
exits 0 "one server of it"
holds "the quorum is seen from there" grep -q '^quorum: yes, [13] of 3 voters serve (1 asked), leader: ' "$TMPDIR/stdout"

mkdir -p "$HOME/.ssh"
printf 'Host jump\n  HostName 127.9.0.1\n  Port %d\n  User %s\n  IdentityFile %s\n  UserKnownHostsFile %s\n' \
  "$LAB_SSH_PORT" "$LAB_SSH_KEY_USER" "$LAB_SSH_KEY" "$LAB_SSH_KNOWN_HOSTS" >"$HOME/.ssh/config"
run zk --via jump "$LAB_ZK_CONNECT"
exits 0 "through an ssh connection"
has_three_rows "the same rows"
says_nothing

finish
