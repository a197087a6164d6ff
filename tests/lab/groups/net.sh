# The network itself: a name server that the lab's /etc/resolv.conf names, and servers that do not speak what their
# clients expect.

NET_DNS_ADDRESS=127.8.0.53 NET_DOMAIN=lab.test
NET_RUDE_ADDRESS=127.8.0.1
declare -A NET_RUDE_PORT=([silent]=12301 [garbage]=12302 [closing]=12303 [reset]=12304 [half]=12305 [slow]=12306 [parting]=12307)

group_summary() { echo "name server $NET_DNS_ADDRESS ($NET_DOMAIN); servers that misbehave on $NET_RUDE_ADDRESS:12301-12307"; }
group_after() { :; }
group_artefacts() { :; }

names() {
  local i
  for ((i = 1; i <= 200; i++)); do echo "host$i.$NET_DOMAIN 127.9.0.$i"; done
  echo "many.$NET_DOMAIN 127.9.0.1 127.9.0.2 127.9.0.3"
  echo "six.$NET_DOMAIN ::1"
  echo "both.$NET_DOMAIN ::1 127.9.0.1"
  echo "unreachable.$NET_DOMAIN 203.0.113.1"
  echo "silent.$NET_DOMAIN silent"
  echo "servfail.$NET_DOMAIN servfail"
  echo "refused.$NET_DOMAIN refused"
}

# A header of 12 bytes, which begins with AA as the answer will, and the question for the address of host1.lab.test.
dns_answers() {
  local question='AA\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05host1\x03lab\x04test\x00\x00\x01\x00\x01'
  timeout 2 bash -c 'exec 3<>"/dev/udp/$0/53" && printf "$1" >&3 && head -c 2 <&3 | grep -q AA' "$NET_DNS_ADDRESS" "$question"
}

group_up() {
  local kind kinds=()
  mkdir -p "$LAB_DIR/net"
  names >"$LAB_DIR/net/names"
  printf 'nameserver %s\nsearch %s\n' "$NET_DNS_ADDRESS" "$NET_DOMAIN" >/etc/resolv.conf
  for kind in "${!NET_RUDE_PORT[@]}"; do kinds+=("$kind=${NET_RUDE_PORT[$kind]}"); done
  start_daemon dns python3 "$LAB_SOURCE/lib/dns.py" "$NET_DNS_ADDRESS" 53 "$LAB_DIR/net/names"
  start_daemon rude python3 "$LAB_SOURCE/lib/rude.py" "$NET_RUDE_ADDRESS" "${kinds[@]}"
  wait_ready dns dns_answers
  wait_ready rude every_rude_port_open

  publish LAB_DNS_ADDRESS "$NET_DNS_ADDRESS"
  publish LAB_DNS_DOMAIN "$NET_DOMAIN"
  publish LAB_DNS_NAMES "$LAB_DIR/net/names"
  publish LAB_RUDE_ADDRESS "$NET_RUDE_ADDRESS"
  for kind in "${!NET_RUDE_PORT[@]}"; do publish "LAB_RUDE_${kind^^}_PORT" "${NET_RUDE_PORT[$kind]}"; done
}

# The names that a test has added, or spoiled. In one piece: a question may come meanwhile.
group_mend() {
  names >"$LAB_DIR/net/names.new"
  mv "$LAB_DIR/net/names.new" "$LAB_DIR/net/names"
}

every_rude_port_open() {
  local port
  for port in "${NET_RUDE_PORT[@]}"; do port_open "$NET_RUDE_ADDRESS" "$port" || return 1; done
}
