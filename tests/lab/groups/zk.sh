# ZooKeeper: an ensemble of three.

ZK_PORTS=(12181 12182 12183)

# shellcheck source=../lib/zookeeper.sh
source "$LAB_SOURCE/lib/zookeeper.sh"

group_summary() { echo "ZooKeeper ensemble 127.0.0.1:${ZK_PORTS[0]},${ZK_PORTS[1]},${ZK_PORTS[2]}"; }
group_after() { :; }
group_artefacts() { :; }

start_zookeeper() {
  local id=$1 dir=$LAB_DIR/zk/$1 data=$LAB_DISK/zk/$1
  mkdir -p "$dir"
  make_disk "zk$id" 1g "$data"
  echo "$id" >"$data/myid"
  {
    zookeeper_common_conf
    echo "dataDir=$data"
    echo "clientPort=${ZK_PORTS[id - 1]}"
    echo "clientPortAddress=127.0.0.1"
    printf 'server.%d=127.0.0.1:1288%d:1388%d\n' 1 1 1 2 2 2 3 3 3
  } >"$dir/zoo.cfg"
  start_daemon "zk$id" "${ZOOKEEPER_JVM[@]}" "$dir/zoo.cfg"
}

group_up() {
  local id port connect=""
  for id in 1 2 3; do start_zookeeper "$id"; done
  for id in 1 2 3; do
    port=${ZK_PORTS[id - 1]}
    wait_ready "zk$id" zookeeper_serves 127.0.0.1 "$port"
    publish "LAB_ZK_PORT_$id" "$port"
    publish "LAB_ZK_CONF_$id" "$LAB_DIR/zk/$id/zoo.cfg"
    publish "LAB_ZK_PID_FILE_$id" "$LAB_DIR/servers/zk$id/pid"
    connect+="${connect:+,}127.0.0.1:$port"
  done
  publish LAB_ZK_CONNECT "$connect"
}
