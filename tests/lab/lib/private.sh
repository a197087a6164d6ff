# Files and folders that the lab has for itself, so that what its servers write does not reach the machine. To be used
# in a mount namespace of its own.

# copy_for_lab FILE and cover_with_copy FILE: writable by the lab, unchanged for the machine.
copy_for_lab() {
  mkdir -p "$LAB_DIR/etc"
  cp -pL "$1" "$LAB_DIR/etc/${1##*/}"
}

# A link is covered where it leads to; when that was in a folder which the lab has for itself, it is made there.
cover_with_copy() {
  local place
  place=$(readlink -m "$1")
  [[ -e $place ]] || {
    mkdir -p "$(dirname "$place")"
    : >"$place"
  }
  mount --bind "$LAB_DIR/etc/${1##*/}" "$place"
}

# private_folder FOLDER: empty, in memory.
private_folder() { mount -t tmpfs -o "mode=${2:-0755}" none "$1"; }

# What an engine makes on its machine beside its data: /etc/docker/key.json and /opt/containerd. /opt keeps what else is
# in it.
private_engine_folders() {
  local entry opt
  private_folder /etc/docker
  if [[ ! -d /opt/containerd ]]; then
    opt=$(mktemp -d /run/opt.XXXXXX)
    mount --bind /opt "$opt"
    private_folder /opt
    for entry in "$opt"/*; do
      [[ -d $entry ]] || continue
      mkdir "/opt/${entry##*/}"
      mount --bind "$entry" "/opt/${entry##*/}"
    done
    umount "$opt"
    mkdir -m 0711 /opt/containerd
  fi
  private_folder /opt/containerd 0711
}

# is_below FOLDER PATH
is_below() { [[ $(realpath -m "$2")/ == "$1"/* ]]; }

# Where hosts keep the folders of commands that outlive their connection. Left alone when the lab itself is in it.
private_var_tmp() {
  local used
  for used in "$LAB_SOURCE" "$LAB_CACHE" "$LAB_ROOT" "$PWD"; do
    ! is_below /var/tmp "$used" || return 0
  done
  private_folder /var/tmp 1777
}
