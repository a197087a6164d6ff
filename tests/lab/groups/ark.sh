# A small Ark site: three machines with a Docker engine each, base containers, a ZooKeeper ensemble on the machines and
# one in containers, five control databases and two business databases as replicating pairs, message queue, DRDS and
# other middleware. Real are systemd, Docker, ZooKeeper, MariaDB and its replication, and the network; stand-ins are the
# servers of tests/lab/standins. The site itself is described in tests/lab/ark.

group_summary() { echo "Ark site: machines ark1-3 10.95.0.11-13, containers 10.96.14.0/24 (network vlan214), Swarm :4000"; }
group_after() { echo docker; }
group_obstacle() { machine_obstacle; }
group_artefacts() { echo machine-engine machine-rootfs mysql-datadir pki ssh-keys; }

load_ark() {
  local part
  # shellcheck source=../lib/machines.sh
  source "$LAB_SOURCE/lib/machines.sh"
  # shellcheck source=../lib/zookeeper.sh
  source "$LAB_SOURCE/lib/zookeeper.sh"
  for part in site run-scripts databases dbnodes middleware machines inventory mend faults; do
    # shellcheck source=/dev/null
    source "$LAB_SOURCE/ark/$part.sh"
  done
}

group_up() {
  load_ark
  ensure_machine_image
  mkdir -p "$ARK_DIR"
  make_site_tls
  make_site_network
  write_run_scripts
  make_database_volumes
  start_site_machines
  phase "machines"
  start_site_containers
  phase "containers"
  join_pairs
  start_dbnodes
  fill_metadb
  phase "databases"
  await_middleware
  register_brokers
  phase "middleware"
  write_inventory
  publish_site
}

# phase NAME: how long the group took until here, for "lab logs up-ark".
phase() { say "ark: $1 after $SECONDS s"; }

group_break() {
  load_ark
  if (($#)); then break_fault "$1"; else list_faults; fi
}

group_mend() {
  load_ark
  if (($#)); then mend_fault "$1"; else mend_every_fault; fi
}

publish_site() {
  local machine
  for machine in "${ARK_MACHINES[@]}"; do
    publish "LAB_${machine^^}" "${ARK_ADDRESS[$machine]}"
    publish "LAB_${machine^^}_DOCKER" "${ARK_ADDRESS[$machine]}:2376"
  done
  publish LAB_ARK_SWARM "${ARK_ADDRESS[ark1]}:4000"
  publish LAB_ARK_SWARM_ZK "$(for machine in "${ARK_MACHINES[@]}"; do echo "${ARK_ADDRESS[$machine]}:2181"; done | paste -sd,)"
  publish LAB_ARK_ZK "$ARK_VLAN_NET.21:2188,$ARK_VLAN_NET.22:2188,$ARK_VLAN_NET.23:2188"
  publish LAB_ARK_VLAN "$ARK_VLAN"
  publish LAB_ARK_TASK "$ARK_TASK"
  publish LAB_ARK_CONTROL_HOST "$ARK_CONTROL_HOST"
  publish LAB_ARK_SCRIPTS "$ARK_SCRIPTS"
  publish LAB_ARK_CERT_PATH "$ARK_DIR/tls"
  publish LAB_ARK_SSH_USER admin
  publish LAB_ARK_SSH_KEY "$ARK_DIR/keys/user_ed25519"
  publish LAB_ARK_KNOWN_HOSTS "$ARK_DIR/known_hosts"
  publish LAB_ARK_DBNODE_USER "$ARK_DBNODE_USER"
  publish LAB_ARK_DBNODE_PASSWORD "$ARK_DBNODE_PASSWORD"
  publish LAB_ARK_INVENTORY "$ARK_DIR/inventory.yml"
}
