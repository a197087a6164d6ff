# A Docker data root for engines that carry machines or are inside one: the small images, lab/machine:1 (a machine
# with systemd), and the images of the Ark site, each a machine's file system plus the stand-ins of one component.

inputs() {
  echo "artefact machine-rootfs"
  echo "file lib/images.sh"
  echo "file lib/zookeeper.sh"
  echo "file lib/scratch-engine.sh"
  echo "file ark/images"
  echo "file standins"
  echo "package docker.io"
  echo "package busybox-static"
  host_tree_inputs
}

# shellcheck source=../lib/images.sh
source "$LAB_SOURCE/lib/images.sh"
# shellcheck source=../lib/zookeeper.sh
source "$LAB_SOURCE/lib/zookeeper.sh"

machine_image() {
  zstd -q -dc "$(artefact_dir machine-rootfs)/rootfs.tar.zst" |
    timeout 300 docker import -c 'CMD ["/lib/systemd/systemd"]' -c 'ENV container=docker' - lab/machine:1
}

# ark/images says which stand-ins an image holds; its last column is what the image runs.
ark_images() {
  local image standins command context
  grep -v '^#' "$LAB_SOURCE/ark/images" | while read -r image standins command; do
    [[ -n $image ]] || continue
    context=$(mktemp -d)
    mkdir "$context/root"
    for standin in ${standins//,/ }; do cp -a "$LAB_SOURCE/standins/$standin/." "$context/root"; done
    if [[ ,$standins, == *,zk,* ]]; then install_zookeeper_defaults "$context/root"; fi
    printf '%s\n' 'FROM lab/machine:1' 'COPY root/ /' 'ENV container=' "ENTRYPOINT $command" >"$context/Dockerfile"
    DOCKER_BUILDKIT=0 timeout 120 docker build -q -t "$image" "$context"
    rm -rf "$context"
  done
}

fill_engine() {
  small_images
  machine_image
  ark_images
}

make_it() {
  mkdir "$1/data"
  unshare --net --pid --mount --ipc --fork --kill-child --mount-proc --propagation private \
    bash "$LAB_SOURCE/lib/scratch-engine.sh" "$1/data" machine-engine
}
