#include "bindings/ssh/job_script.hpp"

namespace opshost::ssh {

// A job is a folder: boot (which boot of the machine), in, out, err, pid, start (of the pid, since pids come again),
// and last of all code. The folder is made first and by one mkdir, so a name begins once whoever asks.
//
// First line of the answer: "never", "running PID", "ended CODE", "unknown WHY" or "noplace WHY". `run`, `wait` and
// `since` add output. With a mark, `run` gives the output as it comes, then the mark and that line.
const std::string kJobScript = R"sh(
verb=$1 name=$2 mark=
shift 2
umask 077
command -v setsid >/dev/null || { echo 'noplace setsid (util-linux) is not installed there'; exit 0; }
base=${HOME:-/nonexistent}/.opshost/jobs
if ! mkdir -p "$base" 2>/dev/null || [ ! -w "$base" ]; then
  other=/var/tmp/opshost-$(id -u)
  mkdir "$other" 2>/dev/null
  if [ -L "$other" ] || [ ! -d "$other" ] || [ ! -O "$other" ] || [ ! -w "$other" ]; then
    echo "noplace neither $base nor $other can be written by this login"
    exit 0
  fi
  base=$other
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
say() { printf '%s%s\n' "$mark" "$1"; }
state() {
  started
  if [ ! -d "$d" ]; then say never
  elif [ -f "$d/code" ]; then say "ended $(cat "$d/code")"
  elif [ "$(cat "$d/boot" 2>/dev/null)" != "$boot" ]; then say "unknown the host was restarted while it ran"
  elif alive; then say "running $(cat "$d/pid")"
  elif [ -f "$d/code" ]; then say "ended $(cat "$d/code")"
  elif [ ! -f "$d/pid" ]; then say "unknown it was being started when something ended it"
  else say "unknown its processes are gone, and it left no exit code"
  fi
}
# What nobody asked for in a week after its end.
forget_old() {
  find "$base" -mindepth 2 -maxdepth 2 -name code -mtime +7 \
    -exec sh -c 'for code; do rm -rf "${code%/code}"; done' sh {} + 2>/dev/null
}
begin() {
  forget_old
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
# size FILE; piece FILE FROM TO: its bytes from FROM on, up to TO
size() { { wc -c <"$1"; } 2>/dev/null || echo 0; }
piece() { [ "$3" -le "$2" ] || tail -c "+$(($2 + 1))" "$1" | head -c "$(($3 - $2))"; }
# What it writes, as it comes, until its end.
follow() {
  started
  o=0 e=0 over=
  while [ -z "$over" ]; do
    # Asked before its output is looked at, so that nothing of it is missed.
    if [ -f "$d/code" ] || ! alive; then over=yes; fi
    to=$(size "$d/out"); piece "$d/out" "$o" "$to"; o=$to
    to=$(size "$d/err"); piece "$d/err" "$e" "$to" >&2; e=$to
    [ -n "$over" ] || sleep 0.1
  done
}
least() { if [ "$1" -lt "$2" ]; then echo "$1"; else echo "$2"; fi; }
# since OUT ERR MOST: the state, and what it wrote beyond these offsets, at most so much of each.
since() {
  state
  piece "$d/out" "$1" "$(least "$(size "$d/out")" "$(($1 + $3))")"
  piece "$d/err" "$2" "$(least "$(size "$d/err")" "$(($2 + $3))")" >&2
}

case $verb in
  start) begin "$@"; state ;;
  status) state ;;
  run)
    most=$1 ends=$2
    shift 2
    begin "$@"
    if [ -n "$ends" ]; then follow; mark=$ends; state; else await; tell "$most"; fi ;;
  wait) await; tell "$1" ;;
  since) since "$@" ;;
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
