# Machines with systemd: node1 and node2 run sshd, MariaDB and keepalived with a virtual address; dk1 has its own
# Docker engine.

NODES_DIR=$LAB_DIR/nodes
NODES_NET=net94
NODES_VIP=10.94.0.100
declare -A NODE_ADDRESS=([node1]=10.94.0.21 [node2]=10.94.0.22 [dk1]=10.94.0.31)
declare -A NODE_PRIORITY=([node1]=100 [node2]=90)

group_summary() { echo "systemd machines node1 10.94.0.21, node2 10.94.0.22 (sshd, MariaDB, keepalived, virtual address $NODES_VIP), dk1 10.94.0.31 (own Docker engine)"; }
group_after() { echo docker; }
group_obstacle() { machine_obstacle; }
group_artefacts() { echo machine-engine machine-rootfs mysql-datadir pki ssh-keys; }

load_machines() {
  # shellcheck source=../lib/machines.sh
  source "$LAB_SOURCE/lib/machines.sh"
}

node_keepalived_conf() {
  local name=$1 peer=$2
  cat <<CONF
global_defs {
  router_id $name
  vrrp_version 3
  script_user root
  enable_script_security
  vrrp_garp_master_delay 0
}

vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 52
  priority ${NODE_PRIORITY[$name]}
  advert_int 0.2
  unicast_src_ip ${NODE_ADDRESS[$name]}
  unicast_peer {
    ${NODE_ADDRESS[$peer]}
  }
  virtual_ipaddress {
    $NODES_VIP/24 dev eth0
  }
}
CONF
}

start_node() {
  local name=$1 peer=$2 seed
  seed=$(new_seed "$name")
  mkdir -p "$seed/etc/keepalived" "$seed/etc/mysql/mariadb.conf.d"
  node_keepalived_conf "$name" "$peer" >"$seed/etc/keepalived/keepalived.conf"
  printf '%s\n' '[mariadbd]' 'bind-address = 0.0.0.0' 'innodb_buffer_pool_size = 32M' 'innodb_log_file_size = 8M' \
    'performance_schema = OFF' >"$seed/etc/mysql/mariadb.conf.d/99-lab.cnf"
  enable_unit "$seed" keepalived.service
  enable_unit "$seed" mariadb.service
  cp -a "$(artefact mysql-datadir)/data" "$MACHINE_DIR/$name/mysql"
  # The ids of mysql in the image, not this machine's.
  chown -R "$(mysql_ids_of_machine)" "$MACHINE_DIR/$name/mysql"
  start_machine "$name" "$NODES_NET" "${NODE_ADDRESS[$name]}" "${PLAIN_MACHINE[@]}" -v "$MACHINE_DIR/$name/mysql:/var/lib/mysql"
  await_machine "$name"
}

start_docker_node() {
  local seed options
  seed=$(new_seed dk1)
  seed_engine dk1 "$seed" "${NODE_ADDRESS[dk1]}"
  mapfile -t options < <(docker_machine_options dk1)
  start_machine dk1 "$NODES_NET" "${NODE_ADDRESS[dk1]}" "${options[@]}"
  await_machine dk1
}

node_holds_vip() { on_machine "$1" ip -4 addr show dev eth0 | grep "inet $NODES_VIP/"; }

NODE_UNITS=(ssh mariadb keepalived) DOCKER_NODE_UNITS=(ssh docker.socket docker)

group_mend() {
  (($# == 0)) || die "nodes are mended together, not '$1' alone"
  load_machines
  local pids=()
  mend_machine node1 "${NODE_UNITS[@]}" &
  pids+=($!)
  mend_machine node2 "${NODE_UNITS[@]}" &
  pids+=($!)
  mend_machine dk1 "${DOCKER_NODE_UNITS[@]}" &
  pids+=($!)
  join_all "${pids[@]}" || die "not every machine is well"
  await_vip
}

await_vip() { wait_until "$LAB_WAIT" "the virtual address $NODES_VIP on node1" node_holds_vip node1; }

group_up() {
  load_machines
  ensure_machine_image
  mkdir -p "$NODES_DIR"
  local pids=() name
  start_node node1 node2 &
  pids+=($!)
  start_node node2 node1 &
  pids+=($!)
  start_docker_node &
  pids+=($!)
  join_all "${pids[@]}" || die "not every machine came up"
  await_vip
  machine_known_hosts "${NODE_ADDRESS[@]}" "$NODES_VIP" >"$NODES_DIR/known_hosts"
  cp -a "$(artefact ssh-keys)" "$NODES_DIR/keys"

  for name in "${!NODE_ADDRESS[@]}"; do publish "LAB_${name^^}" "${NODE_ADDRESS[$name]}"; done
  publish LAB_NODES_VIP "$NODES_VIP"
  publish LAB_NODES_SSH_USER admin
  publish LAB_NODES_SSH_KEY "$NODES_DIR/keys/user_ed25519"
  publish LAB_NODES_KNOWN_HOSTS "$NODES_DIR/known_hosts"
  publish LAB_DK1_TLS_ADDRESS "${NODE_ADDRESS[dk1]}:2376"
}
