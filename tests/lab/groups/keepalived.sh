# keepalived: two small hosts a and b that share a virtual address. Each has its own network namespace, /tmp,
# /etc/keepalived and sshd, so that configuration, signals and dump files are where an operator looks for them.

VRRP_NET=10.92.0 VRRP_VIP=10.92.0.100
declare -A VRRP_ADDRESS=([a]=$VRRP_NET.11 [b]=$VRRP_NET.12)
declare -A VRRP_STATE=([a]=MASTER [b]=BACKUP)
declare -A VRRP_PRIORITY=([a]=100 [b]=90)

group_summary() { echo "keepalived on ${VRRP_ADDRESS[a]} and ${VRRP_ADDRESS[b]} (ssh :22), virtual address $VRRP_VIP"; }
group_after() { :; }
group_artefacts() { echo ssh-keys; }

# The bridge has a namespace of its own: beside a Docker engine its frames would fall to the engine's FORWARD policy.
make_network() {
  local host
  ip netns add vrrp-lan
  ip -n vrrp-lan link add br0 type bridge
  ip -n vrrp-lan link set br0 up
  for host in a b; do
    ip netns add "vrrp-$host"
    ip link add "to-$host" netns vrrp-lan type veth peer name eth0 netns "vrrp-$host"
    ip -n vrrp-lan link set "to-$host" master br0 up
    ip -n "vrrp-$host" link set lo up
    ip -n "vrrp-$host" addr add "${VRRP_ADDRESS[$host]}/24" dev eth0
    ip -n "vrrp-$host" link set eth0 up
    ip -n "vrrp-$host" route add default via "$VRRP_NET.1"
  done
  ip link add to-lab netns vrrp-lan type veth peer name vrrp
  ip -n vrrp-lan link set to-lab master br0 up
  ip addr add "$VRRP_NET.1/24" dev vrrp
  ip link set vrrp up
}

# Below one second advert_int needs VRRP version 3, which has no authentication.
keepalived_conf() {
  local host=$1 peer=$2
  cat <<CONF
global_defs {
  router_id lab-$host
  vrrp_version 3
  script_user root
  enable_script_security
  vrrp_garp_master_delay 0
  vrrp_garp_master_repeat 1
}

vrrp_script check {
  script "/usr/bin/test ! -e /etc/keepalived/down"
  interval 1
  fall 1
  rise 1
}

vrrp_instance VI_1 {
  state ${VRRP_STATE[$host]}
  interface eth0
  virtual_router_id 51
  priority ${VRRP_PRIORITY[$host]}
  advert_int 0.2
  unicast_src_ip ${VRRP_ADDRESS[$host]}
  unicast_peer {
    ${VRRP_ADDRESS[$peer]}
  }
  virtual_ipaddress {
    $VRRP_VIP/24 dev eth0
  }
  track_script {
    check
  }
  notify /etc/keepalived/notify.sh
}
CONF
}

make_host() {
  local host=$1 peer=$2 dir=$LAB_DIR/keepalived/$1
  mkdir -p "$dir"/{etc,tmp,run}
  chmod 1777 "$dir/tmp"
  keepalived_conf "$host" "$peer" >"$dir/etc/keepalived.conf"
  printf '#!/bin/sh\necho "$(date +%%s.%%N) $*" >>/etc/keepalived/notify.log\n' >"$dir/etc/notify.sh"
  chmod 0755 "$dir/etc/notify.sh"
  printf '%s\n' "HostKey $LAB_DIR/keepalived/keys/host_ed25519" "HostKey $LAB_DIR/keepalived/keys/host_ecdsa" \
    "AuthorizedKeysFile $LAB_DIR/keepalived/keys/authorized_keys" "StrictModes no" "UsePAM no" "UseDNS no" \
    "PidFile none" "Subsystem sftp internal-sftp" >"$dir/sshd.conf"
}

start_host() {
  local host=$1 on_host=(bash "$LAB_SOURCE/lib/vrrp-host.sh" "$LAB_DIR/keepalived/$1" "$1")
  start_daemon "keepalived-$host" "${on_host[@]}" keepalived --dont-fork --log-console --log-detail \
    --vrrp --use-file=/etc/keepalived/keepalived.conf --pid=/run/keepalived.pid --vrrp_pid=/run/keepalived-vrrp.pid
  start_daemon "keepalived-sshd-$host" "${on_host[@]}" /usr/sbin/sshd -D -e -f "$LAB_DIR/keepalived/$host/sshd.conf"
}

holds_vip() { ip -n "vrrp-$1" -4 addr show dev eth0 | grep "inet $VRRP_VIP/"; }

# vrrp_runs HOST: its keepalived has begun to speak VRRP. Its files of pids outlive one that was killed, so the process
# is looked at: a child of the server that runs now.
vrrp_runs() {
  local pid
  pid=$(cat "$LAB_DIR/keepalived/$1/run/keepalived-vrrp.pid") && [[ $(ps -o ppid= -p "$pid" | tr -d ' ') == "$(daemon_pid "keepalived-$1")" ]]
}

is_down() { [[ -e $LAB_DIR/keepalived/$1/etc/down ]]; }
# serves_vip HOST: an address alone says nothing, one that was killed leaves it behind.
serves_vip() { vrrp_runs "$1" && holds_vip "$1"; }

# host_ready HOST: it takes part, and the virtual address is served by either, unless both were told to be down.
host_ready() { vrrp_runs "$1" && { serves_vip a || serves_vip b || { is_down a && is_down b; }; }; }

vip_is_on_a() { serves_vip a && ! holds_vip b && port_open "$VRRP_VIP" 22; }

# Also the configuration that somebody has changed.
group_mend() {
  (($# == 0)) || die "the hosts of keepalived are mended together, not '$1' alone"
  local host peer dir
  for host in a b; do
    dir=$LAB_DIR/keepalived/$host peer=b
    [[ $host == a ]] || peer=a
    rm -f "$dir/etc/down"
    ! keepalived_conf "$host" "$peer" | cmp -s - "$dir/etc/keepalived.conf" || continue
    keepalived_conf "$host" "$peer" >"$dir/etc/keepalived.conf"
    restart_server "keepalived-$host"
  done
  wait_until "$LAB_WAIT" "the virtual address $VRRP_VIP on host a alone" vip_is_on_a
}

group_up() {
  local host
  mkdir -p "$LAB_DIR/keepalived"
  cp -a "$(artefact ssh-keys)" "$LAB_DIR/keepalived/keys"
  make_network
  make_host a b
  make_host b a
  for host in a b; do start_host "$host"; done
  for host in a b; do wait_ready "keepalived-sshd-$host" port_open "${VRRP_ADDRESS[$host]}" 22; done
  for host in a b; do wait_ready "keepalived-$host" host_ready "$host"; done
  await_ready keepalived-a vip_is_on_a

  for host in a b; do
    publish "LAB_KEEPALIVED_${host^^}" "${VRRP_ADDRESS[$host]}"
    publish "LAB_KEEPALIVED_${host^^}_DIR" "$LAB_DIR/keepalived/$host"
    publish "LAB_KEEPALIVED_${host^^}_PID_FILE" "$LAB_DIR/keepalived/$host/run/keepalived.pid"
    publish "LAB_KEEPALIVED_${host^^}_NETNS" "vrrp-$host"
  done
  publish LAB_KEEPALIVED_VIP "$VRRP_VIP"
  publish LAB_KEEPALIVED_SSH_KEY "$LAB_DIR/keepalived/keys/user_ed25519"
}
