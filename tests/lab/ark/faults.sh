# What can be broken, for real, and put right again. Each fault has break_NAME, which returns when the fault shows, and
# mend_NAME, which returns when all is well and may be called when a procedure has already repaired it.

declare -gA FAULTS=(
  [replication-stopped]="dbpaas-metadb_minidbpaas: the applier of the read-only side (ark3) is stopped, no error"
  [duplicate-key]="hitsdb-mysql_dbpaas: the applier of the read-only side (ark3) stopped at error 1062"
  [mysqld-dead]="ark-metadb: the server of the writable side (ark3) was killed, its container runs"
  [dbnode-dead]="business database 3701: the server on ark1 was killed, ADHA has switched to ark2"
  [broker-down]="MQ: the primary broker (ark2) was killed without grace"
  [zk-process-dead]="middleware's ZooKeeper: the server in container 3 (ark3) was killed, its container runs"
  [zk-no-quorum]="middleware's ZooKeeper: containers 2 and 3 are dead, container 1 has no quorum"
  [swarm-zk-no-quorum]="Swarm's ZooKeeper: the services on ark2 and ark3 are stopped, ark1 has no quorum"
  [container-dead]="CSB broker 1 (ark1): its container is dead"
  [probe-failing]="TXC server 2 (ark2): its container runs, its server is dead, its probe fails"
  [docker-stopped]="ark2: Docker is stopped (service and socket), and with it every container there"
  [machine-crash]="ark3: the machine lost its power"
)

list_faults() {
  local name
  printf '%s\n' "${!FAULTS[@]}" | sort | while read -r name; do
    printf '%-20s %-7s %s\n' "$name" "$([[ ! -e $ARK_DIR/broken/$name ]] || echo broken)" "${FAULTS[$name]}"
  done
}

check_fault() {
  [[ -n ${FAULTS[$1]:-} ]] || die "there is no fault '$1'; there are: $(printf '%s\n' "${!FAULTS[@]}" | sort | paste -sd ' ')"
}

break_fault() {
  check_fault "$1"
  [[ ! -e $ARK_DIR/broken/$1 ]] || die "$1 is broken already (lab mend ark $1)"
  mkdir -p "$ARK_DIR/broken"
  : >"$ARK_DIR/broken/$1"
  "break_${1//-/_}" >/dev/null
  say "broken: $1 (${FAULTS[$1]})"
}

mend_fault() {
  check_fault "$1"
  "mend_${1//-/_}" >/dev/null
  rm -f "$ARK_DIR/broken/$1"
  say "mended: $1"
}

# Whatever else was done to the site is undone as well. The latest fault first, so that what it hides can be mended next.
mend_every_fault() {
  local name names
  mend_machines
  mkdir -p "$ARK_DIR/broken"
  mapfile -t names < <(find "$ARK_DIR/broken" -type f -printf '%T@ %f\n' | sort -rn | cut -d' ' -f2)
  for name in "${names[@]}"; do mend_fault "$name"; done
  mend_databases
  list_instances
  mend_middleware
}

# not COMMAND...: for wait_until.
not() { ! "$@"; }

# --- replication -----------------------------------------------------------------------------------------------------

STOPPED_REPLICA=(ark3 "$(container_name dbpaas-metadb minidbpaas 2)")
DUPLICATE_PRIMARY=(ark2 "$(container_name hitsdb-mysql dbpaas 1)")
DUPLICATE_REPLICA=(ark3 "$(container_name hitsdb-mysql dbpaas 2)")
DUPLICATE_ID=900

replica_says() { db_status "$1" "$2" | grep -E "^ *$3\$"; }

break_replication_stopped() {
  db_sql "${STOPPED_REPLICA[@]}" "STOP SLAVE SQL_THREAD"
  wait_until 20 "the stopped applier" replica_says "${STOPPED_REPLICA[@]}" "Slave_SQL_Running: No"
}

mend_replication_stopped() {
  db_sql "${STOPPED_REPLICA[@]}" "START SLAVE"
  wait_until "$LAB_WAIT" "replication" db_replicates "${STOPPED_REPLICA[@]}"
}

# A row that only the replica has, as an old primary keeps one that never reached its partner.
break_duplicate_key() {
  db_sql "${DUPLICATE_REPLICA[@]}" "SET sql_log_bin = 0; INSERT INTO lab.note VALUES ($DUPLICATE_ID, 'written on the replica')"
  db_sql "${DUPLICATE_PRIMARY[@]}" "INSERT INTO lab.note VALUES ($DUPLICATE_ID, 'written on the primary')"
  wait_until 20 "error 1062 on the replica" replica_says "${DUPLICATE_REPLICA[@]}" "Last_SQL_Errno: 1062"
}

mend_duplicate_key() {
  if replica_says "${DUPLICATE_REPLICA[@]}" "Last_SQL_Errno: 1062"; then
    db_sql "${DUPLICATE_REPLICA[@]}" "SET sql_log_bin = 0; DELETE FROM lab.note WHERE id = $DUPLICATE_ID; START SLAVE"
  fi
  wait_until "$LAB_WAIT" "replication" db_replicates "${DUPLICATE_REPLICA[@]}"
  db_sql "${DUPLICATE_PRIMARY[@]}" "DELETE FROM lab.note WHERE id = $DUPLICATE_ID"
}

# --- a database server -----------------------------------------------------------------------------------------------

DEAD_PRIMARY=(ark3 "$(container_name ark-metadb ark 1)")

break_mysqld_dead() {
  in_container "${DEAD_PRIMARY[@]}" pkill -KILL mariadbd
  wait_until 20 "the dead server" not in_container "${DEAD_PRIMARY[@]}" dbs
}

mend_mysqld_dead() { mend_pair_of "${DEAD_PRIMARY[1]}"; }

# What the high-availability service does within a minute: the partner becomes writable, and both tables say so.
break_dbnode_dead() {
  on_machine ark1 pkill -KILL -f my3701/my.cnf
  wait_until 20 "the dead server" not dbnode_sql ark1 3701 "SELECT 1"
  dbnode_sql ark2 3701 "STOP SLAVE; SET GLOBAL read_only = 0"
  local side
  read -ra side < <(metadb_side)
  db_sql "${side[@]}" "USE dbpaas;
    UPDATE dbfree_instance_list SET role = IF(host_name = 'ark2', 'master', 'slave') WHERE port = 3701;
    INSERT INTO adha_switch_log (objName, gmt_create, runMesg)
      VALUES ('${ARK_ADDRESS[ark1]}:3701', NOW(), 'switched to ${ARK_ADDRESS[ark2]}:3701');"
}

# Switches back as well: ark1 is the writable side when nothing is broken.
mend_dbnode_dead() {
  mend_pair_of 3701
  list_instances
}

# --- containers ------------------------------------------------------------------------------------------------------

BROKER=(ark2 "$(container_name middleware-mq-deploy-broker mq 1)")
DEAD_CONTAINER=(ark1 "$(container_name csb-broker csb 1)")
FAILING_CONTAINER=(ark2 "$(container_name txc-server txc 2)")

# Killing through the engine counts as a stop by hand: the restart policy does not bring the container back.
kill_container() { ! container_runs "$@" || ark_docker "$1" kill "$2"; }

break_broker_down() {
  kill_container "${BROKER[@]}"
  wait_until 20 "one broker at the name server" brokers_listed 1
}

mend_broker_down() {
  ark_docker "${BROKER[0]}" start "${BROKER[1]}"
  wait_until "$LAB_WAIT" "both brokers at the name server" brokers_listed 2
}

break_container_dead() {
  kill_container "${DEAD_CONTAINER[@]}"
  wait_until 20 "the dead container" not container_runs "${DEAD_CONTAINER[@]}"
}

mend_container_dead() {
  ark_docker "${DEAD_CONTAINER[0]}" start "${DEAD_CONTAINER[1]}"
  wait_until "$LAB_WAIT" "its probe" probe_passes "${DEAD_CONTAINER[@]}"
}

break_probe_failing() {
  in_container "${FAILING_CONTAINER[@]}" pkill -KILL -f /home/admin/bin/service$
  wait_until 20 "the failing probe" not probe_passes "${FAILING_CONTAINER[@]}"
}

mend_probe_failing() {
  probe_passes "${FAILING_CONTAINER[@]}" || ark_docker "${FAILING_CONTAINER[0]}" restart "${FAILING_CONTAINER[1]}"
  wait_until "$LAB_WAIT" "its probe" probe_passes "${FAILING_CONTAINER[@]}"
}

# --- ZooKeeper -------------------------------------------------------------------------------------------------------

break_zk_no_quorum() {
  kill_container ark2 "$(container_name zk middleWare 2)"
  kill_container ark3 "$(container_name zk middleWare 3)"
  wait_until 30 "container 1 without quorum" not middleware_zk_serves 1
}

mend_zk_no_quorum() {
  local n
  ark_docker ark2 start "$(container_name zk middleWare 2)"
  ark_docker ark3 start "$(container_name zk middleWare 3)"
  for n in 1 2 3; do wait_until "$LAB_WAIT" "ZooKeeper container $n" middleware_zk_serves "$n"; done
}

ZK_CONTAINER=(ark3 "$(container_name zk middleWare 3)")

break_zk_process_dead() {
  in_container "${ZK_CONTAINER[@]}" pkill -KILL java
  wait_until 20 "the dead server" not middleware_zk_serves 3
  # If it was the leader, the others elect a new one.
  wait_until "$LAB_WAIT" "ZooKeeper container 1" middleware_zk_serves 1
  wait_until "$LAB_WAIT" "ZooKeeper container 2" middleware_zk_serves 2
}

mend_zk_process_dead() {
  in_container "${ZK_CONTAINER[@]}" bash /usr/share/zookeeper/bin/zkServer.sh start
  wait_until "$LAB_WAIT" "ZooKeeper container 3" middleware_zk_serves 3
}

break_swarm_zk_no_quorum() {
  on_machine ark2 systemctl stop zookeeper
  on_machine ark3 systemctl stop zookeeper
  wait_until 30 "ark1 without quorum" not swarm_zk_serves ark1
}

mend_swarm_zk_no_quorum() {
  local machine
  on_machine ark2 systemctl start zookeeper
  on_machine ark3 systemctl start zookeeper
  for machine in "${ARK_MACHINES[@]}"; do
    wait_until "$LAB_WAIT" "ZooKeeper of Swarm on $machine" swarm_zk_serves "$machine"
  done
}

# --- machines --------------------------------------------------------------------------------------------------------

break_docker_stopped() {
  on_machine ark2 systemctl stop docker.socket docker.service
  # Never asked with the docker client: a connection to the socket would start the engine again.
  wait_until 30 "end of the engine" not on_machine ark2 pgrep -x dockerd
}

mend_docker_stopped() { mend_site ark2; }

break_machine_crash() {
  lab_docker kill ark3
  wait_until 20 "the machine without power" not on_machine ark3 true
}

mend_machine_crash() { mend_site ark3; }
