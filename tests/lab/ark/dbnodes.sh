# Business databases: they run on the machines themselves, not in containers, in pairs that replicate both ways.
# /u01/myPORT on the machine; started and stopped there with: myadm -P PORT -d startup | shutdown

# Port, machine of the writable side, machine of the other.
ARK_DBNODES=("3701 ark1 ark2" "3702 ark3 ark1")
ARK_DBNODE_USER=dbadmin ARK_DBNODE_PASSWORD=lab-dbadmin

# dbnode_sql MACHINE PORT STATEMENTS
dbnode_sql() { on_machine "$1" my "$2" -N -B <<<"$3"; }
dbnode_replicates() { on_machine "$1" my "$2" <<<'SHOW SLAVE STATUS\G' | grep 'Seconds_Behind_Master: 0'; }

dbnode_ports_of() {
  local port first second
  for pair in "${ARK_DBNODES[@]}"; do
    read -r port first second <<<"$pair"
    [[ $1 != "$first" && $1 != "$second" ]] || echo "$port"
  done
}

# seed_dbnodes MACHINE SEED: tools and configuration; the data is on a volume.
seed_dbnodes() {
  local machine=$1 seed=$2 port
  mkdir -p "$seed/usr/local/bin"
  cp "$LAB_SOURCE"/standins/mysql/usr/local/bin/{my,myadm,dbs} "$seed/usr/local/bin/"
  for port in $(dbnode_ports_of "$machine"); do
    mkdir -p "$seed/u01/my$port"
    sed "s/3306/$port/g" "$LAB_SOURCE/standins/mysql/u01/my3306/my.cnf" >"$seed/u01/my$port/my.cnf"
    printf 'server-id = %s%s\n' "$port" "${machine#ark}" >>"$seed/u01/my$port/my.cnf"
    printf 'report-host = %s\n' "${ARK_ADDRESS[$machine]}" >>"$seed/u01/my$port/my.cnf"
    mkdir -p "$ARK_VOLUMES/$machine"
    cp -a "$(artefact mysql-datadir)/data" "$ARK_VOLUMES/$machine/dbnode-$port"
    chown -R "$(mysql_ids_of_machine)" "$ARK_VOLUMES/$machine/dbnode-$port"
    ln -s "/var/docker/volumes/dbnode-$port" "$seed/u01/my$port/data"
  done
}

prepare_dbnode() {
  local machine=$1 port=$2 peer=$3
  on_machine "$machine" myadm -P "$port" -d startup
  dbnode_sql "$machine" "$port" "
    SET sql_log_bin = 0;
    CREATE USER $ARK_REPLICATION_USER@'%' IDENTIFIED BY '$ARK_REPLICATION_PASSWORD';
    GRANT REPLICATION SLAVE ON *.* TO $ARK_REPLICATION_USER@'%';
    CREATE USER $ARK_DBNODE_USER@'%' IDENTIFIED BY '$ARK_DBNODE_PASSWORD';
    GRANT ALL ON *.* TO $ARK_DBNODE_USER@'%' WITH GRANT OPTION;
    SET sql_log_bin = 1;
    CHANGE MASTER TO MASTER_HOST='${ARK_ADDRESS[$peer]}', MASTER_PORT=$port, MASTER_USER='$ARK_REPLICATION_USER',
      MASTER_PASSWORD='$ARK_REPLICATION_PASSWORD', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1,
      MASTER_HEARTBEAT_PERIOD=1;"
}

start_dbnode_pair() {
  local port=$1 first=$2 second=$3
  prepare_dbnode "$first" "$port" "$second" &
  prepare_dbnode "$second" "$port" "$first"
  wait $!
  dbnode_sql "$first" "$port" "START SLAVE; SET GLOBAL read_only = 0; CREATE DATABASE business;"
  dbnode_sql "$second" "$port" "START SLAVE;"
  wait_until "$LAB_WAIT" "the business database $port on $second replicating" dbnode_replicates "$second" "$port"
  wait_until "$LAB_WAIT" "the business database $port on $first replicating" dbnode_replicates "$first" "$port"
}

start_dbnodes() {
  local pair pids=()
  for pair in "${ARK_DBNODES[@]}"; do
    # shellcheck disable=SC2086 # three words
    start_dbnode_pair $pair </dev/null &
    pids+=($!)
  done
  join_all "${pids[@]}" || die "a business database does not replicate"
}
