# The run scripts of the containers, as the deployment leaves them on the control host: recreating a container means
# running its script again.

# Multi-line "docker run" with one option a line, quoted for the shell.
print_run() {
  local argument
  printf '#!/bin/sh\nexec docker run -d'
  while (($# > 1)); do
    printf ' \\\n  %q' "$1"
    shift
    # An option and its value stay on one line.
    if [[ ${1:-} != -* && $# -gt 1 ]]; then
      printf ' %q' "$1"
      shift
    fi
  done
  printf ' \\\n  %q\n' "$1"
}

# middleware_options COMPONENT PRODUCT NAME OCTET PROBE DELAY MEMORY: what every Ark container has.
middleware_options() {
  local component=$1 product=$2 name=$3 address=$ARK_VLAN_NET.$4 probe=$5 delay=$6 memory=$7
  [[ $probe == - ]] || printf '%s\n' -l aliyun.probe.timeout_seconds=300 \
    -l "aliyun.probe.initial_delay_seconds=$delay" -l "aliyun.probe.cmd=$probe"
  printf '%s\n' -l "ark.component=$component" -l "ark.product=$product" -l "ark.service=$component" \
    -l "com.docker.swarm.affinities=[\"container!=~${ARK_TASK}_g0_${component}*\"]" \
    -e "RequestedIP=$address" \
    -v /etc/hostinfo:/etc/hostinfo \
    --restart=always "--name=$name" "--net=$ARK_VLAN" "--ip=$address" "--memory=$memory"
}

# write_script MACHINE NAME ARGUMENTS...
write_script() {
  local file=$ARK_DIR/scripts/$1/$2.sh
  shift 2
  mkdir -p "$(dirname "$file")"
  print_run "$@" >"$file"
  chmod 0755 "$file"
}

write_container_scripts() {
  local machine component product n octet image probe delay memory ports options name common
  while read -r machine component product n octet image probe delay memory ports options; do
    name=$(container_name "$component" "$product" "$n")
    mapfile -t common < <(middleware_options "$component" "$product" "$name" "$octet" "${probe//+/ }" "$delay" "$memory")
    [[ $ports == - ]] || common+=(-e "SERVICE_PORTS=$ports" -e "SERVICE_NAME=$component")
    # shellcheck disable=SC2086 # a list of words
    write_script "$machine" "$name" "${common[@]}" ${options//@name/$name} "$ARK_REGISTRY/$image"
  done < <(table containers)
}

# database_sides: a line "machine component product n octet peer_octet role" for each side of each pair.
database_sides() {
  local component product machine1 octet1 machine2 octet2
  while read -r component product machine1 octet1 machine2 octet2; do
    echo "$machine1 $component $product 1 $octet1 $octet2 RW"
    echo "$machine2 $component $product 2 $octet2 $octet1 RO"
  done < <(table databases)
}

write_database_scripts() {
  local machine component product n octet peer role name common
  while read -r machine component product n octet peer role; do
    name=$(container_name "$component" "$product" "$n")
    mapfile -t common < <(middleware_options "$component" "$product" "$name" "$octet" /home/admin/bin/check_mysql.sh 120 1024M)
    write_script "$machine" "$name" "${common[@]}" -e "SERVER_ID=$octet" \
      -v "/var/docker/volumes/$name/data:/u01/my3306/data" "$ARK_REGISTRY/ark/mysql:5.6"
  done < <(database_sides)
}

# The base containers of every machine: Open vSwitch, the network plugin, Swarm's agent and manager. The manager's
# arguments name the ZooKeeper ensemble, which runs on the machines themselves.
write_base_scripts() {
  local machine zk nodes="" address
  zk=zk://$(for machine in "${ARK_MACHINES[@]}"; do echo "${ARK_ADDRESS[$machine]}:2181"; done | paste -sd,)$ARK_ZK_PATH
  nodes=$(for machine in "${ARK_MACHINES[@]}"; do echo "$machine=${ARK_ADDRESS[$machine]}:2376"; done | paste -sd,)
  for machine in "${ARK_MACHINES[@]}"; do
    address=${ARK_ADDRESS[$machine]}
    write_base "$machine" ovs "$ARK_REGISTRY/base/openvswitch:2.3.2"
    write_base "$machine" vlan "$ARK_REGISTRY/base/networkplugin:1.1.3"
    write_base_command "$machine" swarm-agent "$ARK_REGISTRY/base/swarm:1.2.6" -- join "--advertise=$address:2376" "$zk"
    write_base_command "$machine" swarm-manager -v /etc/docker/tls:/etc/docker/tls:ro -e "SWARM_NODES=$nodes" \
      "$ARK_REGISTRY/base/swarm:1.2.6" -- manage -H :4000 --replication "--advertise=$address:4000" "$zk"
  done
}

write_base() {
  local machine=$1 name=$2
  shift 2
  write_script "$machine" "$name" --restart=always "--name=$name" --net=host "$@"
}

# write_base_command MACHINE NAME OPTION... IMAGE -- ARGUMENT...: a base container whose program takes arguments.
write_base_command() {
  local machine=$1 name=$2 options=()
  shift 2
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  write_base "$machine" "$name" "${options[@]}"
  printf '%s' "$(cat "$ARK_DIR/scripts/$machine/$name.sh")" >"$ARK_DIR/scripts/$machine/$name.sh"
  printf ' %q' "$@" >>"$ARK_DIR/scripts/$machine/$name.sh"
  echo >>"$ARK_DIR/scripts/$machine/$name.sh"
}

write_run_scripts() {
  write_base_scripts
  write_container_scripts
  write_database_scripts
}
