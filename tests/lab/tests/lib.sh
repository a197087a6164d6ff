# What every test of the lab uses: checks that print "ok" or "not ok", a lab of its own, and a look at the machine.

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB=$TESTS/../lab
FAILED=0

# A name of its own, so that a test disturbs no lab that is up, and none disturbs it.
# name_of_lab TEST PID: at most 22 characters, pids having up to 7, so that "-b" can follow: 24 are allowed.
name_of_lab() { echo "test-$(cut -c1-9 <<<"$1")-$2"; }
LAB_NAME=$(name_of_lab "$(basename "$0" .sh)" $$)
export LAB_NAME
LAB_ROOT=${LAB_ROOT:-/var/lib/opshost-lab}

# check WHAT COMMAND...: what the command printed is shown only when it failed. The limit is for one that hangs: mending
# all servers takes 10 s on an idle machine, and a busy one multiplies that.
check() {
  local what=$1 output code limit=${CHECK_SECONDS:-300}
  local run=(timeout "$limit")
  shift
  # A function of the test has no deadline but its own.
  if [[ $(type -t "$1") == function ]]; then run=(); fi
  if output=$("${run[@]}" "$@" 2>&1 </dev/null); then
    echo "ok - $what"
  else
    code=$?
    FAILED=1
    echo "not ok - $what (exit code $code$([[ $code != 124 ]] || echo ": not within $limit s"))"
    printf '    command: %s\n    output:  %s\n' "$*" "${output//$'\n'/$'\n             '}"
  fi
}

# check_not WHAT COMMAND...: the command must fail.
check_not() {
  local what=$1
  shift
  check "$what" bash -c '! "$@"' check_not "$@"
}

# check_sh WHAT SHELL_TEXT: run inside the lab with its env file loaded.
check_sh() { check "$1" "$LAB" exec bash -euo pipefail -c "$2"; }
check_not_sh() { check_not "$1" "$LAB" exec bash -euo pipefail -c "$2"; }

# What was run beside or before this test is not its fault: the limits of check_within are for a machine at rest. With
# JUDGE_LIMITS=yes (see "run") it is waited for, and a test that could not judge one of its limits ends as skipped.
LOAD_BEFORE=$(cut -d' ' -f1 /proc/loadavg)
UNJUDGED=()
is_busy() { awk -v before="$LOAD_BEFORE" -v cores="$(nproc)" 'BEGIN { exit !(before > 2 * cores) }'; }
await_rest() {
  local began=$SECONDS
  while is_busy && ((SECONDS - began < ${REST_SECONDS:-120})); do
    sleep 1
    LOAD_BEFORE=$(cut -d' ' -f1 /proc/loadavg)
  done
}
[[ ${JUDGE_LIMITS:-} != yes ]] || await_rest

# check_within SECONDS SINCE WHAT: on a busy machine the time is only told.
check_within() {
  local took
  took=$(awk -v a="$2" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
  if is_busy; then
    echo "ok - $3: $took s # not judged: the load was $LOAD_BEFORE before, the limit of $1 s is for a machine at rest"
    UNJUDGED+=("$3")
  else
    check "$3: $took s (limit $1 s)" awk -v took="$took" -v limit="$1" 'BEGIN { exit !(took <= limit) }'
  fi
}

# prepared ARTEFACT...: makes what is missing in the cache, so that the time it takes to come up can be judged.
prepared() {
  local obstacle
  obstacle=$("$TESTS/../prepare" "$@" 2>&1) || {
    echo "SKIPPED: $obstacle"
    exit 77
  }
}

# up GROUP...: with this test as its owner, so that nothing is left when the test is killed.
up() {
  local code=0 output
  output=$("$LAB" up --owner $$ "$@" 2>&1) || code=$?
  if ((code == 77)); then
    # What could not be made says why before it.
    echo "$output"
    exit 77
  fi
  if ((code != 0)); then
    printf 'not ok - lab up %s\n%s\n' "$*" "$output"
    exit 1
  fi
  echo "ok - lab up $*"
}

finish() {
  ((FAILED == 0)) || exit 1
  [[ ${JUDGE_LIMITS:-} == yes && ${#UNJUDGED[@]} -gt 0 ]] || exit 0
  echo "SKIPPED: all passed, but these limits were not judged, the load was $LOAD_BEFORE before: $(printf '%s; ' "${UNJUDGED[@]}")"
  exit 77
}

# --- what a lab could leave behind -----------------------------------------------------------------------------------

# What a lab could change of the machine outside its namespaces. Mounts of other people's build trees are not looked at.
machine_state() {
  echo "links:"
  ip -o link | awk -F': ' '{ print $2 }' | sort
  echo "firewall:"
  iptables-save 2>/dev/null | grep -v '^#' | sed 's/\[[0-9:]*\]//'
  nft list ruleset 2>/dev/null
  echo "named network namespaces:"
  find /run/netns -mindepth 1 2>/dev/null | sort
  echo "mounts:"
  awk '{ print $5 }' /proc/self/mountinfo | grep -E '^/(run|etc|sys|proc|var|root)(/|$)' | sort
  echo "cgroups of no lab:"
  find /sys/fs/cgroup -maxdepth 2 -type d ! -name 'opshost-lab-*' | sort
  echo "users:"
  sha256sum /etc/passwd /etc/shadow /etc/group /etc/hosts /etc/resolv.conf
  echo "engine:"
  find /etc/docker /opt/containerd -printf '%p %T@ %s\n' 2>/dev/null | sort
  echo "logins of the lab's users:"
  for file in wtmp btmp; do grep -aoE 'keyonly|127\.9\.[0-9.]+|10\.92\.0\.[0-9]+' "/var/log/$file" 2>/dev/null | wc -l; done
  # Records of 292 bytes, by uid.
  dd if=/var/log/lastlog bs=292 skip=7001 count=2 status=none 2>/dev/null | sha256sum
}

lab_init_pid() { cat "$LAB_ROOT/$LAB_NAME/init.pid"; }
lab_supervisor_pid() { cat "$LAB_ROOT/$LAB_NAME/supervisor.pid"; }

descendants() {
  local pid
  for pid in $(pgrep -P "$1"); do
    echo "$pid"
    descendants "$pid"
  done
}

# Every namespace that a process of the lab is in and the machine's PID 1 is not.
lab_namespaces() {
  local pid
  for pid in $(lab_init_pid) $(descendants "$(lab_init_pid)"); do
    readlink /proc/"$pid"/ns/{pid,net,mnt,ipc,uts} 2>/dev/null
  done | sort -u | grep -vxFf <(readlink /proc/1/ns/*)
}

# still_there NAMESPACE...: processes that are in one of these.
still_there() {
  local pid
  for pid in /proc/[0-9]*; do
    if readlink "$pid"/ns/{pid,net,mnt,ipc,uts} 2>/dev/null | grep -xFf <(printf '%s\n' "$@") >/dev/null; then
      echo "${pid#/proc/} $(tr '\0' ' ' <"$pid/cmdline" 2>/dev/null)"
    fi
  done
  return 0
}

lab_cgroups_left() { find /sys/fs/cgroup -type d -name "opshost-lab-$LAB_NAME"; }

# remember_lab: to be called while the lab is up, for check_nothing_left. STATE_BEFORE is taken before "up".
remember_lab() { mapfile -t NAMESPACES < <(lab_namespaces); }

# lab_is_gone: the keeper has removed the lab's directory, which it does last.
lab_is_gone() { [[ ! -e $LAB_ROOT/$LAB_NAME ]]; }
await_gone() { await 20 lab_is_gone; }
# await SECONDS COMMAND...: until it succeeds; fails when the time is over.
await() {
  local began=$SECONDS limit=$1
  shift
  until "$@"; do
    ((SECONDS - began <= limit)) || return 1
    sleep 0.05
  done
}

check_nothing_left() {
  local state
  state=$(machine_state)
  check "$1: no process in its ${#NAMESPACES[@]} namespaces" test -z "$(still_there "${NAMESPACES[@]}")"
  check_not "$1: no PID 1 of it" pgrep -f "/lib/init.sh $LAB_NAME\$"
  check "$1: no cgroup" test -z "$(lab_cgroups_left)"
  check "$1: its directory is gone" test ! -e "$LAB_ROOT/$LAB_NAME"
  check "$1: links, firewall, mounts, users, engine, logs as before" bash -c 'diff <(echo "$1") <(echo "$2")' diff "$STATE_BEFORE" "$state"
}
