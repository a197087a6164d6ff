#!/usr/bin/env bash
# SIGKILL all along the stop of a host and its start: the process is killed a few points further each time (before and
# after a record's write, after a sync, after a change's answer) and resumed. What happened to the containers is what an
# undisturbed run does to them, each once, nobody had to decide what was sent, and the site ends as it was.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

usual_answers
host=ark1
lasting_facts ark3 >before.txt

# Which of the next process's points kills it: each has to come to something new, and four steps may begin at once.
# Every round begins with another one.
next_point() { echo $((12 + (kills * 7 + round * 3) % 29)); }
: >all_kinds

# killed_all_along NAME WORDS...: until the run is through. It counts in `kills` and writes the kinds of points to `kinds`.
killed_all_along() {
  local name=$1
  shift
  kills=0
  : >kinds
  # In braces, so that the shell does not report each kill.
  { OPSHOST_KILL_AT=$(next_point) OPSHOST_KILL_LOG=$PWD/points procedure run "$name" "$host" "$@"; } 2>/dev/null
  while ((status == 137)); do
    kills=$((kills + 1))
    tail -n 1 points >>kinds
    rm -f points
    ((kills < 200)) || break
    { OPSHOST_KILL_AT=$(next_point) OPSHOST_KILL_LOG=$PWD/points ark resume --answers answers.json last; } 2>/dev/null
    # Killed behind its last record it was done already.
    ((status != 5)) || ! grep -q 'is done, nothing is left of it' "$TMPDIR/stderr" || status=0
  done
  exits 0 "$name, killed all along"
  echo "$kills kills"
  holds "$name: there were many" test "$kills" -ge 15
  cat kinds >>all_kinds
}
# each_once FILE ACTION: the containers to which it happened, and how often where that is not once.
each_once() {
  seen "$1" | awk -v action="$2" '$1 == action { print $2 }' | sort | uniq -c | awk '$1 != 1'
}

# begun_and_ended FILE: what was started and what ended, in no order: Docker starts what its policy says all at once.
begun_and_ended() { seen "$1" | awk '$1 == "start" || $1 == "die" { print $1, $2 }' | sort; }
policy_of() { engine "$host" inspect -f '{{.HostConfig.RestartPolicy.Name}}' "$@"; }

procedure run stop "$host" --writable-side outage
exits 0 "the stop, undisturbed"
watch_next "$host" start.txt
procedure run start "$host"
exits 0 "the start, undisturbed"
begun_and_ended start.txt >undisturbed.txt
unwatch
holds "it started each container once" test "$(sort -u undisturbed.txt | grep -c '^start ')" = 16
same "what was started more than once" "" "$(uniq -d undisturbed.txt)"

for round in 1 2 3 4; do
  watch "$host" stop.txt
  killed_all_along stop --writable-side outage
  same "containers that ended" 16 "$(ends stop.txt | wc -l)"
  same "containers that ended more than once" "" "$(each_once stop.txt die)"
  same "killed containers" "" "$(killed stop.txt)"
  holds "in the order of the guide" in_stop_order stop.txt
  echo "stops that were sent again: $(each_once stop.txt kill | wc -l)"
  unwatch

  watch_next "$host" start.txt
  killed_all_along start
  same "what was started and what ended" "$(cat undisturbed.txt)" "$(begun_and_ended start.txt)"
  unwatch
  lasting_facts ark3 >after.txt
  same "the site" "$(cat before.txt)" "$(cat after.txt)"
  for database in hitsdb-mysql_minidbpaas_1 ark-metadb_ark_2 dbpaas-metadb_minidbpaas_1 dbpaas-metadb_dbpaas_2; do
    same "restart policy of $database" always "$(policy_of "$(container "$database")")"
  done
done
echo "$(wc -l <all_kinds) kill points:"
sort all_kinds | uniq -c
holds "it was killed at points of every kind" test "$(sort -u all_kinds | wc -l)" = 4
finish
