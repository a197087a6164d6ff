#!/usr/bin/env bash
# What has to hold while a host of the Ark site is away: each guard refuses, says what it saw, and nothing was changed;
# each answer to what is to become of a database that writes there; what comes back broken is named.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

cat >answers.json <<'END'
{ "what the host is": "yes", "DRDS/capacity": "one less" }
END
# The site's own file, in which what is waited for is waited for less long.
mkdir -p own/ark
sed -E 's/^( +)start = "300s"/\1start = "15s"/; s/database_level = "60s"/database_level = "3s"/' \
  "$OPSHOST_SOURCE/scripts/ark/site.lua" >own/ark/site.lua
export OPSHOST_SCRIPTS=$PWD/own:$OPSHOST_SCRIPTS

on_machine() { docker -H "unix://$LAB_DOCKER_SOCKET" exec "$@"; }
sql() { engine "$1" exec -i "$(container "$2")" my 3306 -N -B -e "$3"; }

# What "lab mend" knows nothing of, for whoever comes next.
broken=$(container csb-broker_csb_1)
put_back() {
  unwatch
  {
    engine ark1 exec "$broken" sh -c 'cp -p /tmp/kept /home/admin/bin/check_service.sh'
    sql ark3 dbpaas-metadb_minidbpaas_2 "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE"
    engine ark1 rm odd
  } >/dev/null 2>&1 || true
}
trap put_back EXIT

# refused WHAT MESSAGE: with exit code 5, that text, and no container touched.
refused() {
  exits 5 "$1"
  holds "$1: it says what it saw" grep -qF -- "$2" "$TMPDIR/stderr"
  same "what happened" "" "$(seen events.txt)"
}
stop_is_refused() {
  local why=$1 text=$2 target=${3:-ark1}
  watch "$target" events.txt
  procedure plan stop "$target"
  refused "a plan, $why" "$text"
  procedure run stop "$target" --writable-side outage
  refused "a run, $why" "$text"
  unwatch
}

# --- guards of the stop ----------------------------------------------------------------------------------------------

engine ark2 stop swarm-manager >/dev/null
stop_is_refused "a second Swarm manager is down" \
  "without ark1 Swarm managers run on ark3 (down: ark2); 2 are needed"
engine ark2 start swarm-manager >/dev/null

on_machine ark2 systemctl stop zookeeper
stop_is_refused "Swarm's ZooKeeper would lose its quorum" \
  "without it 1 of 3 servers serve (not: $LAB_ARK2:2181 (unreachable)); 2 are needed"
on_machine ark2 systemctl start zookeeper

engine ark3 stop "$(container zk_middleWare_3)" >/dev/null
stop_is_refused "the middleware's ZooKeeper would lose its quorum" \
  "the precondition \"the middleware's ZooKeeper has a quorum without the host\" does not hold"
engine ark3 start "$(container zk_middleWare_3)" >/dev/null

"$LAB_COMMAND" break ark replication-stopped >/dev/null
stop_is_refused "the side that stays is broken" \
  "ark3/$(container dbpaas-metadb_minidbpaas_2): it has its applying thread stopped"
"$LAB_COMMAND" mend ark replication-stopped >/dev/null

# Behind by as much as the applier is told to wait.
sql ark3 dbpaas-metadb_minidbpaas_2 "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 600; START SLAVE"
sql ark1 dbpaas-metadb_minidbpaas_1 "INSERT INTO lab.note VALUES (77, 'late')"
is_behind() { engine ark3 exec "$(container dbpaas-metadb_minidbpaas_2)" my 3306 -e 'SHOW SLAVE STATUS\G' | grep -Eq 'Seconds_Behind_Master: [1-9]'; }
wait_until is_behind
stop_is_refused "the side that stays is behind" "ark3/$(container dbpaas-metadb_minidbpaas_2): it is "
sql ark3 dbpaas-metadb_minidbpaas_2 "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE"
sql ark1 dbpaas-metadb_minidbpaas_1 "DELETE FROM lab.note WHERE id = 77"

"$LAB_COMMAND" break ark broker-down >/dev/null
stop_is_refused "the group's other broker is not listed" \
  "beside it of ark-cluster/broker-a there is listed: none" ark3
"$LAB_COMMAND" mend ark broker-down >/dev/null

image=$(engine ark1 inspect -f '{{.Config.Image}}' "$(container csb-broker_csb_1)")
engine ark1 create --name odd "$image" >/dev/null
stop_is_refused "a container nobody can class" \
  "odd (no label and no name of the platform, and nothing of the base in it)"
engine ark1 rm odd >/dev/null

# --- only the writable side is on the host: three choices --------------------------------------------------------------

watch ark1 events.txt
procedure run stop ark1 --writable-side stop
refused "the choice to stop" "hitsdb-mysql_minidbpaas writes on ark1, and the choice was to stop"
unwatch

# Switched over by the site's own function; the old side stays read-only afterwards.
cat >own/site.lua <<'END'
local docker = require "docker"
local lab = dofile(os.getenv("OPSHOST_SOURCE") .. "/tests/lab/ark/scripts/site.lua")
local function run(side, statement)
  local endpoint = "tcp://" .. os.getenv("LAB_" .. side.host:upper() .. "_DOCKER")
  docker.connect(endpoint, { cert_path = os.getenv("LAB_ARK_CERT_PATH") }):container(side.container)
    :run({ "my", "3306", "-e", statement }, { repeatable = true })
end
lab.hooks["ark.database.switch"] = function(args)
  run(args.from, "SET GLOBAL read_only = 1")
  run(args.to, "SET GLOBAL read_only = 0")
end
return lab
END
procedure run stop ark1 --writable-side switch
exits 0 "the choice to switch"
same "the side that writes now" 0 "$(sql ark2 hitsdb-mysql_minidbpaas_2 'SELECT @@read_only')"
procedure run stop ark1 --writable-side switch
exits 0 "the stop once more"
"$OPSHOST" show last >show.txt
same "changes of the second stop" 0 "$(grep -c ': sent' show.txt || true)"
holds "each step says why" test "$(grep -c ': already, .*seen ' show.txt)" -ge 20
procedure run start ark1
exits 0 "the start after a switch"
same "the side that wrote before" 1 "$(sql ark1 hitsdb-mysql_minidbpaas_1 'SELECT @@read_only')"
same "the side that writes now" 0 "$(sql ark2 hitsdb-mysql_minidbpaas_2 'SELECT @@read_only')"
for pair in hitsdb-mysql_minidbpaas:ark2 dbpaas-metadb_minidbpaas:ark3; do
  sql "${pair#*:}" "${pair%:*}_2" "SET GLOBAL read_only = 1"
  sql ark1 "${pair%:*}_1" "SET GLOBAL read_only = 0"
done

# --- guards of the start -----------------------------------------------------------------------------------------------

procedure run stop ark1 --writable-side outage
exits 0 "the choice of an outage"

# Switched on again, or brought back by hand? Only a person knows.
on_machine ark1 systemctl start docker
procedure run stop ark1 --writable-side outage
exits 3 "a stop after a stop, with Docker up again"
holds "it asks" grep -q 'no start followed, and Docker runs there again. Is the host still out of the site' "$TMPDIR/stderr"
sed 's/^{/{ "earlier stop": "still out",/' answers.json >still_out.json
mv answers.json first.json && mv still_out.json answers.json
procedure run stop ark1 --writable-side stop
exits 0 "still out: what the first stop decided stays, and what came up is stopped"
mv first.json answers.json

sql ark2 hitsdb-mysql_minidbpaas_2 "SET GLOBAL read_only = 0"
for verb in plan run; do
  procedure "$verb" start ark1
  exits 5 "$verb, the other side has become writable"
  holds "it says what it saw" grep -qF \
    "hitsdb-mysql_minidbpaas wrote on ark1 before the stop, and now ark2/$(container hitsdb-mysql_minidbpaas_2) is writable" \
    "$TMPDIR/stderr"
  holds "nothing was started" test "$(on_machine ark1 systemctl is-active docker docker.socket | sort -u)" = inactive
done
sql ark2 hitsdb-mysql_minidbpaas_2 "SET GLOBAL read_only = 1"

# The other side is dead: a person decides.
engine ark2 exec "$(container hitsdb-mysql_minidbpaas_2)" myadm stop >/dev/null
procedure run start ark1
exits 3 "the other side does not answer"
holds "it asks" grep -qF "Make hitsdb-mysql_minidbpaas writable alone, or stop here?" <(tr '\n' ' ' <"$TMPDIR/stderr" | sed 's/ark1.task_1207_g0_//; s/_1 writable/ writable/')
engine ark2 exec "$(container hitsdb-mysql_minidbpaas_2)" myadm start >/dev/null
sql ark2 hitsdb-mysql_minidbpaas_2 "START SLAVE"

procedure run start ark1
exits 0 "the start"

# --- what comes back broken --------------------------------------------------------------------------------------------

engine ark1 exec "$broken" sh -c 'cp -p /home/admin/bin/check_service.sh /tmp/kept && printf "#!/bin/sh\necho no such luck\nexit 1\n" >/home/admin/bin/check_service.sh'
procedure run stop ark1 --writable-side outage
exits 0 "a stop with a container whose probe fails"
procedure run start ark1
exits 2 "the start fails with it"
holds "it names the container and what its probe said" grep -Eq "probe of $broken.*failing: no such luck" "$TMPDIR/stderr"
holds "it says how to go on" grep -q 'Go on with: opshost resume' "$TMPDIR/stderr"
engine ark1 exec "$broken" sh -c 'cp -p /tmp/kept /home/admin/bin/check_service.sh'
ark resume last
exits 0 "repaired and resumed"
same "the databases of the site" 5 "$(facts ark3 | grep -c ' well$')"
finish
