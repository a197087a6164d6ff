#include "bindings/ssh/job_script.hpp"

namespace opshost::ssh {

// A job is a folder: boot (which boot of the machine), in, out, err, pid, start (of the pid, since pids come again),
// said (by the shell that waits for it), and last of all code: its number, and the signal's name or "cwd". The folder
// is made when its input is there whole, and by one mkdir: so a name begins once whoever asks. Homes are shared between
// hosts, so each host has a folder of its own. What is written later is there from the beginning under another name,
// and written in place (1<>): a disk that is full by then takes it all the same. A disk that is full before is no
// reason for another place, where nobody would look later.
//
// First line of the answer: "never", "running PID", "ended CODE HOW OUT ERR" (HOW: "-", the signal's name, or "cwd";
// sizes of its outputs), "unknown WHY" or "noplace WHY". `run`, `wait` and `since` add output. With a mark, `run` gives
// the output as it comes, then the mark and that line.
const std::string kJobScript = R"sh(
verb=$1 name=$2 mark= job=
shift 2
mask=$(umask)
umask 077
command -v setsid >/dev/null || { echo 'noplace setsid (util-linux) is not installed there'; exit 0; }
base=${HOME:-/nonexistent}/.opshost/jobs
full() { echo "noplace nothing can be written in $base: its disk may be full, or the login's quota used up"; exit 0; }
if ! said=$(LC_ALL=C mkdir -p "$base" 2>&1) || [ ! -w "$base" ]; then
  case $said in *'No space left'* | *quota*) full ;; esac
  other=/var/tmp/opshost-$(id -u)
  mkdir "$other" 2>/dev/null
  if [ -L "$other" ] || [ ! -d "$other" ] || [ ! -O "$other" ] || [ ! -w "$other" ]; then
    echo "noplace neither $base nor $other can be written by this login"
    exit 0
  fi
  base=$other
fi
base=$base/$(uname -n)
mkdir "$base" 2>/dev/null
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
# size FILE; piece FILE FROM TO: its bytes from FROM on, up to TO
size() { { wc -c <"$1"; } 2>/dev/null || echo 0; }
piece() { [ "$3" -le "$2" ] || tail -c "+$(($2 + 1))" "$1" | head -c "$(($3 - $2))"; }
ended() {
  read -r code how <"$d/code"
  say "ended $code ${how:--} $(size "$d/out") $(size "$d/err")"
}
state() {
  started
  if [ ! -d "$d" ]; then say never
  elif [ -f "$d/code" ]; then ended
  elif [ "$(cat "$d/boot" 2>/dev/null)" != "$boot" ]; then say "unknown the host was restarted while it ran"
  elif alive; then say "running $(cat "$d/pid")"
  elif [ -f "$d/code" ]; then ended
  elif [ ! -f "$d/pid" ]; then say "unknown it was being started when something ended it"
  else say "unknown its processes are gone, and it left no exit code"
  fi
}
# What nobody asked for in a week after its end, and input of a day that never was whole.
forget_old() {
  find "$base" -mindepth 2 -maxdepth 2 -name code -mtime +7 \
    -exec sh -c 'for code; do rm -rf "${code%/code}"; done' sh {} + 2>/dev/null
  find "$base" -maxdepth 1 -name '.in.*' -mtime +1 -exec rm -f {} + 2>/dev/null
}
# take_input BYTES: fails where the connection was cut before all of them had come.
take_input() {
  input=
  [ "$1" -gt 0 ] || return 0
  input=$(mktemp "$base/.in.XXXXXX" 2>/dev/null) || full
  cat >"$input" 2>/dev/null || { rm -f "$input"; full; }
  [ "$(($(wc -c <"$input")))" = "$1" ] && return 0
  rm -f "$input"
  return 1
}
ends_as() { echo "$@" 1<>"$d/code.new"; mv "$d/code.new" "$d/code"; }
# begin BYTES CWD COMMAND...
begin() {
  forget_old
  take_input "$1" || return 1
  if ! mkdir "$d" 2>/dev/null; then
    [ -z "$input" ] || rm -f "$input"
    [ -d "$d" ] || full
    return 1
  fi
  [ -z "$input" ] || mv "$input" "$d/in"
  if ! { echo "$boot" >"$d/boot" && echo >"$d/start" && echo >"$d/pid.new" && echo >"$d/code.new"; } 2>/dev/null; then
    rm -rf "$d"
    full
  fi
  cwd=$2
  shift 2
  if [ -n "$cwd" ]; then
    sh -c 'cd -- "$1"' sh "$cwd" 2>"$d/err" || { ends_as 125 cwd; return 0; }
    cd -- "$cwd"
  fi
  setsid /bin/sh -c '
    d=$1 mask=$2; shift 2
    trap : TERM INT HUP
    sed "s/.*) //" /proc/$$/stat 2>/dev/null | cut -d" " -f20 1<>"$d/start"
    echo $$ 1<>"$d/pid.new"; mv "$d/pid.new" "$d/pid"
    in=$d/in; [ -f "$in" ] || in=/dev/null
    : >"$d/out"; : >"$d/err"
    exec 2>"$d/said"
    (umask "$mask"; exec "$@") <"$in" >>"$d/out" 2>>"$d/err"
    code=$? how=
    # A shell names a signal that ended what it waited for; a program may exit with any number.
    if [ $code -gt 128 ] && [ -s "$d/said" ]; then how=$(kill -l $code); fi
    echo $code $how 1<>"$d/code.new"; mv "$d/code.new" "$d/code"' job "$d" "$mask" "$@" </dev/null >/dev/null 2>&1 &
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
# Those of its session that run; the number of a leader that is gone is nobody else's while one of them does.
members() { sed -n "s/^\([0-9]*\) (.*) [^ZX] [0-9]* [0-9]* $p .*/\1/p" /proc/[0-9]*/stat 2>/dev/null; }
hit() { for m in $(members); do kill -s "$1" "$m" 2>/dev/null; done; }
# gone TENTHS: within that time
gone() {
  n=0
  while [ -n "$(members)" ]; do [ $n -lt "$1" ] || return 1; n=$((n + 1)); sleep 0.1; done
}
# stop TENTHS: SIGTERM to all it started, SIGKILL to what is left of them after that time.
stop() {
  started
  p=$(cat "$d/pid" 2>/dev/null)
  if [ -n "$p" ] && [ "$(cat "$d/boot")" = "$boot" ] && { alive || [ ! -e "/proc/$p" ]; }; then
    hit TERM
    if ! gone "$1"; then
      hit KILL
      gone 20 || { set -- $(members); say "running $1"; return; }
      [ -f "$d/code" ] || ends_as 137 KILL
    fi
  fi
  state
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
  stop) stop "$1" ;;
  forget)
    if alive; then state; else rm -rf "$d"; state; fi ;;
esac
)sh";

}  // namespace opshost::ssh
