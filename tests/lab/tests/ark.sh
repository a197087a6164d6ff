#!/bin/bash
# The Ark site: what an operator sees of it, and each fault: really there after "break", gone after "mend".
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
trap '"$LAB" down >/dev/null' EXIT

prepared engine machine-engine mysql-datadir pki ssh-keys
STATE_BEFORE=$(machine_state)
began=$EPOCHREALTIME
up ark
check_within 60 "$began" "the Ark site is up"

SSH="ssh -n -o BatchMode=yes -o ConnectTimeout=10 -o UserKnownHostsFile=\$LAB_ARK_KNOWN_HOSTS -i \$LAB_ARK_SSH_KEY -l \$LAB_ARK_SSH_USER"
SWARM="timeout 30 docker -H tcp://\$LAB_ARK_SWARM"
TLS="--tlsverify --tlscacert \$LAB_ARK_CERT_PATH/ca.pem --tlscert \$LAB_ARK_CERT_PATH/cert.pem --tlskey \$LAB_ARK_CERT_PATH/key.pem"

# --- the site
for machine in ARK1 ARK2 ARK3; do
  check_sh "$machine: ssh, sudo, and its own engine" "$SSH \$LAB_$machine sudo docker ps --format '{{.Names}}' | grep -x swarm-manager"
  check_sh "$machine: its engine over TLS" "docker -H tcp://\$LAB_${machine}_DOCKER $TLS version"
  check_sh "$machine: every container has the restart policy always" \
    "[[ \$($SSH \$LAB_$machine \"sudo docker ps -aq | xargs sudo docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' | sort -u\") == always ]]"
done
check_sh "swarm: the containers of all machines in one list" \
  "[[ \$($SWARM ps --format '{{.Names}}' | cut -d/ -f1 | sort | uniq -c | awk '\$1 > 10' | wc -l) == 3 ]]"
check_sh "swarm: exec in a container of another machine" "$SWARM exec ark3/vlan true"
check_sh "swarm: a container says where it is" \
  "[[ \$($SWARM inspect -f '{{.Node.Name}}' \${LAB_ARK_TASK}_g0_drds-server_drds_2) == ark2 ]]"
check_sh "swarm: the manager's arguments name the ZooKeeper ensemble" \
  "[[ \$($SWARM inspect -f '{{json .Args}}' ark1/swarm-manager) == *zk://\$LAB_ARK_SWARM_ZK/* ]]"
check_sh "swarm: the network knows the endpoints of every machine" \
  "[[ \$($SWARM network inspect \$LAB_ARK_VLAN | jq '[.[0].Containers[].IPv4Address] | map(select(. == \"10.96.14.42/24\" or . == \"10.96.14.43/24\")) | length') == 2 ]]"
check_sh "swarm: one manager is the primary, the others name it" "
  roles=\$(for machine in \$LAB_ARK1 \$LAB_ARK2 \$LAB_ARK3; do
    curl -sf --max-time 30 http://\$machine:4000/info | jq -r '[.SystemStatus[] | select(.[0] == \"Role\" or .[0] == \"Primary\") | .[1]] | join(\" \")'
  done | paste -sd,)
  [[ \$roles == \"primary,replica \$LAB_ARK1:4000,replica \$LAB_ARK1:4000\" ]] || { echo \"\$roles\"; exit 1; }"
check_sh "containers have the manual's labels" "
  labels() { $SWARM inspect -f '{{json .Config.Labels}}' \${LAB_ARK_TASK}_g0_\$1 | jq -r '[.\"ark.component\", .\"ark.product\", .\"aliyun.probe.cmd\", .\"aliyun.probe.initial_delay_seconds\", .\"aliyun.probe.timeout_seconds\"] | join(\",\")'; }
  [[ \$(labels tlog-hbase_tlog_1) == 'tlog-hbase,tlog,sh /checkHealth.sh,20,300' ]]
  [[ \$(labels ark-metadb_ark_1) == 'ark-metadb,ark,/home/admin/bin/check_mysql.sh,120,300' ]]"
check_sh "containers reach their gateway" "$SWARM exec \${LAB_ARK_TASK}_g0_txc-server_txc_1 ping -c1 -W2 10.96.14.1"
check_sh "control databases: in each pair one writable side" "
  for pair in hitsdb-mysql_minidbpaas hitsdb-mysql_dbpaas ark-metadb_ark dbpaas-metadb_minidbpaas dbpaas-metadb_dbpaas; do
    roles=
    for side in 1 2; do roles+=\$($SWARM exec \${LAB_ARK_TASK}_g0_\${pair}_\$side bash -c 'hostname && dbs' | grep -o '\[R[WO]\]'); done
    [[ \$roles == '[RW][RO]' ]] || { echo \"\$pair: \$roles\"; exit 1; }
  done"
check_sh "control databases: what one side writes the other has" "
  db=\${LAB_ARK_TASK}_g0_hitsdb-mysql_minidbpaas
  $SWARM exec \${db}_1 my 3306 -e \"REPLACE INTO lab.note VALUES (7, 'replicated')\"
  for i in \$(seq 100); do
    [[ \$($SWARM exec \${db}_2 my 3306 -N -B -e 'SELECT text FROM lab.note WHERE id = 7') != replicated ]] || exit 0
  done
  exit 1"
check_sh "metadb: the instances of the business databases" \
  "[[ \$($SWARM exec \${LAB_ARK_TASK}_g0_dbpaas-metadb_dbpaas_1 my 3306 -N -B -e 'SELECT COUNT(*) FROM dbpaas.dbfree_instance_list') == 4 ]]"
CONSOLE="$SWARM exec \${LAB_ARK_TASK}_g0_drds-manager_drds drds-console"
check_sh "drds: the console shows a node" \
  "[[ \$($CONSOLE show 10.96.14.42) == 'main, 4c8g, 5.1.24, normal' ]]"
check_sh "drds: out of its instance and back; what the console refuses" "
  set -e
  refused() { local text; ! text=\$($CONSOLE \"\$@\" 2>&1) && echo \"\$text\"; }
  $CONSOLE scale-down 10.96.14.41
  [[ \$($CONSOLE show 10.96.14.41) == 'UNUSED, 4c8g, 5.1.24' ]]
  [[ \$(refused scale-down 10.96.14.41) == 'drds-console: 10.96.14.41 is in no instance' ]]
  [[ \$(refused scale-up 10.96.14.41 other) == 'drds-console: there is no instance other' ]]
  [[ \$(refused scale-up 10.96.14.42 main) == 'drds-console: 10.96.14.42 is a node of main, not UNUSED' ]]
  [[ \$(refused show 10.96.14.99) == 'drds-console: the inventory has no node 10.96.14.99' ]]
  $CONSOLE scale-down 10.96.14.42
  [[ \$(refused scale-down 10.96.14.43) == 'drds-console: 10.96.14.43 is the last node of main' ]]
  $CONSOLE scale-up 10.96.14.41 main
  $CONSOLE reset
  [[ \$($CONSOLE show 10.96.14.42) == 'main, 4c8g, 5.1.24, normal' ]]"
DBNODE="mariadb --no-defaults -u \$LAB_ARK_DBNODE_USER -p\$LAB_ARK_DBNODE_PASSWORD -N -B"
check_sh "business databases: what one side writes the other has" "
  $DBNODE -h \$LAB_ARK3 -P 3702 -e 'CREATE TABLE business.t (a INT PRIMARY KEY); INSERT INTO business.t VALUES (5)'
  for i in \$(seq 100); do
    [[ \$($DBNODE -h \$LAB_ARK1 -P 3702 -e 'SELECT a FROM business.t' 2>/dev/null) != 5 ]] || exit 0
    sleep 0.05
  done
  exit 1"
check_sh "mq: the brokers in ZooKeeper" \
  "$SWARM exec ark1/\${LAB_ARK_TASK}_g0_zk_middleWare_1 sh /usr/share/zookeeper/bin/zkCli.sh -server localhost:2188 ls /mq/brokerNames/cluster/ark-cluster/broker-a 2>&1 | grep -F '[10.96.14.33, 10.96.14.34]'"
check_sh "zookeeper: zkServer.sh knows the server" \
  "$SWARM exec \${LAB_ARK_TASK}_g0_zk_middleWare_1 bash /usr/share/zookeeper/bin/zkServer.sh status 2>&1 | grep -E '^Mode: (leader|follower)'"
check_sh "the run scripts are on the control host" "[[ \$($SSH \$LAB_ARK1 \"find \$LAB_ARK_SCRIPTS -name '*.sh' | wc -l\") == 50 ]]"
check_sh "a container can be made again from its run script" "
  name=\${LAB_ARK_TASK}_g0_csb-broker_csb_2
  $SSH \$LAB_ARK1 cat \$LAB_ARK_SCRIPTS/ark2/\$name.sh >\$LAB_DIR/again.sh
  $SSH \$LAB_ARK2 sudo docker rm -f \$name
  ${SSH/ -n/} \$LAB_ARK2 sudo sh -s <\$LAB_DIR/again.sh
  for i in \$(seq 100); do ! $SSH \$LAB_ARK2 sudo docker exec \$name /home/admin/bin/check_service.sh || exit 0; done
  exit 1"
check_sh "the inventory names the three machines" "grep -c '          address: 10.95.0.1[123]' \$LAB_ARK_INVENTORY | grep -x 3"

# --- a broker loses what it has in memory unless it gets its grace time
NAMESRV="$SWARM exec \${LAB_ARK_TASK}_g0_middleware-mq-deploy-namesrv_mq_1 sh /home/admin/rmq/bin/mqadmin clusterList"
BROKER="\${LAB_ARK_TASK}_g0_middleware-mq-deploy-broker_mq_1"
MESSAGES="$SSH \$LAB_ARK2 sudo docker exec $BROKER /home/admin/rmq/bin/mqmessages"
AWAIT_BROKER="for i in \$(seq 100); do [[ \$($NAMESRV | grep -c ark-cluster) != 2 ]] || break; done"
check_sh "broker: stopped with 60 s it keeps its messages" "
  $MESSAGES put kept
  $SSH \$LAB_ARK2 sudo docker stop -t 60 $BROKER
  [[ \$($NAMESRV | grep -c ark-cluster) == 1 ]]
  $SSH \$LAB_ARK2 sudo docker start $BROKER
  $AWAIT_BROKER
  [[ \$($MESSAGES count) == 1 ]]"
check_sh "broker: stopped with the default of 10 s it loses them" "
  $MESSAGES put lost
  [[ \$($MESSAGES count) == 2 ]]
  $SSH \$LAB_ARK2 sudo docker stop $BROKER
  $SSH \$LAB_ARK2 sudo docker start $BROKER
  $AWAIT_BROKER
  [[ \$($MESSAGES count) == 1 ]]"
check_sh "broker: the other one keeps what it lost, and copies what comes after" "
  $MESSAGES put after
  for i in \$(seq 100); do
    [[ \$($SWARM exec \${LAB_ARK_TASK}_g0_middleware-mq-deploy-broker_mq_2 /home/admin/rmq/bin/mqmessages count) != 3 ]] || exit 0
  done
  exit 1"

# --- faults: seen by other means than those that made them
DB="$SWARM exec -i \${LAB_ARK_TASK}_g0"
STATUS="my 3306 -e 'SHOW SLAVE STATUS\G'"
ZK_MODE='mode() { timeout 5 bash -c '\''exec 3<>"/dev/tcp/$0/$1"; printf srvr >&3; sed -n "s/^Mode: //p" <&3'\'' "$1" "$2"; };'
declare -A SIGN=(
  [replication-stopped]="${DB}_dbpaas-metadb_minidbpaas_2 $STATUS | grep 'Slave_SQL_Running: No'"
  [duplicate-key]="${DB}_hitsdb-mysql_dbpaas_2 $STATUS | grep 'Last_SQL_Errno: 1062'"
  [mysqld-dead]="! ${DB}_ark-metadb_ark_1 dbs && [[ \$($SWARM inspect -f '{{.State.Running}}' \${LAB_ARK_TASK}_g0_ark-metadb_ark_1) == true ]]"
  [dbnode-dead]="! $DBNODE -h \$LAB_ARK1 -P 3701 -e 'SELECT 1' && [[ \$(${DB}_dbpaas-metadb_dbpaas_1 my 3306 -N -B -e 'SELECT host_name FROM dbpaas.dbfree_instance_list WHERE port = 3701 AND role = \"master\"') == ark2 ]]"
  [broker-down]="[[ \$($NAMESRV | grep -c ark-cluster) == 1 ]]"
  [zk-process-dead]="$ZK_MODE [[ -z \$(mode 10.96.14.23 2188) && -n \$(mode 10.96.14.21 2188) ]]"
  [zk-no-quorum]="$ZK_MODE [[ -z \$(mode 10.96.14.21 2188) ]]"
  [swarm-zk-no-quorum]="$ZK_MODE [[ -z \$(mode \$LAB_ARK1 2181) ]]"
  [container-dead]="[[ \$($SWARM inspect -f '{{.State.Running}}' \${LAB_ARK_TASK}_g0_csb-broker_csb_1) == false ]]"
  [probe-failing]="! $SWARM exec \${LAB_ARK_TASK}_g0_txc-server_txc_2 /home/admin/bin/check_service.sh && [[ \$($SWARM inspect -f '{{.State.Running}}' \${LAB_ARK_TASK}_g0_txc-server_txc_2) == true ]]"
  [docker-stopped]="[[ -z \$($SSH \$LAB_ARK2 pgrep -x dockerd || true) && \$($SSH \$LAB_ARK2 systemctl is-active docker || true) == inactive ]]"
  [machine-crash]="! $SSH -o ConnectTimeout=2 \$LAB_ARK3 true"
)
# The sound state, said as such: a site that is dead altogether does not show the sign of a fault either.
RUNS="inspect -f '{{.State.Running}}'"
SOUND_REPLICA="grep -c 'Slave_[A-Z]*_Running: Yes' | grep -x 2"
declare -A SOUND=(
  [replication-stopped]="${DB}_dbpaas-metadb_minidbpaas_2 $STATUS | $SOUND_REPLICA"
  [duplicate-key]="${DB}_hitsdb-mysql_dbpaas_2 $STATUS | $SOUND_REPLICA"
  [mysqld-dead]="${DB}_ark-metadb_ark_1 dbs | grep -F '[RW]'"
  [dbnode-dead]="$DBNODE -h \$LAB_ARK1 -P 3701 -e 'SELECT @@read_only' | grep -x 0
    ${DB}_dbpaas-metadb_dbpaas_1 my 3306 -N -B -e 'SELECT host_name FROM dbpaas.dbfree_instance_list WHERE port = 3701 AND role = \"master\"' | grep -x ark1"
  [broker-down]="$NAMESRV | grep -c ark-cluster | grep -x 2"
  [zk-process-dead]="$ZK_MODE [[ -n \$(mode 10.96.14.23 2188) ]]"
  [zk-no-quorum]="$ZK_MODE for n in 1 2 3; do [[ -n \$(mode 10.96.14.2\$n 2188) ]]; done"
  [swarm-zk-no-quorum]="$ZK_MODE for machine in \$LAB_ARK1 \$LAB_ARK2 \$LAB_ARK3; do [[ -n \$(mode \$machine 2181) ]]; done"
  [container-dead]="$SWARM $RUNS \${LAB_ARK_TASK}_g0_csb-broker_csb_1 | grep -x true"
  [probe-failing]="$SWARM exec \${LAB_ARK_TASK}_g0_txc-server_txc_2 /home/admin/bin/check_service.sh"
  [docker-stopped]="$SSH \$LAB_ARK2 systemctl is-active docker | grep -x active; $SSH \$LAB_ARK2 sudo docker ps | grep swarm-manager"
  [machine-crash]="$SSH \$LAB_ARK3 true"
)
check "every fault has its test" bash -c '[[ $("$1" break ark | awk "{ print \$1 }") == "$2" && $2 == "$3" ]]' faults "$LAB" \
  "$(printf '%s\n' "${!SIGN[@]}" | sort)" "$(printf '%s\n' "${!SOUND[@]}" | sort)"
for fault in $(printf '%s\n' "${!SIGN[@]}" | sort); do
  check_sh "$fault: all is sound before" "${SOUND[$fault]}"
  check "$fault: break" "$LAB" break ark "$fault"
  check_sh "$fault: really there" "${SIGN[$fault]}"
  check "$fault: mend" "$LAB" mend ark "$fault"
  check_sh "$fault: all is sound again" "${SOUND[$fault]}"
done
check "two faults at once" bash -c '"$1" break ark container-dead && "$1" break ark broker-down' two "$LAB"
check "mend without a name mends them all" "$LAB" mend ark
check "nothing is broken any more" bash -c '! "$1" break ark | grep " broken "' faults "$LAB"
# --- damage that no fault has a name for
check_sh "damage by hand: containers, policies, roles, an engine" "
  task=\${LAB_ARK_TASK}_g0
  $SSH \$LAB_ARK2 sudo docker rm -f \${task}_csb-broker_csb_2
  $SSH \$LAB_ARK2 sudo docker update --restart no \${task}_txc-server_txc_2
  $SSH \$LAB_ARK1 sudo docker rm -f \${task}_csb-broker_csb_1
  $SSH \$LAB_ARK1 sudo docker run -d --restart always --name \${task}_csb-broker_csb_1 --net \$LAB_ARK_VLAN --ip 10.96.14.64 registry.ark.lab/base/registrator:7.0.0
  $SSH \$LAB_ARK1 sudo docker run -d --name left-over lab/busybox:1 sleep 1000
  $SSH \$LAB_ARK1 sudo docker network disconnect -f \$LAB_ARK_VLAN \${task}_drds-server_drds_1
  ${DB}_dbpaas-metadb_minidbpaas_1 my 3306 -e 'SET GLOBAL read_only = 1'
  ${DB}_dbpaas-metadb_minidbpaas_2 my 3306 -e 'SET GLOBAL read_only = 0; INSERT INTO lab.note VALUES (77, \"while it stood in\")'
  $DBNODE -h \$LAB_ARK3 -P 3702 -e 'STOP SLAVE'
  $SSH \$LAB_ARK3 sudo systemctl stop zookeeper docker.socket docker"
check "mend: after damage by hand" "$LAB" mend
check_sh "mend: roles, and what was written meanwhile" "
  [[ \$(${DB}_dbpaas-metadb_minidbpaas_1 dbs) == *'[RW]'* && \$(${DB}_dbpaas-metadb_minidbpaas_2 dbs) == *'[RO]'* ]]
  [[ \$(${DB}_dbpaas-metadb_minidbpaas_1 my 3306 -N -B -e 'SELECT text FROM lab.note WHERE id = 77') == 'while it stood in' ]]"
check_sh "mend: a container that stood in the place of another" "
  [[ \$($SWARM inspect -f '{{.Config.Image}} {{index .Config.Labels \"aliyun.probe.cmd\"}}' \${LAB_ARK_TASK}_g0_csb-broker_csb_1) == 'registry.ark.lab/ark/service:1.0.0 /home/admin/bin/check_service.sh' ]]"
check_sh "mend: the restart policies, and no other container" "
  for machine in \$LAB_ARK1 \$LAB_ARK2 \$LAB_ARK3; do
    [[ \$($SSH \$machine \"sudo docker ps -aq | xargs sudo docker inspect -f '{{.HostConfig.RestartPolicy.Name}}' | sort -u\") == always ]]
  done
  [[ \$($SWARM ps -aq | wc -l) == 50 ]]"
check "mend: what is well is left alone" bash -c '[[ -z $("$1" mend ark) ]]' well "$LAB"
check_sh "every container runs again" "[[ \$($SWARM ps -a --format '{{.Status}}' | grep -vc '^Up') == 0 ]]"

remember_lab
began=$EPOCHREALTIME
check "lab down" "$LAB" down
check_within 5 "$began" "it is down"
check_nothing_left "after the Ark site"
finish
