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

procedure run stop ark1 --writable-side outage
exits 0 "the stop"
holds "in the order of the guide" in_stop_order events.txt
same "containers that ended" 16 "$(ends events.txt | wc -l)"
same "killed containers" "" "$(killed events.txt)"
holds "Swarm sees it gone" grep -q 'ark1 .*DOES NOT ANSWER' <(facts ark3)

procedure plan start ark1
exits 10 "a plan of the start while Docker is down"
steps_of "$TMPDIR/stdout" | sed -E "s/${LAB_ARK_TASK}_g0_//g; s/ .*_1207_g0_/ /" >start.steps
for step in "Docker/start docker" "base/start ovs" "base/start vlan" "middleware/start zk_middleWare_1" \
  "DRDS/drds-server_drds_1/scale up" "databases/ark-metadb RO/start the server in ark-metadb_ark_2" \
  "databases/hitsdb-mysql_minidbpaas RW/make hitsdb-mysql_minidbpaas_1 writable" \
  "as before/restart policy of ark-metadb_ark_2"; do
  holds "it lists $step" grep -qxF "$step" start.steps
done

procedure run start ark1
exits 0 "the start"
lasting_facts ark3 >after.txt
same "the site" "$(cat before.txt)" "$(cat after.txt)"

procedure run start ark1
exits 0 "the start once more"
"$OPSHOST" show last >show.txt
same "changes of the second start" 0 "$(grep -c ': sent' show.txt || true)"
holds "each step says why" test "$(grep -c ': already, .*seen ' show.txt)" -ge 25
finish
