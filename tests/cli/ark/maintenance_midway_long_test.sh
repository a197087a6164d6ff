#!/usr/bin/env bash
# What breaks while a host of the Ark site is being stopped or brought back, after everything was looked at: the guard
# before the change holds it back, and a resume goes on once it is repaired, and not sooner.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

usual_answers
mkdir -p own/ark
sed -E 's/^( +)start = "300s"/\1start = "15s"/; s/database_(start|stop) = "[0-9]+s"/database_\1 = "15s"/' \
  "$OPSHOST_SOURCE/scripts/ark/site.lua" >own/ark/site.lua
# While the node leaves its instance, and while it is put back, others break.
cat >own/site.lua <<'END'
local docker = require "docker"
local lab = dofile(os.getenv("OPSHOST_SOURCE") .. "/tests/lab/ark/scripts/site.lua")
local scale_down, scale_up = lab.hooks["ark.drds.scale_down"], lab.hooks["ark.drds.scale_up"]
local function container(machine, name)
  return docker.connect("tcp://" .. os.getenv("LAB_" .. machine:upper() .. "_DOCKER"),
    { cert_path = os.getenv("LAB_ARK_CERT_PATH") }):container(name)
end
local function named(name) return os.getenv("LAB_ARK_TASK") .. "_g0_" .. name end
local function sql(machine, name, statement)
  container(machine, named(name)):run({ "my", "3306", "-e", statement }, { repeatable = true })
end
lab.hooks["ark.drds.scale_down"] = function(args)
  container("ark3", named("zk_middleWare_3")):stop()
  sql("ark3", "dbpaas-metadb_minidbpaas_2", "STOP SLAVE SQL_THREAD")
  -- Not the one that is asked about the site.
  container("ark3", "swarm-manager"):stop()
  scale_down(args)
end
lab.hooks["ark.drds.scale_up"] = function(args)
  sql("ark2", "hitsdb-mysql_minidbpaas_2", "SET GLOBAL read_only = 0")
  container("ark3", named("dbpaas-metadb_minidbpaas_2")):run({ "myadm", "stop" }, { repeatable = true })
  scale_up(args)
end
return lab
END
export OPSHOST_SCRIPTS=$PWD/own:$OPSHOST_SCRIPTS
lasting_facts ark3 >before.txt

metadb=$(container ark-metadb_ark_2)
put_back() {
  unwatch
  engine ark1 exec "$metadb" sh -c 'test ! -e /tmp/myadm || cp -p /tmp/myadm /usr/local/bin/myadm' >/dev/null 2>&1 || true
}
trap put_back EXIT

# stops_with WHAT CODE MESSAGE: the run's end, its message without its place.
stops_with() {
  exits "$2" "$1"
  same "$1: what it says" "opshost: $3" "$(grep -m 1 '^opshost: ' "$TMPDIR/stderr" | sed -E 's#^opshost: [^ ]*\.lua:[0-9]+: #opshost: #')"
}
# held GUARD CALL CONTAINER SEEN: how it says that a guard holds a change back.
held() {
  echo "the guard \"$1\" holds back $2 on container $3 of engine tcp://$LAB_ARK1:2376; seen: \"$4\"; nothing was sent. Put right what it asks for, then resume [procedure.guard]"
}
resume() { ark resume --answers answers.json last; }
# ended PATTERN: the containers of events.txt that ended, of those that it fits.
ended() { ends events.txt | grep -E "$1" || true; }

# --- stop ----------------------------------------------------------------------------------------------------------------

watch ark1 events.txt
zk_is_held=$(held "middleware/the middleware's ZooKeeper keeps its quorum" "Container:stop({grace = 30})" \
  "$(container middleware-mq-deploy-namesrv_mq_1)" \
  "without it 1 of 3 servers serve (not: 10.96.14.23:2188 (unreachable)); 2 are needed")
procedure run stop ark1 --writable-side outage
stops_with "a second server of ZooKeeper ends" 5 "$zk_is_held"
same "what ended of those it holds back" "" "$(ended '_zk_|namesrv|metadb|hitsdb')"
resume
stops_with "it is not repaired" 5 "$zk_is_held"
same "what ended of those it holds back" "" "$(ended '_zk_|namesrv|metadb|hitsdb')"
engine ark3 start "$(container zk_middleWare_3)" >/dev/null
zk_serves() { engine ark3 exec "$(container zk_middleWare_3)" /alidata/bin/check_zk.sh 2>/dev/null; }
wait_until zk_serves

# A server that cannot be stopped keeps its container.
engine ark1 exec "$metadb" sh -c 'cp -p /usr/local/bin/myadm /tmp/myadm && printf "#!/bin/sh\necho no such luck >&2\nexit 7\n" >/usr/local/bin/myadm'
resume
stops_with "a stop of a server fails" 2 \
  "Container:run: myadm stop ended with exit code 7 in container $metadb; stderr: no such luck (on tcp://$LAB_ARK1:2376) [docker.exit]"
engine ark1 exec "$metadb" sh -c 'printf "#!/bin/sh\nsleep 25\n" >/usr/local/bin/myadm'
resume
stops_with "a stop of a server takes too long" 2 \
  "Container:run: myadm stop in container $metadb had not ended after 15s and was killed; it wrote nothing (on tcp://$LAB_ARK1:2376); it may have been applied [docker.timeout]"
same "the container that holds it" true "$(engine ark1 inspect -f '{{.State.Running}}' "$metadb")"
same "what ended of it and what follows" "" "$(ended 'metadb|swarm|vlan|ovs')"
engine ark1 exec "$metadb" cp -p /tmp/myadm /usr/local/bin/myadm

resume
partner=$(container dbpaas-metadb_minidbpaas_2)
stops_with "the side that stays breaks" 5 "$(held \
  "databases/dbpaas-metadb_minidbpaas/the other side of dbpaas-metadb_minidbpaas carries it" \
  'Container:run({"myadm", "stop"}, {repeatable = true, timeout = "15s"})' "$(container dbpaas-metadb_minidbpaas_1)" \
  "ark3/$partner: it has its applying thread stopped")"
same "what ended of those it holds back" "" "$(ended 'dbpaas-metadb_minidbpaas|swarm|vlan|ovs')"
sql ark3 dbpaas-metadb_minidbpaas_2 "START SLAVE"
resume
stops_with "a second manager ends" 5 "$(held "base/a majority of Swarm's managers stays" "Container:stop({grace = 30})" \
  swarm-agent "without ark1 Swarm managers run on ark2 (down: ark3); 2 are needed")"
same "what ended of those it holds back" "" "$(ended 'swarm|vlan|ovs')"
engine ark3 start swarm-manager >/dev/null
resume
exits 0 "repaired, it goes on"
holds "in the order of the guide" in_stop_order events.txt
holds "the server of each database before its container" each_server_ends_first events.txt
same "killed containers" "" "$(killed events.txt)"
unwatch

# --- start ---------------------------------------------------------------------------------------------------------------

procedure run start ark1
# How long the client of the receiver tries again is not ours.
sed -E -i "s/(error connecting to master)[^\"]*'10\.96\.14\.108' .*Connection refused.*\)\"/\1 ...\"/" "$TMPDIR/stderr"
stops_with "the other side of a database died" 2 "the step \"databases/dbpaas-metadb_minidbpaas RW/replicate in $(container dbpaas-metadb_minidbpaas_1)\" waited 15s for its \`done\` to be true; last seen: \"error 2003: error connecting to master ...\" [procedure.goal]"
same "its partner is read-only" 1 "$(sql ark1 dbpaas-metadb_minidbpaas_1 'SELECT @@read_only')"
engine ark3 exec "$partner" myadm start >/dev/null
sql ark3 dbpaas-metadb_minidbpaas_2 "START SLAVE"
resume
stops_with "the other side of a database became writable" 5 "$(held \
  "databases/hitsdb-mysql_minidbpaas RW/only one side of hitsdb-mysql_minidbpaas is writable" \
  'Container:run({"my", "3306", "-e", "SET GLOBAL read_only = 0"}, {repeatable = true})' \
  "$(container hitsdb-mysql_minidbpaas_1)" \
  "ark2/$(container hitsdb-mysql_minidbpaas_2) is writable: two writable sides would diverge")"
same "its partner is read-only" 1 "$(sql ark1 hitsdb-mysql_minidbpaas_1 'SELECT @@read_only')"
sql ark2 hitsdb-mysql_minidbpaas_2 "SET GLOBAL read_only = 1"
resume
exits 0 "repaired, it goes on"
same "the site" "$(cat before.txt)" "$(lasting_facts ark3)"
finish
