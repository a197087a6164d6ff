#!/usr/bin/env bash
# A host of the Ark site that has both sides of a control database: a person has to agree to be without it; the read-only
# side ends and comes back before the writable one, and the site is as before.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

usual_answers
writes=$(container hitsdb-mysql_dbpaas_1) reads=$(container hitsdb-mysql_dbpaas_2)

# move FROM TO: the read-only side, with its data, to another machine.
move() {
  engine "$1" exec "$reads" myadm stop >/dev/null
  engine "$1" stop "$reads" >/dev/null
  engine "$1" rm "$reads" >/dev/null
  on_machine "$1" tar -C /var/docker/volumes -c "$reads" | docker -H "unix://$LAB_DOCKER_SOCKET" exec -i "$2" tar -C /var/docker/volumes -x
  on_machine ark1 cat "/home/admin/ark/lab/$LAB_ARK_TASK/ark3/$reads.sh" |
    docker -H "unix://$LAB_DOCKER_SOCKET" exec -i "$2" sh >/dev/null
  engine "$2" exec "$reads" myadm start >/dev/null
  engine "$2" exec "$reads" my 3306 -e 'START SLAVE'
  wait_until is_level "$2"
}
is_level() { engine "$1" exec "$reads" my 3306 -e 'SHOW SLAVE STATUS\G' | grep -q 'Seconds_Behind_Master: 0'; }
put_back() {
  unwatch
  move ark2 ark3 || true
}
move ark3 ark2
trap put_back EXIT
both_are_level() { ! facts ark3 | grep -E '^hitsdb-mysql_dbpaas: ' | grep -qv 'both sides are on ark2'; }
wait_until both_are_level
lasting_facts ark3 >before.txt
holds "both sides are on one host" grep -qx 'hitsdb-mysql_dbpaas: both sides are on ark2' before.txt

watch ark2 events.txt
procedure run stop ark2 --writable-side outage
exits 3 "nobody agreed to be without the database"
holds "it asks" grep -qF "Both sides of hitsdb-mysql_dbpaas are on ark2: there will be no such database until it is back. Stop them?" "$TMPDIR/stderr"
answer() {
  cat >answers.json <<END
{ "what the host is": "yes", "DRDS/capacity": "one less", "both sides of hitsdb-mysql_dbpaas are on the host": "$1" }
END
}
answer no
procedure run stop ark2 --writable-side outage
exits 5 "somebody does not agree"
holds "it says so" grep -qF "both sides of hitsdb-mysql_dbpaas are on ark2, and the answer was no [procedure.refused]" "$TMPDIR/stderr"
same "what happened until then" "" "$(seen events.txt)"

answer yes
# One of the middleware is left to Docker's own stop, after everything else.
left=$(container csb-broker_csb_2)
procedure run stop ark2 --writable-side outage --exclude "$left"
exits 0 "the stop"
grep -v "$left" events.txt >ordered.txt
holds "in the order of the guide" in_stop_order ordered.txt
"$OPSHOST" show last >show.txt
same "steps of what was left to Docker" "" "$(sed -n '/^steps$/,$p' show.txt | grep -F "$left" || true)"
holds "the server of each database before its container" each_server_ends_first events.txt
same "servers that were stopped, the read-only side first" "hitsdb-mysql_dbpaas_2 myadm stop
hitsdb-mysql_dbpaas_1 myadm stop" "$(programs events.txt | grep -E '^hitsdb-mysql_dbpaas.*myadm stop')"
same "containers that ended, the read-only side first" "$reads
$writes" "$(ends events.txt | grep hitsdb-mysql_dbpaas)"
unwatch

watch_next ark2 start.txt
procedure run start ark2
exits 0 "the start"
same "servers that were started, the read-only side first" "hitsdb-mysql_dbpaas_2 myadm start
hitsdb-mysql_dbpaas_1 myadm start" "$(programs start.txt | grep -E '^hitsdb-mysql_dbpaas.*myadm start')"
same "statements, in their order" "hitsdb-mysql_dbpaas_2 my 3306 -e START SLAVE
hitsdb-mysql_dbpaas_1 my 3306 -e START SLAVE
hitsdb-mysql_dbpaas_1 my 3306 -e SET GLOBAL read_only = 0" "$(programs start.txt | grep -E '^hitsdb-mysql_dbpaas.*(START|SET)')"
same "the site" "$(cat before.txt)" "$(lasting_facts ark3)"
finish
