#!/usr/bin/env bash
# One host of the lab's Ark site is stopped for maintenance and brought back: planned first, in the order of the guide,
# with the site as before afterwards.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

cat >answers.json <<'END'
{ "what the host is": "yes", "DRDS/capacity": "one less" }
END
lasting_facts ark3 >before.txt
database_states >databases.before

# refusal WHAT MESSAGE: with exit code 5, and that as the whole first line of what it says, without its place.
refusal() {
  exits 5 "$1"
  same "$1: what it says" "opshost: $2" "$(grep -m 1 '^opshost: ' "$TMPDIR/stderr" | sed -E 's#^opshost: [^ ]*\.lua:[0-9]+: #opshost: #')"
}

watch ark1 events.txt

# --- what is refused before anything is looked at ----------------------------------------------------------------------

for verb in plan run; do
  procedure "$verb" start ark1
  refusal "$verb, a start without a stop" "no run of ark.maintenance.stop is known here that stopped anything on ark1, so nobody knows what ran there and which side of a database wrote; start on the machine that stopped it (\`opshost runs\` lists them) [procedure.refused]"
done
sed '/^ *ark2:$/,$d' "$LAB_ARK_INVENTORY" >alone.yml
ark run --inventory alone.yml --answers answers.json ark.maintenance.stop --target ark1
refusal "no Swarm manager elsewhere" 'no Swarm manager on another host answers; seen: "" [procedure.refused]'
sed -E "s/^( *swarm: [^:]*):.*/\1:4999/" "$LAB_ARK_INVENTORY" >nowhere.yml
ark run --inventory nowhere.yml --answers answers.json ark.maintenance.stop --target ark1
refusal "no Swarm manager answers" "no Swarm manager on another host answers; seen: \"tcp://$LAB_ARK2:4999, tcp://$LAB_ARK3:4999\" [procedure.refused]"
procedure run stop nosuch
refusal "a host of no inventory" 'the inventory has no host nosuch; seen: "ark1, ark2, ark3" [procedure.refused]'
procedure run stop ark1 --exclude nosuch
refusal "an unknown container is excluded" "--exclude names a container the host does not have: nosuch [procedure.refused]"
procedure run stop ark1 --exclude swarm-manager
refusal "a container of the base is excluded" "--exclude is for middleware, and swarm-manager is part of the base (its image has swarm in it): it has an order of its own to stop in [procedure.refused]"
database=$(container ark-metadb_ark_2)
procedure run stop ark1 --exclude "$database"
refusal "a database is excluded" "--exclude is for middleware, and $database is a control database (its label says ark-metadb): it has an order of its own to stop in [procedure.refused]"

engine ark1 pause "$database" >/dev/null
procedure run stop ark1 --writable-side outage
refusal "a database's container is paused" "the precondition \"no container of the host is paused\" does not hold; seen: \"paused: $database; nothing in them can end properly, so unpause them first\"; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]"
engine ark1 unpause "$database" >/dev/null
# With live-restore Docker's own stop ends nothing.
live_restore() {
  on_machine ark1 python3 -c 'import json, sys
path = "/etc/docker/daemon.json"
settings = json.load(open(path))
settings["live-restore"] = sys.argv[1] == "true"
json.dump(settings, open(path, "w"))' "$1"
  on_machine ark1 systemctl reload docker
  wait_until live_restore_is "$1"
}
live_restore_is() { [[ $(engine ark1 info -f '{{.LiveRestoreEnabled}}') == "$1" ]]; }
live_restore true
procedure run stop ark1 --writable-side outage --exclude "$(container csb-broker_csb_1)"
refusal "Docker would leave what is excluded running" "the precondition \"Docker's own stop ends what is excluded\" does not hold; seen: \"Docker has live-restore there, so its stop ends no container; stop them by hand, or leave --exclude out\"; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]"
live_restore false
same "what happened until then" "pause $database
unpause $database" "$(seen events.txt)"
unwatch

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

# The backup of a client node is a person's, where the site has no function for it.
mkdir -p bare
printf '%s\n' 'local lab = dofile(os.getenv("OPSHOST_SOURCE") .. "/tests/lab/ark/scripts/site.lua")' \
  'lab.hooks["ark.client_node.back_up"] = nil' 'return lab' >bare/site.lua
OPSHOST_SCRIPTS=$PWD/bare:$OPSHOST_SCRIPTS procedure run stop ark1 --writable-side outage
exits 3 "nobody backed the client node up"
holds "it says what to do" grep -qF "ark1 is a client node (/home/admin/ark/conf/ark.properties is there). If its disk may be lost, save installer and image registry." "$TMPDIR/stderr"
holds "it says where the answer goes" grep -qF '{"back up the client node": ...}' "$TMPDIR/stderr"
same "what happened until then" "" "$(seen events.txt)"

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
