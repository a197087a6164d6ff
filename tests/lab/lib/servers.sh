# Single servers of a lab: started, asked whether they are ready, and ended, frozen or started again on request.
#
# LAB_DIR/servers/NAME holds, for each: group, command and probe (words ended by NUL), pid and, since pids wrap within
# minutes on a busy machine, start, the time it started; "frozen" while it is.

server_dir() { echo "$LAB_DIR/servers/$1"; }

# start_of PID: when it started, in ticks since boot; nothing when it has ended, or is a zombie. Of a process that is
# killed the first thread may be a zombie while others hold its sockets and locks a moment longer: that has not ended.
start_of() {
  local stat="" tasks
  { read -r -d '' stat <"/proc/$1/stat"; } 2>/dev/null || [[ -n $stat ]] || return 0
  # The name in parentheses may hold anything; the state is the first word after it, the start the twentieth.
  read -ra stat <<<"${stat##*) }"
  tasks=("/proc/$1/task/"*)
  [[ ${stat[0]} == Z ]] && ((${#tasks[@]} == 1)) || echo "${stat[19]}"
}

# have_ended [PID START]...: none of them runs. One that had ended before it was looked at has no start.
have_ended() {
  local start
  while (($#)); do
    start=$(start_of "$1")
    [[ -z $start || $start != "$2" ]] || return 1
    shift 2
  done
}

# start_daemon NAME COMMAND...: in the background, its output in log/NAME.log.
start_daemon() {
  local name=$1 dir
  dir=$(server_dir "$1")
  shift
  mkdir -p "$dir" "$LAB_DIR/log"
  echo "${group:-}" >"$dir/group"
  printf '%s\0' "$@" >"$dir/command"
  launch "$name"
}

# launch NAME: its command, once more when it has run before; the log goes on. A server outlives the test that starts it
# again, whose folders go.
launch() {
  local dir command
  dir=$(server_dir "$1")
  mapfile -d '' command <"$dir/command"
  setsid env -u TMPDIR HOME=/root "${command[@]}" >>"$LAB_DIR/log/$1.log" 2>&1 </dev/null &
  echo $! >"$dir/pid"
  start_of $! >"$dir/start"
}

# daemon_pid NAME: nothing when it has ended.
daemon_pid() {
  local dir pid start
  dir=$(server_dir "$1")
  pid=$(cat "$dir/pid") start=$(cat "$dir/start")
  [[ -z $start || $(start_of "$pid") != "$start" ]] || echo "$pid"
}

daemon_alive() { [[ -n $(daemon_pid "$1") ]]; }
daemon_ended() { ! daemon_alive "$1"; }

show_log() {
  warn "last lines of $LAB_DIR/log/$1.log:"
  tail -n 30 "$LAB_DIR/log/$1.log" >&2 || true
}

# wait_ready NAME COMMAND...: until the command succeeds, which is asked again whenever the server is started again.
wait_ready() {
  local name=$1
  shift
  printf '%s\0' "$@" >"$(server_dir "$name")/probe"
  await_ready "$name"
}

# await_ready NAME [COMMAND...]: until the command succeeds, without one the one of wait_ready. A daemon that dies
# meanwhile shows its log at once.
await_ready() {
  local name=$1 began=$SECONDS probe said
  shift
  probe=("$@")
  (($#)) || mapfile -d '' probe <"$(server_dir "$name")/probe"
  until said=$("${probe[@]}" 2>&1 >/dev/null); do
    if ! daemon_alive "$name"; then
      show_log "$name"
      die "$name died before it was ready"
    fi
    if ((SECONDS - began >= LAB_WAIT)); then
      show_log "$name"
      die "$name was not ready within $LAB_WAIT s (asked with: ${probe[*]})$(last_words "$said")"
    fi
    sleep 0.05
  done
}

server_names() { find "$LAB_DIR/servers" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort; }

ended_servers() {
  local name
  for name in $(server_names); do daemon_alive "$name" || echo "$name"; done
}

check_server() {
  [[ -n ${1:-} && -d $(server_dir "$1") ]] || die "there is no server '${1:-}'; there are: $(server_names | paste -sd ' ')"
}

# family PID: it and all its descendants, parents first. Of one look at the processes: a server may have hundreds.
family() {
  ps -e -o pid=,ppid= | awk -v first="$1" '
    function tell(pid, list, n, i) { print pid; n = split(children[pid], list); for (i = 1; i <= n; i++) tell(list[i]) }
    { children[$2] = children[$2] " " $1 }
    END { tell(first) }'
}

# freeze NAME: the server and everything it started stand still: connections stay open and nothing answers.
# Asked until nobody new is found, since the last one to stop may just have forked.
freeze() {
  local pid before="" after
  daemon_alive "$1" || die "$1 has ended, it cannot be frozen"
  pid=$(daemon_pid "$1")
  # First, so that "mend" also thaws what somebody who was killed has frozen by half.
  : >"$(server_dir "$1")/frozen"
  until after=$(family "$pid") && [[ $after == "$before" ]]; do
    # shellcheck disable=SC2086 # a list of pids
    kill -STOP $after 2>/dev/null || true
    before=$after
  done
}

thaw() {
  rm -f "$(server_dir "$1")/frozen"
  # shellcheck disable=SC2046 # a list of pids
  ! daemon_alive "$1" || kill -CONT $(family "$(daemon_pid "$1")") 2>/dev/null || true
}

# kill_server NAME: SIGKILL to it and everything it started, as a machine does that loses its power.
kill_server() {
  local pid pids=() started=()
  daemon_alive "$1" || return 0
  freeze "$1"
  for pid in $(family "$(daemon_pid "$1")"); do
    pids+=("$pid")
    started+=("$pid" "$(start_of "$pid")")
  done
  kill -KILL "${pids[@]}" 2>/dev/null || true
  rm -f "$(server_dir "$1")/frozen"
  wait_until 20 "the end of $1 and what it started" have_ended "${started[@]}"
}

# stop_server NAME: SIGTERM to it alone, as its service would.
stop_server() {
  daemon_alive "$1" || return 0
  thaw "$1"
  kill -TERM "$(daemon_pid "$1")"
  wait_until 60 "the end of $1" daemon_ended "$1"
}

# start_server NAME: returns when it is ready; nothing to do when it runs.
start_server() {
  daemon_alive "$1" || launch "$1"
  await_ready "$1"
}

# restart_server NAME: as a machine that lost its power and comes back.
restart_server() {
  kill_server "$1"
  start_server "$1"
}

# mend_servers: those of this group run and answer.
mend_servers() {
  local name ended=()
  for name in $(server_names); do
    [[ $(cat "$(server_dir "$name")/group") == "$group" ]] || continue
    [[ ! -e $(server_dir "$name")/frozen ]] || thaw "$name"
    daemon_alive "$name" || ended+=("$name")
  done
  for name in "${ended[@]}"; do launch "$name"; done
  for name in "${ended[@]}"; do await_ready "$name"; done
}
