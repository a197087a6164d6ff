# Machines: containers of the lab's engine with systemd as PID 1, reached by ssh. A machine of the kind "docker" has
# an engine of its own, so that stopping Docker on it is real.

# shellcheck source=docker.sh
source "$LAB_SOURCE/lib/docker.sh"

MACHINE_DIR=$LAB_DISK/machines
# Where a machine sees the image layers of its engine.
MACHINE_LAYERS=/opt/lab/layers

lab_docker() { docker_in "$LAB_DIR/docker" "$@"; }

# new_seed NAME: what the machine gets into its file system before it starts, besides its image: keys and logins.
# Groups add files below the directory this prints.
new_seed() {
  local seed=$MACHINE_DIR/$1/seed keys
  keys=$(artefact ssh-keys)
  mkdir -p "$seed"/etc/ssh "$seed"/root/.ssh "$seed"/home/admin/.ssh
  cp "$keys"/host_rsa "$seed/etc/ssh/ssh_host_rsa_key"
  cp "$keys"/host_ecdsa "$seed/etc/ssh/ssh_host_ecdsa_key"
  cp "$keys"/host_ed25519 "$seed/etc/ssh/ssh_host_ed25519_key"
  cp "$keys/authorized_keys" "$seed/root/.ssh/authorized_keys"
  cp "$keys/authorized_keys" "$seed/home/admin/.ssh/authorized_keys"
  chmod 0700 "$seed/root" "$seed/root/.ssh" "$seed/home/admin/.ssh"
  chown -R 1000:1000 "$seed/home/admin"
  echo "$1" >"$seed/etc/hostname"
  echo "$seed"
}

# enable_unit SEED UNIT [TARGET]
enable_unit() {
  local wants=$1/etc/systemd/system/${3:-multi-user.target}.wants
  mkdir -p "$wants"
  ln -s "/lib/systemd/system/$2" "$wants/$2"
}

# seed_engine NAME SEED ADDRESS: an engine with the site's images, on the usual socket and on TCP with client
# certificates. Its cgroups are named, because it shares the tree of the host.
seed_engine() {
  local name=$1 seed=$2 address=$3 pki
  pki=$(artefact pki)
  mkdir -p "$seed/etc/docker/tls" "$seed/etc/systemd/system/docker.service.d"
  cp "$pki"/{ca,server,server-key}.pem "$seed/etc/docker/tls"
  cat >"$seed/etc/docker/daemon.json" <<CONF
{
  "cgroup-parent": "/opshost-lab-$LAB_NAME/inner-$name",
  "userland-proxy": false,
  "tlsverify": true,
  "tlscacert": "/etc/docker/tls/ca.pem",
  "tlscert": "/etc/docker/tls/server.pem",
  "tlskey": "/etc/docker/tls/server-key.pem"
}
CONF
  cat >"$seed/etc/systemd/system/docker.service.d/listen.conf" <<CONF
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// -H tcp://$address:2376 --containerd=/run/containerd/containerd.sock
CONF
  enable_unit "$seed" containerd.service
  enable_unit "$seed" docker.service
  enable_unit "$seed" docker.socket sockets.target
  clone_engine "$(artefact machine-engine)/data" "$MACHINE_DIR/$name/docker" "$MACHINE_LAYERS"
}

# start_machine NAME NETWORK ADDRESS OPTION...: from its seed. The options are docker's.
start_machine() {
  local name=$1 network=$2 address=$3
  shift 3
  lab_docker create --name "$name" --hostname "$name" --label "$LAB_MACHINE_LABEL" --network "$network" --ip "$address" \
    --cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add NET_RAW --cap-add SYS_PTRACE \
    --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
    --tmpfs /run --tmpfs /run/lock --tmpfs /tmp --stop-signal SIGRTMIN+3 "$@" lab/machine:1
  tar -C "$MACHINE_DIR/$name/seed" --numeric-owner -c . | lab_docker cp - "$name:/"
  lab_docker start "$name"
}

PLAIN_MACHINE=(-v /sys/fs/cgroup:/sys/fs/cgroup:ro)
docker_machine_options() {
  printf '%s\n' -v /sys/fs/cgroup:/sys/fs/cgroup:rw -v "$MACHINE_DIR/$1/docker:/var/lib/docker" \
    -v "$(artefact machine-engine)/data/overlay2:$MACHINE_LAYERS:ro"
}

# on_machine NAME COMMAND...
on_machine() {
  local name=$1
  shift
  lab_docker exec -i "$name" "$@"
}

machine_log() { on_machine "$1" journalctl --no-pager -n "${2:-30}" >&2 || lab_docker logs --tail 30 "$1" >&2; }

# await_machine NAME: until systemd has started everything. A failed unit or a dead machine shows its log at once.
await_machine() {
  local name=$1 began=$SECONDS state
  while :; do
    state=$(on_machine "$name" systemctl is-system-running 2>/dev/null) || true
    case $state in
      running) return ;;
      degraded)
        on_machine "$name" systemctl --failed --no-pager >&2
        machine_log "$name"
        die "the machine $name came up with failed units"
        ;;
    esac
    if [[ $(lab_docker inspect -f '{{.State.Running}}' "$name") != true ]] || ((SECONDS - began >= LAB_WAIT)); then
      machine_log "$name"
      die "the machine $name is not up (systemd says: ${state:-nothing}) after $((SECONDS - began)) s"
    fi
    sleep 0.1
  done
}

systemd_answers() { [[ $(on_machine "$1" systemctl is-system-running) =~ ^(running|degraded)$ ]]; }

# mend_machine NAME UNIT...: it has power, and these services run.
mend_machine() {
  local name=$1
  shift
  case $(lab_docker inspect -f '{{.State.Status}}' "$name") in
    running) ;;
    paused) lab_docker unpause "$name" ;;
    *) lab_docker start "$name" ;;
  esac
  wait_until "$LAB_WAIT" "systemd on $name" systemd_answers "$name"
  # Many stops and starts in a row meet systemd's limit of starts.
  on_machine "$name" systemctl reset-failed
  on_machine "$name" systemctl start "$@"
  await_machine "$name"
}

# ensure_machine_image: an engine that was started from the small template lacks it.
ensure_machine_image() {
  lab_docker image inspect lab/machine:1 >/dev/null 2>&1 && return
  zstd -q -dc "$(artefact machine-rootfs)/rootfs.tar.zst" |
    DOCKER_TIMEOUT=300 lab_docker import -c 'CMD ["/lib/systemd/systemd"]' -c 'ENV container=docker' - lab/machine:1
}

# machine_known_hosts ADDRESS...
machine_known_hosts() {
  local address key
  for address; do
    for key in "$(artefact ssh-keys)"/host_*.pub; do printf '%s %s\n' "$address" "$(cut -d' ' -f1,2 "$key")"; done
  done
}

# mysql_ids_of_machine: UID:GID of mysql in the machines' image.
mysql_ids_of_machine() { cat "$(artefact machine-rootfs)/mysql-ids"; }
