#!/bin/bash
# The pair of message brokers: what the replica has when the primary was killed and began again with less.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
trap '"$LAB" down >/dev/null' EXIT

up net
STANDIN=$(cd "$TESTS/../standins/mq" && pwd)
# Each on a host of its own: a network namespace, and what the stand-in has in its image.
HOSTS="
  host() { nsenter --net=/run/netns/\$1 unshare --mount bash -c 'mount -t tmpfs none /home && cp -a \"\$0\" /home/admin && exec \"\$@\"' $STANDIN/home/admin \"\${@:2}\"; }
  broker() {
    RequestedIP=10.93.0.\$2 brokerClusterName=c brokerName=b brokerId=\$3 broker_peer=10.93.0.1 namesrv_addr=127.0.0.1:9 \
      host \$1 python3 /home/admin/rmq/lib/broker.py >>\$LAB_DIR/log/broker-\$1.log 2>&1 &
    echo \$! >\$LAB_DIR/broker-\$1.pid
  }
  kill_broker() { pkill -KILL -P \$(cat \$LAB_DIR/broker-\$1.pid); }
  messages() { nsenter --net=/run/netns/\$1 python3 $STANDIN/home/admin/rmq/lib/mqmessages.py \"\${@:2}\"; }
  has() { for i in \$(seq 200); do [[ \$(messages \$1 count 2>/dev/null) != \$2 ]] || return 0; sleep 0.05; done; echo \"\$1 has \$(messages \$1 count)\"; return 1; }"
check_sh "two hosts" '
  ip netns add primary
  ip netns add replica
  ip link add eth0 netns primary type veth peer name eth0 netns replica
  ip -n primary addr add 10.93.0.1/24 dev eth0
  ip -n replica addr add 10.93.0.2/24 dev eth0
  for host in primary replica; do ip -n $host link set lo up; ip -n $host link set eth0 up; done'
check_sh "the replica copies" "$HOSTS
  broker primary 1 0
  broker replica 2 1
  has primary 0
  for text in one two three; do messages primary put \$text; done
  has replica 3"
check_sh "a primary that was killed has lost its messages; the replica keeps them and copies what comes after" "$HOSTS
  kill_broker primary
  broker primary 1 0
  has primary 0
  messages primary put four
  has replica 4"
check_sh "and nothing twice, when the replica is the one that began again" "$HOSTS
  kill_broker replica
  broker replica 2 1
  has replica 1
  messages primary put five
  has replica 2"
finish
