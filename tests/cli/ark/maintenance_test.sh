#!/usr/bin/env bash
# One host of the lab's Ark site is stopped for maintenance and brought back: planned first, in the order of the guide,
# with the site as before afterwards.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

usual_answers
lasting_facts ark3 >before.txt
database_states >databases.before

# --- stop ----------------------------------------------------------------------------------------------------------------

watch ark1 events.txt
procedure plan stop ark1
exits 10 "a plan of the stop"
cp "$TMPDIR/stdout" stop.plan
holds "it takes the outage of each database that writes there" test "$(grep -c 'taken as "outage"' stop.plan)" = 2
holds "it lists the stop of each container and of Docker" test \
  "$(grep -c 'Container:stop(' stop.plan) $(grep -c '"myadm", "stop"' stop.plan) $(grep -c 'Host:run({"systemctl"' stop.plan)" = "16 4 2"
holds "it knows everything" grep -q ' 0 unknowns' stop.plan
same "what happened in the plan" "" "$(seen events.txt)"

procedure run stop ark1
exits 3 "a person has to say what happens to a database that writes there"
holds "it says where the answer goes" grep -qF '{"hitsdb-mysql_minidbpaas writes on the host": ...}' "$TMPDIR/stderr"
same "what happened until then" "" "$(seen events.txt)"
same "the databases until then" "$(cat databases.before)" "$(database_states)"
# What its plans and refused runs ran in the containers only looks.
same "programs that were run" "$(sort <<'END'
dbs
my 3306 -e SHOW SLAVE STATUS\G
my 3306 -N -B -e SELECT @@read_only, @@gtid_binlog_pos, @@gtid_slave_pos; CHECKSUM TABLE lab.note
pgrep -x mysqld|mariadbd
sh /home/admin/rmq/bin/mqadmin clusterList
END
)" "$(programs events.txt | cut -d' ' -f2- | sort -u)"

procedure run stop ark1 --writable-side outage
exits 0 "the stop"
holds "in the order of the guide" in_stop_order events.txt
holds "the server of each database before its container" each_server_ends_first events.txt
same "containers that ended" 16 "$(ends events.txt | wc -l)"
same "killed containers" "" "$(killed events.txt)"
holds "Swarm sees it gone" grep -q 'ark1 .*DOES NOT ANSWER' <(facts ark3)
unwatch

# --- start ---------------------------------------------------------------------------------------------------------------

procedure plan start ark1
exits 10 "a plan of the start while Docker is down"
cp "$TMPDIR/stdout" start.plan
same "its steps" "$(cat "$OPSHOST_SOURCE/tests/cli/ark/start_plan_ark1.txt")" "$(steps_of start.plan)"
same "Docker after the plan" inactive "$(on_machine ark1 systemctl is-active docker docker.socket | sort -u)"
same "what it comes to" "34 changes; the plan is not exact: 0 unknowns, 22 reads a change may alter" "$(tail -n 1 start.plan)"

watch_next ark1 start.txt
procedure run start ark1
exits 0 "the start"
lasting_facts ark3 >after.txt
same "the site" "$(cat before.txt)" "$(cat after.txt)"
same "what ended meanwhile" "" "$(ends start.txt)"
unwatch

watch ark1 again.txt
procedure run start ark1
exits 0 "the start once more"
"$OPSHOST" show last >show.txt
same "changes of the second start" 0 "$(grep -c ': sent' show.txt || true)"
same "steps that do not say why" "    Butler: done" "$(unexplained show.txt | sed 's/, [0-9].*//')"
same "what happened to containers" "" "$(seen again.txt)"
finish
