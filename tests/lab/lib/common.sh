# Names, places, messages and waiting; sourced by everything of the lab.
#
# LAB_NAME  name of this world; its state is in LAB_DIR (LAB_ROOT/LAB_NAME)
# LAB_ROOT  where the worlds live. Not below /run or /tmp: a lab and its servers get private ones
# LAB_CACHE what is made once: images, templates, keys
# LAB_WAIT  seconds a server may take until it is ready

LAB_SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB_NAME=${LAB_NAME:-lab}
LAB_ROOT=${LAB_ROOT:-/var/lib/opshost-lab}
LAB_CACHE=${LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opshost-lab}
LAB_WAIT=${LAB_WAIT:-60}
LAB_DIR=$LAB_ROOT/$LAB_NAME
# The disk of the lab: in memory and seen only inside, so that it ends with the lab and nothing has to be deleted.
LAB_DISK=$LAB_DIR/disk
export LAB_NAME LAB_ROOT LAB_CACHE LAB_WAIT

# The exit code test runners read as "skipped".
SKIPPED=77

say() { printf 'lab: %s\n' "$*"; }
warn() { printf 'lab: %s\n' "$*" >&2; }
die() {
  warn "$*"
  exit 1
}

# Seconds with a fraction, for deadlines and measurements.
now() { printf '%s\n' "$EPOCHREALTIME"; }
elapsed() { awk -v since="$1" -v now="$EPOCHREALTIME" 'BEGIN { printf "%.1f", now - since }'; }

check_name() {
  [[ $1 =~ ^[a-z0-9][a-z0-9-]{0,23}$ ]] ||
    die "'$1' is no name for a lab: up to 24 small letters, digits and '-' are allowed"
}

# Why a lab cannot run here; empty when it can.
world_obstacle() {
  if [[ $(id -u) != 0 ]]; then
    echo "it needs root (namespaces, mounts, cgroups); this is $(id -un)"
  elif ! unshare --net --pid --mount --ipc --uts --fork --mount-proc true 2>/dev/null; then
    echo "this machine does not let root make namespaces (unshare failed)"
  fi
}

# Why machines with systemd cannot run here; empty when they can.
machine_obstacle() {
  [[ $(stat -fc %T /sys/fs/cgroup) != cgroup2fs ]] ||
    echo "its machines run systemd on cgroup v1, and this machine has only v2 (boot it with systemd.unified_cgroup_hierarchy=0)"
}

# wait_until SECONDS WHAT COMMAND...: until the command succeeds; dies naming WHAT, and what the command said on stderr
# when it was last asked, when the time is over. The command runs in a subshell: it can set nothing.
wait_until() {
  local limit=$1 what=$2 began=$SECONDS said
  shift 2
  until said=$("$@" 2>&1 >/dev/null); do
    ((SECONDS - began < limit)) || die "$what: not within $limit s (asked with: $*)$(last_words "$said")"
    sleep 0.05
  done
}

# last_words TEXT: the end of what a command said, for a message; nothing when it said nothing.
last_words() { [[ -z $1 ]] || printf '; it last said: %s' "$(tail -n 5 <<<"$1")"; }

# join_all PID...: waits for each; fails when one of them failed.
join_all() {
  local pid failed=0
  for pid; do wait "$pid" || failed=1; done
  return "$failed"
}

port_open() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# publish KEY VALUE: a line of the env file that tests source. PUBLISH_TO is the group's part of it.
publish() { printf '%s=%q\n' "$1" "$2" >>"$PUBLISH_TO"; }
