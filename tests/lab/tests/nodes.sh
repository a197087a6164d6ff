#!/bin/bash
# The machines: reached as their env file says, with a working systemd, MariaDB, virtual address and Docker engine.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
trap '"$LAB" down >/dev/null' EXIT

prepared engine machine-engine mysql-datadir pki ssh-keys
began=$EPOCHREALTIME
up net docker ssh mysql zk keepalived nodes
check_within 20 "$began" "everything but the Ark site is up"
check_sh "nothing was skipped" '[[ -z $LAB_SKIPPED ]]'

SSH="ssh -n -o BatchMode=yes -o ConnectTimeout=10 -o UserKnownHostsFile=\$LAB_NODES_KNOWN_HOSTS -i \$LAB_NODES_SSH_KEY -l \$LAB_NODES_SSH_USER"
for node in NODE1 NODE2 DK1; do
  check_sh "$node: systemd runs, without a failed unit" "[[ \$($SSH \$LAB_$node systemctl is-system-running) == running ]]"
  check_sh "$node: its name" "[[ \$($SSH \$LAB_$node hostname) == ${node,,} ]]"
  check_sh "$node: sudo without a password" "[[ \$($SSH \$LAB_$node sudo id -u) == 0 ]]"
done
check_sh "node1: MariaDB answers" "$SSH \$LAB_NODE1 sudo mariadb-admin ping"
check_sh "node1: stopping a service is real" "
  $SSH \$LAB_NODE1 sudo systemctl stop mariadb
  [[ \$($SSH \$LAB_NODE1 systemctl is-active mariadb) == inactive ]]
  $SSH \$LAB_NODE1 sudo systemctl start mariadb
  $SSH \$LAB_NODE1 sudo mariadb-admin ping"
check_sh "the virtual address is on node1" "[[ \$($SSH \$LAB_NODES_VIP hostname) == node1 ]]"
check_sh "and moves to node2 when keepalived stops" "
  $SSH \$LAB_NODE1 sudo systemctl stop keepalived
  for i in \$(seq 100); do [[ \$($SSH -o ConnectTimeout=1 \$LAB_NODES_VIP hostname 2>/dev/null) != node2 ]] || exit 0; done
  exit 1"
check_sh "dk1: a container in its engine" "[[ \$($SSH \$LAB_DK1 sudo docker run --rm lab/busybox:1 echo inner) == inner ]]"
check_sh "dk1: its engine over TLS" "docker -H tcp://\$LAB_DK1_TLS_ADDRESS --tlsverify --tlscacert \$LAB_DOCKER_CERT_PATH/ca.pem --tlscert \$LAB_DOCKER_CERT_PATH/cert.pem --tlskey \$LAB_DOCKER_CERT_PATH/key.pem version"
check_sh "dk1: stopping Docker is real" "
  $SSH \$LAB_DK1 sudo systemctl stop docker.socket docker
  [[ -z \$($SSH \$LAB_DK1 pgrep -x dockerd || true) ]]"
check_sh "dk1: and its images still run after a start" "
  $SSH \$LAB_DK1 sudo systemctl start docker.socket docker
  [[ \$($SSH \$LAB_DK1 sudo docker run --rm lab/busybox:1 echo again) == again ]]"
check "kill of the engine that carries the machines" "$LAB" kill dockerd
check "mend" "$LAB" mend
check_sh "mend: the machines are back, and the virtual address" "
  [[ \$($SSH \$LAB_NODES_VIP hostname) == node1 ]]
  $SSH \$LAB_NODE2 sudo mariadb-admin ping
  [[ \$($SSH \$LAB_DK1 sudo docker run --rm lab/busybox:1 echo mended) == mended ]]"
began=$EPOCHREALTIME
check "lab down" "$LAB" down
check_within 5 "$began" "it is down"
finish
