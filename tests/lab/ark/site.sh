# The Ark site: addresses, names, and how its tables are read.

ARK_NET=10.95.0 # the machines
ARK_VLAN=vlan214
ARK_VLAN_NET=10.96.14 # the containers; the lab is the gateway
ARK_TASK=task_1207
ARK_REGISTRY=registry.ark.lab
ARK_MACHINES=(ark1 ark2 ark3)
declare -gA ARK_ADDRESS=([ark1]=$ARK_NET.11 [ark2]=$ARK_NET.12 [ark3]=$ARK_NET.13)
# On the control host, where the run scripts of all containers are.
ARK_CONTROL_HOST=ark1
ARK_SCRIPTS=/home/admin/ark/lab/$ARK_TASK
ARK_ZK_PATH=/swarm

ARK_DIR=$LAB_DIR/ark
# What the machines see as /var/docker/volumes.
ARK_VOLUMES=$LAB_DISK/ark-volumes

table() { grep -Ev '^(#|$)' "$LAB_SOURCE/ark/$1"; }

# container_name COMPONENT PRODUCT N
container_name() { echo "${ARK_TASK}_g0_$1_$2$([[ $3 == - ]] || echo "_$3")"; }

# ark_docker MACHINE ARGUMENTS...: the engine of that machine, from the lab.
ark_docker() {
  local machine=$1 pki=$ARK_DIR/tls code=0
  shift
  timeout "${DOCKER_TIMEOUT:-60}" docker -H "tcp://${ARK_ADDRESS[$machine]}:2376" --tlsverify --tlscacert "$pki/ca.pem" \
    --tlscert "$pki/cert.pem" --tlskey "$pki/key.pem" "$@" || code=$?
  ((code != 124)) || warn "no answer within ${DOCKER_TIMEOUT:-60} s from the engine of $machine: docker $*"
  return "$code"
}

# in_container MACHINE CONTAINER COMMAND...
in_container() {
  local machine=$1 container=$2
  shift 2
  ark_docker "$machine" exec -i "$container" "$@"
}

container_runs() { [[ $(ark_docker "$1" inspect -f '{{.State.Running}}' "$2") == true ]]; }
probe_passes() { in_container "$1" "$2" sh -c "$(ark_docker "$1" inspect -f '{{index .Config.Labels "aliyun.probe.cmd"}}' "$2")"; }
