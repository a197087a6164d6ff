# The site as its tables say, whatever was done to it: machines and their services up, every container there, made as
# its run script says and running, the databases in their roles and replicating, every probe passing.

# mend_site MACHINE: what a machine needs that was away.
mend_site() {
  mend_site_machine "$1"
  mend_databases
  mend_middleware
}

mend_machines() {
  local machine pids=()
  for machine in "${ARK_MACHINES[@]}"; do
    mend_site_machine "$machine" &
    pids+=($!)
  done
  join_all "${pids[@]}" || die "not every machine of the Ark site is well"
}

mend_site_machine() {
  local machine=$1
  mend_machine "$machine" zookeeper docker.socket docker
  wait_until "$LAB_WAIT" "the engine of $machine" ark_docker "$machine" version
  with_run_scripts "$machine" mend-containers
}

# --- databases: a side of a pair is "MACHINE CONTAINER PORT", the container being - for a server on the machine itself

# database_pairs: a line "writable side, other side" (six words) for each pair.
database_pairs() {
  local component product machine1 octet1 machine2 octet2 port
  while read -r component product machine1 octet1 machine2 octet2; do
    echo "$machine1 $(container_name "$component" "$product" 1) 3306 $machine2 $(container_name "$component" "$product" 2) 3306"
  done < <(table databases)
  while read -r port machine1 machine2; do
    echo "$machine1 - $port $machine2 - $port"
  done < <(printf '%s\n' "${ARK_DBNODES[@]}")
}

# unwell_databases MACHINE: a line "CONTAINER PORT ROLE" for each that is not in its role and replicating.
unwell_databases() {
  database_pairs | awk -v machine="$1" '$1 == machine { print $2, $3, "RW" } $4 == machine { print $5, $6, "RO" }' |
    on_machine "$1" bash -c "$(script_of databases)"
}

mend_databases() {
  local machine name port role pids=()
  for machine in "${ARK_MACHINES[@]}"; do
    unwell_databases "$machine" >"$ARK_DIR/unwell-$machine" &
    pids+=($!)
  done
  # Nothing said is "all well" only from those that could ask.
  join_all "${pids[@]}" || die "the databases of the Ark site could not be asked on every machine"
  for machine in "${ARK_MACHINES[@]}"; do
    while read -r name port role; do
      if [[ $name == - ]]; then mend_pair_of "$port"; else mend_pair_of "$name"; fi </dev/null
    done <"$ARK_DIR/unwell-$machine"
    rm "$ARK_DIR/unwell-$machine"
  done
}

# mend_pair_of CONTAINER|PORT: the pair that a container, or a server on the machines, belongs to.
mend_pair_of() {
  local pair
  read -ra pair < <(database_pairs | grep -E -- "( $1 3306( |\$)|- $1\$)")
  mend_pair "${pair[@]}"
}

# side_sql SIDE STATEMENTS
side_sql() { if [[ $2 == - ]]; then dbnode_sql "$1" "$3" "$4"; else db_sql "$1" "$2" "$4"; fi; }
side_replicates() { if [[ $2 == - ]]; then dbnode_replicates "$1" "$3"; else db_replicates "$1" "$2"; fi; }
start_side() { if [[ $2 == - ]]; then on_machine "$1" myadm -P "$3" -d startup; else in_container "$1" "$2" myadm start; fi; }

# mend_pair SIDE SIDE: the first is the writable one when nothing is broken. It is opened when it has all that the other
# accepted while that one stood in for it.
mend_pair() {
  local first=("${@:1:3}") second=("${@:4:3}")
  start_side "${first[@]}"
  start_side "${second[@]}"
  side_sql "${second[@]}" "SET GLOBAL read_only = 1; START SLAVE"
  side_sql "${first[@]}" "START SLAVE"
  wait_until "$LAB_WAIT" "replication of ${first[*]}" side_replicates "${first[@]}"
  side_sql "${first[@]}" "SET GLOBAL read_only = 0"
  wait_until "$LAB_WAIT" "replication of ${second[*]}" side_replicates "${second[@]}"
}

# --- middleware ------------------------------------------------------------------------------------------------------

# A server that was killed inside its container does not come back by itself; one that was just started needs a moment.
PROBE_SECONDS=10

mend_middleware() {
  local machine pids=()
  start_adha
  in_container ark3 "$(container_name drds-manager drds -)" drds-console reset
  for machine in "${ARK_MACHINES[@]}"; do
    mend_probes "$machine" &
    pids+=($!)
  done
  join_all "${pids[@]}" || die "not every probe of the Ark site passes"
  await_ensembles
}

mend_probes() {
  local machine=$1 began=$SECONDS failing name
  until failing=$(machine_probes "$machine") && [[ -z $failing ]]; do
    if ((SECONDS - began >= PROBE_SECONDS)); then
      for name in $failing; do ark_docker "$machine" restart --time 60 "$name"; done
      await_probes "$machine"
      return
    fi
    sleep 0.2
  done
}
