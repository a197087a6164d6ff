# The three machines: network, start, and the containers on them.

make_site_tls() {
  local pki
  pki=$(artefact pki)
  mkdir -p "$ARK_DIR/tls"
  cp "$pki/ca.pem" "$ARK_DIR/tls/ca.pem"
  cp "$pki/client.pem" "$ARK_DIR/tls/cert.pem"
  cp "$pki/client-key.pem" "$ARK_DIR/tls/key.pem"
  cp -a "$(artefact ssh-keys)" "$ARK_DIR/keys"
  machine_known_hosts "${ARK_ADDRESS[@]}" >"$ARK_DIR/known_hosts"
}

# Machines and containers are on one bridge; the containers have a subnet of their own, whose gateway is the lab.
make_site_network() {
  lab_docker network create --subnet "$ARK_NET.0/24" -o com.docker.network.bridge.name=lab95 ark
  ip addr add "$ARK_VLAN_NET.1/24" dev lab95
}

# ZooKeeper of Swarm, as a service of each machine.
seed_zookeeper() {
  local machine=$1 seed=$2 members
  members=$(for machine in "${ARK_MACHINES[@]}"; do echo "${ARK_ADDRESS[$machine]}"; done | paste -sd,)
  install_zookeeper_defaults "$seed"
  mkdir -p "$seed/usr/local/bin" "$seed/etc/systemd/system/multi-user.target.wants"
  cp "$LAB_SOURCE/standins/zk/usr/local/bin/zookeeper-main" "$seed/usr/local/bin/"
  cat >"$seed/etc/systemd/system/zookeeper.service" <<CONF
[Unit]
Description=ZooKeeper of Swarm
After=network.target

[Service]
Environment=zk_ips=$members RequestedIP=${ARK_ADDRESS[$1]}
ExecStart=/usr/bin/env zookeeper.port=2181 /usr/local/bin/zookeeper-main
SuccessExitStatus=143
Restart=on-failure

[Install]
WantedBy=multi-user.target
CONF
  ln -s /etc/systemd/system/zookeeper.service "$seed/etc/systemd/system/multi-user.target.wants/zookeeper.service"
}

start_site_machine() {
  local machine=$1 seed options address=${ARK_ADDRESS[$1]} pki
  pki=$(artefact pki)
  seed=$(new_seed "$machine")
  seed_engine "$machine" "$seed" "$address"
  cp "$pki"/{client,client-key}.pem "$seed/etc/docker/tls"
  seed_zookeeper "$machine" "$seed"
  seed_dbnodes "$machine" "$seed"
  printf 'ip=%s\nhostname=%s\n' "$address" "$machine" >"$seed/etc/hostinfo"
  if [[ $machine == "$ARK_CONTROL_HOST" ]]; then
    mkdir -p "$seed$(dirname "$ARK_SCRIPTS")"
    cp -a "$ARK_DIR/scripts" "$seed$ARK_SCRIPTS"
    write_ark_properties "$seed"
    chown -R 1000:1000 "$seed/home/admin/ark"
  fi
  mkdir -p "$ARK_VOLUMES/$machine"
  mapfile -t options < <(docker_machine_options "$machine")
  start_machine "$machine" ark "$address" "${options[@]}" -v "$ARK_VOLUMES/$machine:/var/docker/volumes"
  await_machine "$machine"
  on_machine "$machine" docker network create -d macvlan --subnet "$ARK_VLAN_NET.0/24" --gateway "$ARK_VLAN_NET.1" \
    -o parent=eth0 "$ARK_VLAN"
}

write_ark_properties() {
  mkdir -p "$1/home/admin/ark/conf"
  printf '%s\n' 'aliware_version=3.1.0' 'registry_dir=/home/admin/registry' "vlan_id=${ARK_VLAN#vlan}" \
    >"$1/home/admin/ark/conf/ark.properties"
}

start_site_machines() {
  local machine pids=()
  for machine in "${ARK_MACHINES[@]}"; do
    start_site_machine "$machine" &
    pids+=($!)
  done
  join_all "${pids[@]}" || die "not every machine of the Ark site came up"
}

# script_of SCRIPT: a script of ark/on-machine, for bash -c there.
script_of() { cat "$LAB_SOURCE/ark/on-machine/$1.sh"; }

# with_run_scripts MACHINE SCRIPT: a script of ark/on-machine that reads the run scripts of that machine. It makes
# containers, which takes longer than one call of docker may.
with_run_scripts() {
  tar -C "$ARK_DIR/scripts/$1" -c . -C "$LAB_SOURCE/ark/on-machine" container-states.py | DOCKER_TIMEOUT=300 on_machine "$1" bash -c "$(script_of "$2")"
}

start_machine_containers() { with_run_scripts "$1" run-containers; }

database_containers_of() {
  local machine component product n rest
  while read -r machine component product n rest; do
    [[ $machine != "$1" ]] || container_name "$component" "$product" "$n"
  done < <(database_sides)
}

start_machine_databases() {
  database_containers_of "$1" | DOCKER_TIMEOUT=300 on_machine "$1" xargs -P 2 -I{} sh -c \
    'timeout 180 docker exec "$1" myadm start || { echo "the database in $1 was not started: exit code $? (124: not within 180 s)" >&2; exit 1; }' start {}
}

start_site_containers() {
  local machine pids=()
  for machine in "${ARK_MACHINES[@]}"; do
    { start_machine_containers "$machine" && start_machine_databases "$machine"; } &
    pids+=($!)
  done
  join_all "${pids[@]}" || die "not every container of the Ark site was started"
}
