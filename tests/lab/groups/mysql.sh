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

# A server that was killed does not begin to replicate by itself.
group_mend_server() {
  [[ $1 == mysql-replica ]] || return 0
  sql replica "START SLAVE"
  await_ready mysql-replica replicates replica
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
