#!/usr/bin/env bash
# opshost zk: an ensemble that is not there; tests/lua/zk looks at real ones.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"

run zk 127.0.0.1:1
exits 4 "an ensemble nobody answers for has no quorum"
prints "\
SERVER       MODE         VERSION  ZXID  CONNECTIONS  OUTSTANDING  QUORUM WITHOUT IT
127.0.0.1:1  unreachable  -        -     -            -            no
127.0.0.1:1: 127.0.0.1 port 1: connection refused
quorum: NO, 0 of 1 voters serve, leader: none"
says_nothing

run zk 127.0.0.1:x
exits 1 "a server that cannot be one"
prints ""

run zk
exits 1 "a missing argument"
says <<'END'
opshost: zk needs HOSTS
`opshost zk --help` shows what there is.
END

finish
