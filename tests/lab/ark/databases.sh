# The control databases: their data, replication both ways, and which side is writable.

ARK_REPLICATION_USER=replicator ARK_REPLICATION_PASSWORD=lab-replicator

# db_sql MACHINE CONTAINER STATEMENTS
db_sql() { in_container "$1" "$2" my 3306 -N -B <<<"$3"; }
db_status() { in_container "$1" "$2" my 3306 <<<'SHOW SLAVE STATUS\G'; }
db_replicates() { db_status "$1" "$2" | grep 'Seconds_Behind_Master: 0'; }
db_role() { in_container "$1" "$2" dbs | grep -o 'R[WO]'; }

# Data directories of all databases, before their machines start: the machine sees them below /var/docker/volumes.
make_database_volumes() {
  local machine component product n rest dir template owner
  template=$(artefact mysql-datadir)/data
  owner=$(mysql_ids_of_machine)
  while read -r machine component product n rest; do
    dir=$ARK_VOLUMES/$machine/$(container_name "$component" "$product" "$n")
    mkdir -p "$dir"
    cp -a "$template" "$dir/data"
    chown -R "$owner" "$dir/data"
  done < <(database_sides)
}

# Everything before replication starts is the same on both sides and stays out of the binary log.
prepare_side() {
  local machine=$1 name=$2 peer=$3
  db_sql "$machine" "$name" "
    SET sql_log_bin = 0;
    CREATE USER $ARK_REPLICATION_USER@'%' IDENTIFIED BY '$ARK_REPLICATION_PASSWORD';
    GRANT REPLICATION SLAVE ON *.* TO $ARK_REPLICATION_USER@'%';
    SET sql_log_bin = 1;
    CHANGE MASTER TO MASTER_HOST='$ARK_VLAN_NET.$peer', MASTER_PORT=3306, MASTER_USER='$ARK_REPLICATION_USER',
      MASTER_PASSWORD='$ARK_REPLICATION_PASSWORD', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1,
      MASTER_HEARTBEAT_PERIOD=1;"
}

# join_pair COMPONENT PRODUCT MACHINE1 OCTET1 MACHINE2 OCTET2
join_pair() {
  local first second
  first=$(container_name "$1" "$2" 1) second=$(container_name "$1" "$2" 2)
  prepare_side "$3" "$first" "$6" &
  prepare_side "$5" "$second" "$4"
  wait $!
  db_sql "$3" "$first" "START SLAVE; SET GLOBAL read_only = 0;
    CREATE DATABASE lab; CREATE TABLE lab.note (id INT PRIMARY KEY, text VARCHAR(80)); INSERT INTO lab.note VALUES (1, '$1 $2');"
  db_sql "$5" "$second" "START SLAVE;"
  wait_until "$LAB_WAIT" "$second replicating" db_replicates "$5" "$second"
  wait_until "$LAB_WAIT" "$first replicating" db_replicates "$3" "$first"
}

join_pairs() {
  local component product machine1 octet1 machine2 octet2 pids=()
  while read -r component product machine1 octet1 machine2 octet2; do
    join_pair "$component" "$product" "$machine1" "$octet1" "$machine2" "$octet2" </dev/null &
    pids+=($!)
  done < <(table databases)
  join_all "${pids[@]}" || die "a control database does not replicate"
}

# Machine and container of the database that has the tables below.
metadb_side() {
  local component product machine rest
  read -r component product machine rest < <(table databases | grep -E '^dbpaas-metadb +dbpaas ')
  echo "$machine $(container_name "$component" "$product" 1)"
}

# The tables of the database platform that recovery reads: instances of business databases, and the log of switches.
fill_metadb() {
  local side
  read -ra side < <(metadb_side)
  db_sql "${side[@]}" "
    CREATE DATABASE dbpaas;
    USE dbpaas;
    CREATE TABLE dbfree_instance_list (id INT PRIMARY KEY AUTO_INCREMENT, instance_id INT, host_name VARCHAR(64),
      ip VARCHAR(40), port INT, role VARCHAR(16));
    CREATE TABLE adha_switch_log (id INT PRIMARY KEY AUTO_INCREMENT, objName VARCHAR(64), gmt_create DATETIME,
      runMesg TEXT);"
  list_instances
}

# list_instances: every business database with the roles it has when nothing is broken, and no switch in the log.
list_instances() {
  local side port first second statements="USE dbpaas; DELETE FROM dbfree_instance_list; DELETE FROM adha_switch_log;" number=500
  read -ra side < <(metadb_side)
  while read -r port first second; do
    number=$((number + 1))
    statements+="INSERT INTO dbfree_instance_list (instance_id, host_name, ip, port, role) VALUES
      ($number, '$first', '${ARK_ADDRESS[$first]}', $port, 'master'),
      ($number, '$second', '${ARK_ADDRESS[$second]}', $port, 'slave');"
  done < <(printf '%s\n' "${ARK_DBNODES[@]}")
  db_sql "${side[@]}" "$statements"
}
