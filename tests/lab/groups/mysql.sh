# MariaDB: a primary with a replica that replicates, and a server that speaks TLS.

MYSQL_PRIMARY_PORT=13301 MYSQL_REPLICA_PORT=13302 MYSQL_TLS_PORT=13303
MYSQL_USER=app MYSQL_PASSWORD=lab-app MYSQL_TLS_USER=secure
REPLICATION_USER=repl REPLICATION_PASSWORD=lab-repl

# shellcheck source=../lib/mysql.sh
source "$LAB_SOURCE/lib/mysql.sh"

group_summary() { echo "MariaDB 127.0.0.1: primary :$MYSQL_PRIMARY_PORT, read-only replica :$MYSQL_REPLICA_PORT, TLS :$MYSQL_TLS_PORT"; }
group_after() { :; }
group_artefacts() { echo mysql-datadir pki; }

# The server drops root's rights before it reads the key.
install_certificates() {
  local file
  install -d -o mysql -m 0700 "$LAB_DIR/mysql-tls"
  for file in ca.pem server.pem server-key.pem; do
    install -o mysql -m 0600 "$(artefact pki)/$file" "$LAB_DIR/mysql-tls/$file"
  done
  install -d "$LAB_DIR/tls"
  cp "$(artefact pki)"/{ca,other-ca,client,client-key}.pem "$LAB_DIR/tls"
}

# "app" has grants on its tables only: a user with every privilege may write to a read-only server.
create_users() {
  sql primary "
    CREATE USER $REPLICATION_USER@'%' IDENTIFIED BY '$REPLICATION_PASSWORD';
    GRANT REPLICATION SLAVE ON *.* TO $REPLICATION_USER@'%';
    CREATE DATABASE app;
    CREATE USER $MYSQL_USER@'%' IDENTIFIED BY '$MYSQL_PASSWORD';
    GRANT ALL ON app.* TO $MYSQL_USER@'%';"
  sql tls "
    CREATE DATABASE app;
    CREATE USER $MYSQL_TLS_USER@'%' IDENTIFIED BY '$MYSQL_PASSWORD' REQUIRE SSL;
    GRANT ALL ON app.* TO $MYSQL_TLS_USER@'%';"
}

start_replication() {
  sql replica "
    CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$MYSQL_PRIMARY_PORT, MASTER_USER='$REPLICATION_USER',
      MASTER_PASSWORD='$REPLICATION_PASSWORD', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1,
      MASTER_HEARTBEAT_PERIOD=1;
    START SLAVE;"
  await_ready mysql-replica replicates replica
}

# Roles, replication, and no database but the lab's. What tests did to "app" and to users stays.
group_mend() {
  (($# == 0)) || die "the servers of mysql are mended together, not '$1' alone"
  sql primary "SET GLOBAL read_only = 0; CREATE DATABASE IF NOT EXISTS app"
  sql replica "SET GLOBAL read_only = 1"
  sql tls "SET GLOBAL read_only = 0; CREATE DATABASE IF NOT EXISTS app"
  mend_replication
  drop_foreign primary
  drop_foreign tls
  wait_until "$LAB_WAIT" "what the primary has on the replica" replica_has_all
  # What only the replica has. Not for its binary log, or it would have something that the primary never said.
  drop_foreign replica "SET sql_log_bin = 0;"
}

# A server that was killed does not begin to replicate by itself; one that met an error will not go on.
mend_replication() {
  sql replica "START SLAVE"
  wait_until "$LAB_WAIT" "replication, or an error of it" replication_is_decided
  replicates replica || make_replica_again
}

replication_is_decided() { replicates replica || [[ $(slave_status 'Last_(SQL|IO)_Errno') =~ [1-9] && $(slave_status 'Slave_(SQL|IO)_Running') == *No* ]]; }

# slave_status NAMES: the values of the replica, NAMES being an extended regular expression.
slave_status() { mariadb --no-defaults -uroot -S "$LAB_DIR/mysql/replica/mysqld.sock" -e 'SHOW SLAVE STATUS\G' | sed -nE "s/^ *($1): //p"; }

# From nothing: the primary's binary logs have it all.
make_replica_again() {
  kill_server mysql-replica
  rm -rf "$LAB_DISK/mysql/replica/data"
  cp -a "$(artefact mysql-datadir)/data" "$LAB_DISK/mysql/replica/data"
  start_server mysql-replica
  start_replication
}

replica_has_all() { [[ $(sql replica "SELECT MASTER_GTID_WAIT('$(sql primary 'SELECT @@gtid_binlog_pos')', 5)") == 0 ]]; }

# drop_foreign SERVER [STATEMENTS]: every database but the lab's, after these statements.
drop_foreign() {
  local drops
  drops=$(sql "$1" "SELECT CONCAT('DROP DATABASE IF EXISTS \`', REPLACE(schema_name, '\`', '\`\`'), '\`;') FROM information_schema.schemata
    WHERE schema_name NOT IN ('app', 'mysql', 'information_schema', 'performance_schema', 'sys')")
  [[ -z $drops ]] || sql "$1" "${2:-}$drops"
}

group_up() {
  install_certificates
  start_mysql primary "$MYSQL_PRIMARY_PORT" 1
  start_mysql replica "$MYSQL_REPLICA_PORT" 2 --read-only
  start_mysql tls "$MYSQL_TLS_PORT" 3 --ssl-ca="$LAB_DIR/mysql-tls/ca.pem" \
    --ssl-cert="$LAB_DIR/mysql-tls/server.pem" --ssl-key="$LAB_DIR/mysql-tls/server-key.pem"
  local name
  for name in primary replica tls; do await_mysql "$name"; done
  create_users
  start_replication

  publish LAB_MYSQL_HOST 127.0.0.1
  publish LAB_MYSQL_PRIMARY_PORT "$MYSQL_PRIMARY_PORT"
  publish LAB_MYSQL_REPLICA_PORT "$MYSQL_REPLICA_PORT"
  publish LAB_MYSQL_TLS_PORT "$MYSQL_TLS_PORT"
  publish LAB_MYSQL_PRIMARY_SOCKET "$LAB_DIR/mysql/primary/mysqld.sock"
  publish LAB_MYSQL_REPLICA_SOCKET "$LAB_DIR/mysql/replica/mysqld.sock"
  publish LAB_MYSQL_TLS_SOCKET "$LAB_DIR/mysql/tls/mysqld.sock"
  publish LAB_MYSQL_DATABASE app
  publish LAB_MYSQL_USER "$MYSQL_USER"
  publish LAB_MYSQL_PASSWORD "$MYSQL_PASSWORD"
  publish LAB_MYSQL_TLS_USER "$MYSQL_TLS_USER"
  publish LAB_MYSQL_REPLICATION_USER "$REPLICATION_USER"
  publish LAB_MYSQL_REPLICATION_PASSWORD "$REPLICATION_PASSWORD"
  publish LAB_MYSQL_CA "$LAB_DIR/tls/ca.pem"
  publish LAB_MYSQL_OTHER_CA "$LAB_DIR/tls/other-ca.pem"
}
