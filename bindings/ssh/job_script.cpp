#include "bindings/ssh/job_script.hpp"

namespace opshost::ssh {

// A job is a folder: boot (which boot of the machine), in, out, err, pid, start (of the pid, since pids come again),
// and last of all code. The folder is made first and by one mkdir, so a name begins once whoever asks.
//
// First line of the answer: "never", "running PID", "ended CODE", or "unknown WHY". `run` and `wait` add the output.
const std::string kJobScript = R"sh(
verb=$1 name=$2
shift 2
umask 077
base=${HOME:-/nonexistent}/.opshost/jobs
if ! mkdir -p "$base" 2>/dev/null || [ ! -w "$base" ]; then
  base=/var/tmp/opshost-$(id -u)
  mkdir "$base" 2>/dev/null
  if [ -L "$base" ] || [ ! -O "$base" ]; then echo "noplace $base"; exit 0; fi
fi
d=$base/$name
boot=$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)

start_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
alive() { [ -f "$d/pid" ] && [ "$(start_of "$(cat "$d/pid")")" = "$(cat "$d/start")" ]; }
# Whoever made the folder may be at it just now.
started() {
  n=0
  while [ -d "$d" ] && [ ! -f "$d/pid" ] && [ ! -f "$d/code" ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.05; done
}
state() {
  started
  if [ ! -d "$d" ]; then echo never
  elif [ -f "$d/code" ]; then echo "ended $(cat "$d/code")"
  elif [ "$(cat "$d/boot" 2>/dev/null)" != "$boot" ]; then echo "unknown the host was restarted while it ran"
  elif alive; then echo "running $(cat "$d/pid")"
  elif [ -f "$d/code" ]; then echo "ended $(cat "$d/code")"
  elif [ ! -f "$d/pid" ]; then echo "unknown it was being started when something ended it"
  else echo "unknown its processes are gone, and it left no exit code"
  fi
}
begin() {
  find "$base" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf {} + 2>/dev/null
  mkdir "$d" 2>/dev/null || return 1
  echo "$boot" >"$d/boot"
  cat >"$d/in"
  cwd=$1
  shift
  [ -z "$cwd" ] || cd -- "$cwd" || { echo 125 >"$d/code"; return 0; }
  setsid /bin/sh -c '
    d=$1; shift
    trap : TERM INT HUP
    sed "s/.*) //" /proc/$$/stat 2>/dev/null | cut -d" " -f20 >"$d/start"
    echo $$ >"$d/pid.new"; mv "$d/pid.new" "$d/pid"
    "$@" <"$d/in" >"$d/out" 2>"$d/err"
    echo $? >"$d/code.new"; mv "$d/code.new" "$d/code"' job "$d" "$@" </dev/null >/dev/null 2>&1 &
  job=$!
  started
}
tell() {
  state
  [ ! -f "$d/out" ] || tail -c "$1" "$d/out"
  [ ! -f "$d/err" ] || tail -c "$1" "$d/err" >&2
  return 0
}
await() {
  [ -z "$job" ] || wait "$job"
  started
  while alive && [ ! -f "$d/code" ]; do sleep 0.1; done
}

case $verb in
  start) begin "$@"; state ;;
  status) state ;;
  run) most=$1; shift; begin "$@"; await; tell "$most" ;;
  wait) await; tell "$1" ;;
  stop)
    started
    p=$(cat "$d/pid" 2>/dev/null)
    if alive; then
      kill -s TERM -- "-$p" 2>/dev/null
      n=0
      while alive && [ $n -lt "$1" ]; do n=$((n + 1)); sleep 0.1; done
      if alive; then
        kill -s KILL -- "-$p" 2>/dev/null
        [ -f "$d/code" ] || echo 137 >"$d/code"
      fi
    fi
    state ;;
  forget)
    if alive; then state; else rm -rf "$d"; state; fi ;;
esac
)sh";

}  // namespace opshost::ssh
