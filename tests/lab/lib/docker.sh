# Docker engines: made from a template, started, asked.

# On the containers that are machines of the lab.
LAB_MACHINE_LABEL=opshost.lab.machine

engine_pings() { curl -sf --max-time 2 --unix-socket "$1" http://docker/_ping; }

# clone_engine TEMPLATE DATA_ROOT LAYERS: a data root with the images of the template and nothing else. The layers,
# which an engine never writes to, stay where they are: links lead to them in LAYERS, the template's overlay2 directory
# as this engine sees it. So a clone costs milliseconds whatever the images weigh. (Bind mounts would not do: an engine
# unmounts everything below its data root when it ends.)
clone_engine() {
  local template=$1 data=$2 layers=$3 layer
  mkdir -p "$data/overlay2"
  chmod 0710 "$data" "$data/overlay2"
  cp -a "$template/image" "$data/image"
  cp -a "$template/overlay2/l" "$data/overlay2/l"
  for layer in "$template"/overlay2/*/; do
    layer=$(basename "$layer")
    [[ $layer != l ]] || continue
    mkdir "$data/overlay2/$layer"
    find "$template/overlay2/$layer" -mindepth 1 -maxdepth 1 ! -name diff -exec cp -a {} "$data/overlay2/$layer/" \;
    ln -s "$layers/$layer/diff" "$data/overlay2/$layer/diff"
  done
}

# docker_in DIR ARGUMENTS...: the engine in DIR, with a deadline for each call.
docker_in() {
  local socket=$1/docker.sock code=0
  shift
  timeout "${DOCKER_TIMEOUT:-60}" docker -H "unix://$socket" "$@" || code=$?
  ((code != 124)) || warn "no answer within ${DOCKER_TIMEOUT:-60} s: docker $*"
  return "$code"
}
