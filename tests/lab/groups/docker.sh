# Docker: one engine on a Unix socket and, with client certificates, on TCP. The machines of other groups run in it.

DOCKER_TLS_PORT=2376
DOCKER_NET=net94 DOCKER_SUBNET=10.94.0.0/24

# shellcheck source=../lib/docker.sh
source "$LAB_SOURCE/lib/docker.sh"

group_summary() { echo "Docker engine: Unix socket, 127.0.0.1:$DOCKER_TLS_PORT with client certificates; network $DOCKER_NET $DOCKER_SUBNET; images lab/busybox:1, lab/host:1"; }
group_after() { :; }
group_artefacts() { echo engine pki; }

# The template with the machines' image when it is there: it makes a later "lab up nodes" cheap.
engine_template() {
  if have_artefact machine-engine; then artefact_dir machine-engine; else artefact_dir engine; fi
}

# What the lab itself made in the engine: machines by their label, networks by their names.
foreign_containers() { comm -23 <(docker_in "$1" ps -aq | sort) <(docker_in "$1" ps -aq --filter "label=$LAB_MACHINE_LABEL" | sort); }
foreign_networks() { docker_in "$1" network ls --filter type=custom --format '{{.Name}}' | grep -vxF -e "$DOCKER_NET" -e ark || true; }

# One that is being removed already cannot be removed, so this is asked again.
remove_foreign() {
  local containers networks
  mapfile -t containers < <(foreign_containers "$1")
  mapfile -t networks < <(foreign_networks "$1")
  ((${#containers[@]} == 0)) || docker_in "$1" rm -f -v "${containers[@]}"
  ((${#networks[@]} == 0)) || docker_in "$1" network rm "${networks[@]}"
  [[ -z $(foreign_containers "$1")$(foreign_networks "$1") ]]
}

# Containers, networks and volumes that the lab did not make; images stay.
group_mend() {
  (($# == 0)) || die "the engine is mended as a whole, not '$1' alone"
  wait_until "$LAB_WAIT" "removing the containers and networks that are not the lab's" remove_foreign "$LAB_DIR/docker"
  docker_in "$LAB_DIR/docker" volume prune -f >/dev/null
}

group_up() {
  local dir=$LAB_DIR/docker pki template
  pki=$(artefact pki)
  mkdir -p "$dir/tls"
  cp "$pki"/{ca,ca-key,other-ca,server,server-key}.pem "$dir/tls"
  # The names the docker client looks for in DOCKER_CERT_PATH.
  cp "$pki/client.pem" "$dir/tls/cert.pem"
  cp "$pki/client-key.pem" "$dir/tls/key.pem"
  template=$(engine_template)/data
  make_disk docker 12g "$LAB_DISK/docker"
  clone_engine "$template" "$LAB_DISK/docker/data" "$template/overlay2"
  echo '{}' >"$dir/daemon.json"
  start_daemon dockerd dockerd --config-file "$dir/daemon.json" --data-root "$LAB_DISK/docker/data" \
    --exec-root "$LAB_DISK/docker-exec" --pidfile "$dir/dockerd.pid" \
    -H "unix://$dir/docker.sock" -H "tcp://127.0.0.1:$DOCKER_TLS_PORT" --tlsverify \
    --tlscacert "$dir/tls/ca.pem" --tlscert "$dir/tls/server.pem" --tlskey "$dir/tls/server-key.pem" \
    --bip 172.17.0.1/16 --cgroup-parent "/opshost-lab-$LAB_NAME" --userland-proxy=false \
    --add-runtime lab="$LAB_SOURCE/lib/runc" --default-runtime lab
  wait_ready dockerd engine_pings "$dir/docker.sock"
  # Where clients look for it that are told nothing.
  ln -s "$dir/docker.sock" /run/docker.sock
  docker_in "$dir" network create --subnet "$DOCKER_SUBNET" -o com.docker.network.bridge.name=lab94 "$DOCKER_NET"

  publish LAB_DOCKER_SOCKET "$dir/docker.sock"
  publish LAB_DOCKER_TLS_ADDRESS "127.0.0.1:$DOCKER_TLS_PORT"
  publish LAB_DOCKER_CERT_PATH "$dir/tls"
  publish LAB_DOCKER_OTHER_CA "$dir/tls/other-ca.pem"
  publish LAB_DOCKER_CA_KEY "$dir/tls/ca-key.pem"
  publish LAB_DOCKER_NETWORK "$DOCKER_NET"
  publish LAB_DOCKER_SUBNET "$DOCKER_SUBNET"
  publish LAB_DOCKER_IMAGE lab/busybox:1
  publish LAB_DOCKER_HOST_IMAGE lab/host:1
  publish LAB_DOCKER_PID_FILE "$dir/dockerd.pid"
}
