# Small disks in memory, each the place of one server's data, so that a disk can be full for that server alone.
# LAB_DIR/disks/NAME is its path; "fill" takes away what is free, without writing anything.

# make_disk NAME SIZE PATH: SIZE as mount takes it (64m, 1g); memory is only used for what is written.
make_disk() {
  mkdir -p "$3" "$LAB_DIR/disks"
  mount -t tmpfs -o "mode=0755,size=$2" "lab-$1" "$3"
  # To mount a size of 0 means no limit: a disk is never quite empty.
  echo "$1" >"$3/.disk"
  printf '%s\n' "$3" "$2" >"$LAB_DIR/disks/$1"
}

disk_names() { find "$LAB_DIR/disks" -type f -printf '%f\n' 2>/dev/null | sort; }
check_disk() {
  [[ -n ${1:-} && -e $LAB_DIR/disks/$1 ]] || die "there is no disk '${1:-}'; there are: $(disk_names | paste -sd ' ')"
}

disk_path() { sed -n 1p "$LAB_DIR/disks/$1"; }
disk_size() { sed -n 2p "$LAB_DIR/disks/$1"; }
disk_used() { df --block-size=1 --output=used "$1" | sed '1d; s, ,,g'; }

shrink_to_used() { mount -o "remount,size=$(disk_used "$1")" "$1"; }

# fill NAME. The kernel refuses a size below what is used, which may have grown since it was asked.
fill() { wait_until 20 "a full disk $1" shrink_to_used "$(disk_path "$1")"; }
empty() { mount -o "remount,size=$(disk_size "$1")" "$(disk_path "$1")"; }

mend_disks() {
  local name
  for name in $(disk_names); do empty "$name"; done
}
