# ZooKeeper, message queue and the rest: when they are ready, and what they know of each other.

swarm_zk_serves() { zookeeper_serves "${ARK_ADDRESS[$1]}" 2181; }
middleware_zk_serves() { zookeeper_serves "$ARK_VLAN_NET.2$1" 2188; }

# listed_brokers: how many brokers the first name server lists.
listed_brokers() {
  in_container ark1 "$(container_name middleware-mq-deploy-namesrv mq 1)" sh /home/admin/rmq/bin/mqadmin clusterList | grep -c 'ark-cluster'
}
brokers_listed() { [[ $(listed_brokers) == "$1" ]]; }

# machine_probes MACHINE: the names of the containers there whose probe fails.
machine_probes() { on_machine "$1" bash -c "$(script_of probes)" </dev/null; }

await_probes() {
  local machine=$1 began=$SECONDS failing name
  until failing=$(machine_probes "$machine") && [[ -z $failing ]]; do
    if ((SECONDS - began >= LAB_WAIT)); then
      for name in $failing; do ark_docker "$machine" logs --tail 20 "$name" >&2; done
      die "these probes on $machine do not pass (their logs are above): $(paste -sd ' ' <<<"$failing")"
    fi
    sleep 0.2
  done
}

start_adha() { in_container ark2 "$(container_name adha-console adha -)" bash /u01/TMHA2-SRV/script/check_con_alive.sh; }

# What more than one machine has a part in.
await_ensembles() {
  local machine n
  for machine in "${ARK_MACHINES[@]}"; do
    wait_until "$LAB_WAIT" "ZooKeeper of Swarm on $machine" swarm_zk_serves "$machine"
  done
  for n in 1 2 3; do wait_until "$LAB_WAIT" "ZooKeeper container $n" middleware_zk_serves "$n"; done
  wait_until "$LAB_WAIT" "both brokers at the name server" brokers_listed 2
  wait_until "$LAB_WAIT" "Swarm's API on ark1" curl -sf --max-time 5 "http://${ARK_ADDRESS[ark1]}:4000/_ping"
}

await_middleware() {
  local machine pids=()
  start_adha
  await_ensembles
  for machine in "${ARK_MACHINES[@]}"; do
    await_probes "$machine" &
    pids+=($!)
  done
  join_all "${pids[@]}" || die "not every probe of the Ark site passes"
}

# What the brokers' failover keeps in ZooKeeper: who belongs to which group, and who is primary (0) or replica (1).
register_brokers() {
  local zk state
  zk=$(container_name zk middleWare 1)
  state="{\"$ARK_VLAN_NET.33\":{\"brokerId\":0,\"state\":\"MASTER\"},\"$ARK_VLAN_NET.34\":{\"brokerId\":1,\"state\":\"SLAVE\"}}"
  in_container ark1 "$zk" sh /usr/share/zookeeper/bin/zkCli.sh -server localhost:2188 >"$ARK_DIR/register-brokers.log" 2>&1 <<ZK
create /mq ""
create /mq/brokerNames ""
create /mq/brokerNames/cluster ""
create /mq/brokerNames/cluster/ark-cluster ""
create /mq/brokerNames/cluster/ark-cluster/broker-a ""
create /mq/brokerNames/cluster/ark-cluster/broker-a/$ARK_VLAN_NET.33 ""
create /mq/brokerNames/cluster/ark-cluster/broker-a/$ARK_VLAN_NET.34 ""
create /MQFailover ""
create /MQFailover/StateMachine ""
create /MQFailover/StateMachine/ark-cluster ""
create /MQFailover/StateMachine/ark-cluster/broker-a $state
quit
ZK
  grep -q "Created /MQFailover/StateMachine/ark-cluster/broker-a" "$ARK_DIR/register-brokers.log" ||
    die "the brokers could not be registered in ZooKeeper: $(cat "$ARK_DIR/register-brokers.log")"
}
