# Docker engines: made from a template, started, asked.

engine_pings() { curl -sf --max-time 2 --unix-socket "$1" http://docker/_ping; }

# clone_engine TEMPLATE DATA_ROOT: a data root with the images of the template and nothing else. Layers, which an
# engine never writes to, are bind mounts of the template's, so this costs milliseconds whatever the images weigh.
clone_engine() {
  local template=$1 data=$2 layer
  mkdir -p "$data"
  # An engine bind-mounts its data root on itself unless it is a mount already; that would hide the layers.
  mount --bind "$data" "$data"
  mkdir "$data/overlay2"
  chmod 0710 "$data" "$data/overlay2"
  cp -a "$template/image" "$template/overlay2/l" --target-directory="$data"
  mv "$data/l" "$data/overlay2/l"
  for layer in "$template"/overlay2/*/; do
    layer=$(basename "$layer")
    [[ $layer != l ]] || continue
    mkdir -p "$data/overlay2/$layer/diff"
    find "$template/overlay2/$layer" -mindepth 1 -maxdepth 1 ! -name diff -exec cp -a {} "$data/overlay2/$layer/" \;
    mount --bind -o ro "$template/overlay2/$layer/diff" "$data/overlay2/$layer/diff"
  done
}

# docker_in DIR ARGUMENTS...: the engine in DIR, with a deadline for each call.
docker_in() {
  local socket=$1/docker.sock
  shift
  timeout "${DOCKER_TIMEOUT:-60}" docker -H "unix://$socket" "$@"
}
