# MariaDB servers that run directly in the lab.

# Small caches, no fsync at commit: for tests, not for data. Slaves do not start by themselves, so that a replica
# after a crash is in the state a person finds it in.
MYSQL_OPTIONS=(
  --skip-name-resolve --skip-slave-start --log-bin=bin --binlog-format=ROW --log-slave-updates --relay-log=relay
  --innodb-buffer-pool-size=32M --innodb-log-file-size=8M --innodb-flush-log-at-trx-commit=2
  --key-buffer-size=1M --aria-pagecache-buffer-size=8M --max-connections=200 --performance-schema=OFF
  --innodb-buffer-pool-dump-at-shutdown=OFF --innodb-buffer-pool-load-at-startup=OFF --slave-net-timeout=4
)

# start_mysql NAME PORT SERVER_ID OPTION...
start_mysql() {
  local name=$1 port=$2 id=$3 dir=$LAB_DIR/mysql/$1 data=$LAB_DISK/mysql/$1/data
  shift 3
  make_disk "mysql-$name" 2g "$LAB_DISK/mysql/$name"
  cp -a "$(artefact mysql-datadir)/data" "$data"
  mkdir -p "$LAB_DIR/mysql"
  install -d -o mysql "$dir"
  start_daemon "mysql-$name" mariadbd --no-defaults --user=mysql --datadir="$data" --socket="$dir/mysqld.sock" \
    --pid-file="$dir/mysqld.pid" --port="$port" --bind-address=127.0.0.1 --server-id="$id" \
    --report-host=127.0.0.1 --report-port="$port" "${MYSQL_OPTIONS[@]}" "$@"
}

# sql NAME STATEMENTS: as root over the server's socket.
sql() { timeout 60 mariadb --no-defaults --batch --skip-column-names -uroot -S "$LAB_DIR/mysql/$1/mysqld.sock" -e "$2"; }
mysql_answers() { mariadb-admin --no-defaults --connect-timeout=1 -uroot -S "$LAB_DIR/mysql/$1/mysqld.sock" ping; }
await_mysql() { wait_ready "mysql-$1" mysql_answers "$1"; }

replicates() { timeout 10 mariadb --no-defaults -uroot -S "$LAB_DIR/mysql/$1/mysqld.sock" -e 'SHOW SLAVE STATUS\G' | grep 'Seconds_Behind_Master: 0'; }
