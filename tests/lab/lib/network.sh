# Cuts: addresses and ports of the lab that cannot be reached, by rules of a chain of their own in the lab's network, and
# in every named network namespace of it: what two hosts with one each say to each other does not pass through the lab's.
# LAB_DIR/cuts has a line "ADDRESS PORT HOW" for each; PORT is - for all of them.

# Packets are lost in both directions; the connection is refused; a router says that there is no way.
CUT_HOW=(silent refused unreachable)

cut_rules() {
  local address port how to from
  echo '*filter'
  echo ':LAB-CUT - [0:0]'
  while read -r address port how; do
    to="-d $address" from="-s $address"
    if [[ $port != - ]]; then to+=" -p tcp --dport $port" from+=" -p tcp --sport $port"; fi
    case $how in
      silent) printf -- '-A LAB-CUT %s -j DROP\n' "$to" "$from" ;;
      refused) echo "-A LAB-CUT $([[ $port != - ]] || echo '-p tcp') $to -j REJECT --reject-with tcp-reset" ;;
      unreachable) echo "-A LAB-CUT $to -j REJECT --reject-with icmp-host-unreachable" ;;
    esac
  done
  echo COMMIT
}

apply_cuts() {
  local namespace
  for namespace in /proc/self/ns/net $(find /run/netns -mindepth 1 -maxdepth 1); do apply_cuts_in "$namespace"; done
}

# In one piece, so that other cuts hold meanwhile.
apply_cuts_in() {
  local enter=(nsenter --net="$1") chain
  cut_rules <"$LAB_DIR/cuts" | "${enter[@]}" iptables-restore --noflush --wait
  for chain in INPUT OUTPUT FORWARD; do
    "${enter[@]}" iptables --wait -C "$chain" -j LAB-CUT 2>/dev/null || "${enter[@]}" iptables --wait -I "$chain" -j LAB-CUT
  done
}

# split_place ADDRESS[:PORT]: the words "ADDRESS PORT".
split_place() {
  [[ ${1:-} =~ ^([0-9.]+)(:([0-9]+))?$ ]] || die "'${1:-}' is no ADDRESS or ADDRESS:PORT (an IPv4 address of the lab)"
  echo "${BASH_REMATCH[1]} ${BASH_REMATCH[3]:--}"
}

without_place() { grep -v "^$1 " "$LAB_DIR/cuts" || true; }

# cut_off ADDRESS[:PORT] [HOW]
cut_off() {
  local place how=${2:-silent}
  place=$(split_place "${1:-}")
  [[ " ${CUT_HOW[*]} " == *" $how "* ]] || die "'$how' is no way to cut a connection; there are: ${CUT_HOW[*]}"
  touch "$LAB_DIR/cuts"
  {
    without_place "$place"
    echo "$place $how"
  } >"$LAB_DIR/cuts.new"
  mv "$LAB_DIR/cuts.new" "$LAB_DIR/cuts"
  apply_cuts
}

# join_up ADDRESS[:PORT]: as it was given to cut_off.
join_up() {
  local place
  place=$(split_place "${1:-}")
  grep -q "^$place " "$LAB_DIR/cuts" 2>/dev/null || die "$1 is not cut off"
  without_place "$place" >"$LAB_DIR/cuts.new"
  mv "$LAB_DIR/cuts.new" "$LAB_DIR/cuts"
  apply_cuts
}

mend_network() {
  [[ -s $LAB_DIR/cuts ]] || return 0
  : >"$LAB_DIR/cuts"
  apply_cuts
}
