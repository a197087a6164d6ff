# A Docker data root with two small images: lab/busybox:1, and lab/host:1 for programs of this machine.

inputs() {
  echo "file lib/images.sh"
  echo "file lib/scratch-engine.sh"
  echo "package docker.io"
  echo "package busybox-static"
  host_tree_inputs
}

# shellcheck source=../lib/images.sh
source "$LAB_SOURCE/lib/images.sh"

fill_engine() { small_images; }

make_it() {
  mkdir "$1/data"
  unshare --net --pid --mount --ipc --fork --kill-child --mount-proc --propagation private \
    bash "$LAB_SOURCE/lib/scratch-engine.sh" "$1/data" engine
}
