#!/bin/bash
# Usage: scratch-engine.sh DATA_ROOT RECIPE. Runs in namespaces of its own: starts an engine on DATA_ROOT, calls
# fill_engine of images/RECIPE.sh, and ends the engine properly, so that the data root can serve as a template.
set -euo pipefail
data=$1 recipe=$2
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
# shellcheck source=cache.sh
source "$(dirname "$0")/cache.sh"
# shellcheck source=servers.sh
source "$(dirname "$0")/servers.sh"
# shellcheck source=docker.sh
source "$(dirname "$0")/docker.sh"
# shellcheck source=/dev/null
source "$LAB_SOURCE/images/$recipe.sh"

mount -t tmpfs none /run
# shellcheck source=private.sh
source "$(dirname "$0")/private.sh"
private_engine_folders
ip link set lo up
LAB_DIR=/run/scratch
mkdir -p "$LAB_DIR"
echo '{}' >"$LAB_DIR/daemon.json"
start_daemon dockerd dockerd --config-file "$LAB_DIR/daemon.json" --data-root "$data" --exec-root "$LAB_DIR/exec" \
  --pidfile "$LAB_DIR/dockerd.pid" -H "unix://$LAB_DIR/docker.sock" --bridge=none --iptables=false
wait_ready dockerd engine_pings "$LAB_DIR/docker.sock"
export DOCKER_HOST=unix://$LAB_DIR/docker.sock
fill_engine
kill -TERM "$(daemon_pid dockerd)"
wait_until 30 "end of dockerd" daemon_ended dockerd
