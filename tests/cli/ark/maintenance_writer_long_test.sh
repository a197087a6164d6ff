#!/usr/bin/env bash
# A host with the primary broker, databases of both roles and other middleware is stopped and brought back while others
# write: what was accepted is there afterwards, on both sides, and the broker had its time to write to disk.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

usual_answers
host=ark2
lasting_facts ark3 >before.txt
broker=$(container middleware-mq-deploy-broker_mq_1)
messages() { engine "$host" exec "$broker" /home/admin/rmq/bin/mqmessages "$@"; }


# Pairs whose writable side stays: MACHINE DATABASE OTHER_MACHINE OTHER_DATABASE.
pairs=("ark1 hitsdb-mysql_minidbpaas_1 ark2 hitsdb-mysql_minidbpaas_2" "ark3 ark-metadb_ark_1 ark1 ark-metadb_ark_2"
  "ark1 dbpaas-metadb_minidbpaas_1 ark3 dbpaas-metadb_minidbpaas_2")
# write MACHINE DATABASE FILE: a row after the other until `written` is there; FILE has those that were accepted.
write() {
  local number=1000
  while [[ ! -e written ]]; do
    number=$((number + 1))
    sql "$1" "$2" "INSERT INTO lab.note VALUES ($number, 'written meanwhile')" && echo "$number" >>"$3"
    sleep 0.1
  done
}
writers=()
for pair in "${pairs[@]}"; do
  read -r machine database _ <<<"$pair"
  write "$machine" "$database" "$database.accepted" 2>>refused &
  writers+=($!)
done

# Nothing comes up with Docker, so that the order of what is started is ours.
all_of_host() { engine "$host" ps -a --format '{{.Names}}'; }
set_policies() { all_of_host | while read -r name; do engine "$host" update --restart="$1" "$name" </dev/null; done >/dev/null; }
put_back() {
  unwatch
  set_policies always || true
}
trap put_back EXIT
set_policies no
# The broker registers only some time after it serves: no reason to start it again.
engine "$host" exec "$broker" sh -c 'echo 8 >/home/admin/store/register-after'

for number in 1 2 3 4 5; do messages put "message $number" >/dev/null; done
count=$(messages count)

watch "$host" events.txt
procedure run stop "$host" --writable-side outage
exits 0 "the stop"
holds "in the order of the guide" in_stop_order events.txt
holds "the server of each database before its container" each_server_ends_first events.txt
same "killed containers" "" "$(killed events.txt)"
unwatch
procedure plan start "$host"
exits 10 "a plan of the start while Docker is down"
same "its steps" "$(cat "$OPSHOST_SOURCE/tests/cli/ark/start_plan_ark2.txt")" "$(steps_of "$TMPDIR/stdout")"
watch_next "$host" start.txt
procedure run start "$host"
exits 0 "the start"
holds "in the order of the guide" in_start_order start.txt
same "containers that were started" 17 "$(begins start.txt | wc -l)"
same "what ended meanwhile" "" "$(ends start.txt)"
"$OPSHOST" show last >show.txt
holds "the broker's registration was waited for" grep -Eq "registration of $broker: (done|already)" show.txt
touch written
wait "${writers[@]}"

same "the site" "$(cat before.txt)" "$(lasting_facts ark3)"
same "the broker's messages" "$count" "$(messages count)"
same "what was refused meanwhile" "" "$(cat refused)"
rows() { sql "$1" "$2" "SELECT id FROM lab.note WHERE id > 1000 ORDER BY id"; }
rows_are_accepted() { [[ $(rows "$1" "$2") == "$(cat "$3")" ]]; }
for pair in "${pairs[@]}"; do
  read -r machine database other_machine other <<<"$pair"
  echo "$database: $(wc -l <"$database.accepted") rows were accepted"
  holds "they are in $database" rows_are_accepted "$machine" "$database" "$database.accepted"
  holds "and in $other" wait_until rows_are_accepted "$other_machine" "$other" "$database.accepted"
  sql "$machine" "$database" "DELETE FROM lab.note WHERE id > 1000"
done
engine "$host" exec "$broker" rm /home/admin/store/register-after
finish
