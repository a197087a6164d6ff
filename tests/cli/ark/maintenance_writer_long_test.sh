#!/usr/bin/env bash
# A host with the primary broker, databases of both roles and other middleware is stopped and brought back while others
# write: what was accepted is there afterwards, on both sides, and the broker had its time to write to disk.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

cat >answers.json <<'END'
{ "what the host is": "yes", "DRDS/capacity": "one less" }
END
host=ark2
lasting_facts ark3 >before.txt
broker=$(container middleware-mq-deploy-broker_mq_1)
messages() { engine "$host" exec "$broker" /home/admin/rmq/bin/mqmessages "$@"; }
sql() { engine "$1" exec -i "$(container "$2")" my 3306 -N -B -e "$3"; }

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

for number in 1 2 3 4 5; do messages put "message $number" >/dev/null; done
count=$(messages count)

watch "$host" events.txt
procedure run stop "$host" --writable-side outage
exits 0 "the stop"
holds "in the order of the guide" in_stop_order events.txt
same "killed containers" "" "$(killed events.txt)"
unwatch
procedure run start "$host"
exits 0 "the start"
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
finish
