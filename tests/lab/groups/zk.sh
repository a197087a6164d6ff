# ZooKeeper: an ensemble of three.

ZK_PORTS=(12181 12182 12183)

# shellcheck source=../lib/zookeeper.sh
source "$LAB_SOURCE/lib/zookeeper.sh"

group_summary() { echo "ZooKeeper ensemble 127.0.0.1:${ZK_PORTS[0]},${ZK_PORTS[1]},${ZK_PORTS[2]}"; }
group_after() { :; }
group_artefacts() { :; }

start_zookeeper() {
  local id=$1 dir=$LAB_DIR/zk/$1 data
  data=$(zk_data "$1")
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

zk_data() { echo "$LAB_DISK/zk/$1"; }
# node_count ID: how many nodes the server has.
node_count() { four_letters 127.0.0.1 "${ZK_PORTS[$1 - 1]}" srvr | awk -F': ' '$1 == "Node count" { print $2 }'; }
has_only_its_own() {
  local id
  for id in 1 2 3; do [[ $(node_count "$id") == "$(cat "$LAB_DIR/zk/nodes")" ]] || return 1; done
}

# Empty again. Nodes may be protected, so the servers forget everything instead of deleting it; only when there is
# something, since a start takes seconds.
group_mend() {
  (($# == 0)) || die "the ensemble is mended as a whole, not '$1' alone"
  local id began=$SECONDS
  # A server may be behind the others for a moment.
  until has_only_its_own; do
    ((SECONDS - began < 2)) || break
    sleep 0.05
  done
  ! has_only_its_own || return 0
  for id in 1 2 3; do kill_server "zk$id"; done
  for id in 1 2 3; do rm -rf "$(zk_data "$id")"/version-2; done
  for id in 1 2 3; do launch "zk$id"; done
  for id in 1 2 3; do await_ready "zk$id"; done
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
  node_count 1 >"$LAB_DIR/zk/nodes"
  publish LAB_ZK_CONNECT "$connect"
}
