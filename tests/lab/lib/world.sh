# The world from outside: start, find, enter and end it.
#
# keeper.sh (parent) -> unshare, the supervisor -> init.sh, PID 1 of the lab -> everything else.
# Killing the supervisor ends everything: the kernel kills the pid namespace, and with it go mounts, interfaces,
# bridges and firewall rules. The keeper then removes what no namespace holds: the empty cgroups and LAB_DIR.

# pid_runs PID WORDS: is PID alive and are these words, whole, in its command line? Pids wrap within minutes on a busy
# machine.
pid_runs() {
  [[ -n $1 && -r /proc/$1/cmdline && $(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline") == *"$2 "* ]]
}

read_pid() { cat "$LAB_DIR/$1.pid" 2>/dev/null || true; }
# From inside the processes have other pids, and nothing needs to be entered.
inside_already() { pid_runs 1 "init.sh $LAB_NAME"; }
world_runs() { inside_already || world_runs_outside; }
world_runs_outside() { pid_runs "$(read_pid supervisor)" "init.sh $LAB_NAME" && pid_runs "$(read_pid init)" "init.sh $LAB_NAME"; }
keeper_runs() { pid_runs "$(read_pid keeper)" "keeper.sh $LAB_NAME"; }
require_world() { world_runs || die "the lab '$LAB_NAME' is not up (start it with: lab up)"; }

# inside COMMAND...: in the lab's pid, net, mount, ipc and uts namespaces, in the same working directory.
# Whatever kills the caller kills nsenter, and that kills the command, which is in a pid namespace where no group or
# session reaches it.
inside() {
  if inside_already; then
    "$@"
    return
  fi
  setpriv --pdeathsig KILL nsenter -t "$(read_pid init)" -m -n -p -i -u -- \
    setpriv --pdeathsig KILL bash -c 'cd "$1" 2>/dev/null || cd /; shift; exec "$@"' inside "$PWD" "$@"
}

# start_world OWNER: OWNER is the pid whose end also ends the lab, or empty.
# Every folder of LAB_DIR is made here, not where it is needed: when the lab ends while it comes up, whoever still has
# something to write must not bring LAB_DIR back.
start_world() {
  mkdir -p "$LAB_DIR"/{log,artefacts,skipped,failed,ready,env.d,servers,disks}
  chmod 0711 "$LAB_ROOT" "$LAB_DIR"
  setsid bash "$LAB_SOURCE/lib/keeper.sh" "$LAB_NAME" "$1" >"$LAB_DIR/log/keeper.log" 2>&1 </dev/null &
  local keeper=$!
  local began=$SECONDS
  until world_runs && [[ -e $LAB_DIR/world-ready ]]; do
    if [[ ! -d /proc/$keeper ]] || ((SECONDS - began > 20)); then
      cat "$LAB_DIR"/log/keeper.log >&2 || true
      end_world
      die "the namespaces of the lab '$LAB_NAME' did not come up"
    fi
    sleep 0.02
  done
}

lab_cgroups() { find /sys/fs/cgroup -depth -type d -path "*/opshost-lab-$LAB_NAME/*" -o -depth -type d -name "opshost-lab-$LAB_NAME"; }

# A cgroup can stay busy for a moment after its last process: the kernel frees it later.
remove_cgroups() {
  local began=$SECONDS
  while [[ -n $(lab_cgroups) ]]; do
    lab_cgroups | xargs -r rmdir 2>/dev/null || true
    ((SECONDS - began < 10)) || {
      warn "these cgroups stay busy: $(lab_cgroups | tr '\n' ' ')"
      return 1
    }
  done
}

# What is left to remove when every process has ended. The folder is taken aside in one move, its pid files still in it:
# whoever looks meanwhile sees all of the lab or nothing, and a folder that has its name afterwards is the next lab's.
sweep_world() {
  local aside=$LAB_ROOT/.ended-$LAB_NAME-$$
  remove_cgroups
  mv -T "$LAB_DIR" "$aside" 2>/dev/null || [[ ! -d $LAB_DIR ]] || die "$LAB_DIR cannot be moved to $aside"
  # Also what one that was killed meanwhile has left.
  rm -rf "$LAB_ROOT/.ended-$LAB_NAME-"*
  rmdir "$LAB_ROOT" 2>/dev/null || true
}

# A folder by what no other one has, whatever becomes of its name.
identity_of() { stat -c '%i %w' "$1" 2>/dev/null || true; }

end_world() {
  [[ -d $LAB_DIR ]] || return 0
  local folder supervisor init keeper
  folder=$(identity_of "$LAB_DIR")
  supervisor=$(read_pid supervisor) init=$(read_pid init) keeper=$(read_pid keeper)
  if pid_runs "$supervisor" "init.sh $LAB_NAME"; then kill -KILL "$supervisor"; fi
  if pid_runs "$init" "init.sh $LAB_NAME"; then kill -KILL "$init" 2>/dev/null || true; fi
  wait_until 20 "end of the processes of '$LAB_NAME'" world_gone "$supervisor" "$init" "$keeper"
  # The keeper may have removed it, and somebody else begun the next lab.
  [[ $(identity_of "$LAB_DIR") != "$folder" ]] || sweep_world
}

world_gone() {
  ! pid_runs "$1" "init.sh $LAB_NAME" && ! pid_runs "$2" "init.sh $LAB_NAME" && ! pid_runs "$3" "keeper.sh $LAB_NAME"
}
