#!/usr/bin/env bash
# What has to hold while a host of the Ark site is away: each guard refuses, says what it saw, and nothing was changed;
# each answer to what is to become of a database that writes there; what comes back broken is named.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

usual_answers
# The site's own file, in which what is waited for is waited for less long.
mkdir -p own/ark
sed -E 's/^( +)start = "300s"/\1start = "15s"/; s/database_level = "60s"/database_level = "3s"/' \
  "$OPSHOST_SOURCE/scripts/ark/site.lua" >own/ark/site.lua
export OPSHOST_SCRIPTS=$PWD/own:$OPSHOST_SCRIPTS




# What "lab mend" knows nothing of, for whoever comes next.
broken=$(container csb-broker_csb_1)
put_back() {
  unwatch
  {
    engine ark1 exec "$broken" sh -c 'cp -p /tmp/kept /home/admin/bin/check_service.sh'
    sql ark3 dbpaas-metadb_minidbpaas_2 "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE"
    sql ark1 hitsdb-mysql_minidbpaas_1 "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE"
    engine ark1 exec "$(container hitsdb-mysql_minidbpaas_1)" sed -i 's/^#skip-slave-start/skip-slave-start/' /u01/my3306/my.cnf
    engine ark1 rm odd
  } >/dev/null 2>&1 || true
}
trap put_back EXIT

# says_first WHAT CODE MESSAGE: the exit code, and the message without its place as the first line of what it says.
says_first() {
  exits "$2" "$1"
  same "$1: what it says" "opshost: $3" "$(grep -m 1 '^opshost: ' "$TMPDIR/stderr" | sed -E 's#^opshost: [^ ]*\.lua:[0-9]+: #opshost: #')"
}
# add_answer QUESTION ANSWER: to answers.json.
add_answer() {
  python3 -c 'import json, sys
path, question, answer = "answers.json", sys.argv[1], sys.argv[2]
answers = json.load(open(path))
answers[question] = answer
json.dump(answers, open(path, "w"))' "$1" "$2"
}
# refused WHAT MESSAGE: with exit code 5, that text, and no container touched.
refused() {
  says_first "$1" 5 "$2"
  same "what happened" "" "$(seen events.txt)"
}
# unmet NAME SEEN: how it says that a precondition does not hold.
unmet() {
  echo "the precondition \"$1\" does not hold; seen: \"$2\"; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]"
}
# held NAME CHANGE SEEN: how it says that a guard holds a change back.
held() {
  echo "the guard \"$1\" holds back $2; seen: \"$3\"; nothing was sent. Put right what it asks for, then resume [procedure.guard]"
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
  "$(unmet "Swarm's managers run without the host" "without ark1 Swarm managers run on ark3 (down: ark2); 2 are needed")"
engine ark2 start swarm-manager >/dev/null

on_machine ark2 systemctl stop zookeeper
stop_is_refused "Swarm's ZooKeeper would lose its quorum" \
  "$(unmet "Swarm's ZooKeeper is whole without the host" "without it 1 of 3 servers serve (not: $LAB_ARK2:2181 (unreachable)); 2 are needed")"
on_machine ark2 systemctl start zookeeper

engine ark3 stop "$(container zk_middleWare_3)" >/dev/null
stop_is_refused "the middleware's ZooKeeper would lose its quorum" \
  "$(unmet "the middleware's ZooKeeper is whole without the host" "without it 1 of 3 servers serve (not: 10.96.14.23:2188 (unreachable)); 2 are needed")"
engine ark3 start "$(container zk_middleWare_3)" >/dev/null

"$LAB_COMMAND" break ark replication-stopped >/dev/null
stop_is_refused "the side that stays is broken" \
  "$(unmet "the other side of dbpaas-metadb_minidbpaas is well" "ark3/$(container dbpaas-metadb_minidbpaas_2): it has its applying thread stopped")"
"$LAB_COMMAND" mend ark replication-stopped >/dev/null

# Behind by as much as the applier is told to wait.
sql ark3 dbpaas-metadb_minidbpaas_2 "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 600; START SLAVE"
sql ark1 dbpaas-metadb_minidbpaas_1 "INSERT INTO lab.note VALUES (77, 'late')"
is_behind() { engine ark3 exec "$(container dbpaas-metadb_minidbpaas_2)" my 3306 -e 'SHOW SLAVE STATUS\G' | grep -Eq 'Seconds_Behind_Master: [1-9]'; }
wait_until is_behind
without_lag() { sed -i -E 's/it is [0-9]+ s behind/it is N s behind/' "$TMPDIR/stderr"; }
watch ark1 events.txt
for verb in plan run; do
  procedure "$verb" stop ark1 --writable-side outage
  without_lag
  refused "$verb, the side that stays is behind" \
    "$(unmet "the other side of dbpaas-metadb_minidbpaas is well" "ark3/$(container dbpaas-metadb_minidbpaas_2): it is N s behind")"
done
unwatch
sql ark3 dbpaas-metadb_minidbpaas_2 "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE"
sql ark1 dbpaas-metadb_minidbpaas_1 "DELETE FROM lab.note WHERE id = 77"

"$LAB_COMMAND" break ark broker-down >/dev/null
stop_is_refused "the group's other broker is not listed" \
  "$(unmet "another broker of the group of $(container middleware-mq-deploy-broker_mq_2) is listed" "beside it of ark-cluster/broker-a there is listed: none")" ark3
"$LAB_COMMAND" mend ark broker-down >/dev/null

image=$(engine ark1 inspect -f '{{.Config.Image}}' "$(container csb-broker_csb_1)")
engine ark1 create --name odd "$image" >/dev/null
stop_is_refused "a container nobody can class" \
  "$(unmet "every container of the host has a class" "odd (no label and no name of the platform, and nothing of the base in it)")"
engine ark1 rm odd >/dev/null

# --- only the writable side is on the host: three choices --------------------------------------------------------------

watch ark1 events.txt
procedure run stop ark1 --writable-side stop
refused "the choice to stop" "hitsdb-mysql_minidbpaas writes on ark1, and the choice was to stop [procedure.refused]"
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
same "steps that do not say why: those of a person" "  back up the client node: done
  what the host is: \"yes\" (confirm, by --answers)" "$(unexplained show.txt | sed 's/, [0-9].*//')"
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
cp answers.json first.json
add_answer "earlier stop" "still out"
procedure run stop ark1 --writable-side stop
exits 0 "still out: what the first stop decided stays, and what came up is stopped"

# Brought back: the first stop decides nothing any more.
"$LAB_COMMAND" mend >/dev/null 2>&1
# What the stop held back, a person has to let go.
# shellcheck disable=SC2046  # names
engine ark1 update --restart=always $(databases | awk '$1 == "ark1" { print $2 }' | while read -r name; do container "$name"; done) >/dev/null
cp first.json answers.json
add_answer "earlier stop" "brought back"
procedure run stop ark1 --writable-side stop
says_first "brought back by hand" 5 "hitsdb-mysql_minidbpaas writes on ark1, and the choice was to stop [procedure.refused]"
# Its server is to replicate by itself once it runs again, and what the other side got meanwhile to come late.
late=hitsdb-mysql_minidbpaas_1
engine ark1 exec "$(container $late)" sed -i 's/^skip-slave-start/#&/' /u01/my3306/my.cnf
sql ark1 $late "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 90; START SLAVE"
procedure run stop ark1 --writable-side outage
exits 0 "an outage once more"
cp first.json answers.json

sql ark2 hitsdb-mysql_minidbpaas_2 "SET GLOBAL read_only = 0"
for verb in plan run; do
  procedure "$verb" start ark1
  says_first "$verb, the other side has become writable" 5 \
    "hitsdb-mysql_minidbpaas wrote on ark1 before the stop, and now ark2/$(container hitsdb-mysql_minidbpaas_2) is writable: with both, data would diverge. Find out which one has the latest data, and make the other read-only; nothing was started; seen: {role = \"RW\"} [procedure.refused]"
  holds "nothing was started" test "$(on_machine ark1 systemctl is-active docker docker.socket | sort -u)" = inactive
done
sql ark2 hitsdb-mysql_minidbpaas_2 "SET GLOBAL read_only = 1"

# The other side is dead: a person decides.
engine ark2 exec "$(container hitsdb-mysql_minidbpaas_2)" myadm stop >/dev/null
procedure run start ark1
exits 3 "the other side does not answer"
dead=ark2/$(container hitsdb-mysql_minidbpaas_2)
holds "it asks" grep -qF "$dead does not answer. What hitsdb-mysql_minidbpaas wrote last may be there only. Make ark1/$(container hitsdb-mysql_minidbpaas_1) writable alone, or stop here?" "$TMPDIR/stderr"
add_answer "the other side of hitsdb-mysql_minidbpaas does not answer" stop
procedure run start ark1
says_first "the choice to stop" 5 "$dead does not answer, and the choice was to stop [procedure.refused]"
cp first.json answers.json
engine ark2 exec "$(container hitsdb-mysql_minidbpaas_2)" myadm start >/dev/null
sql ark2 hitsdb-mysql_minidbpaas_2 "START SLAVE; INSERT INTO lab.note VALUES (78, 'meanwhile')"

# What is seen of the side that is to write: "READ_ONLY ROWS", until it is there.
until [[ -e started ]]; do
  sql ark1 $late "SELECT @@read_only, COUNT(*) FROM lab.note WHERE id = 78" 2>/dev/null || true
  sleep 0.2
done </dev/null >seen_of_it &
looker=$!
procedure run start ark1
exits 0 "the start"
touch started
wait $looker
# Between the row's coming and the opening it may have been seen or not.
same "what was seen of the side that writes, never open without the row" "0 1
1 0" "$(tr '\t' ' ' <seen_of_it | sort -u | grep -v '^1 1$')"
sql ark1 $late "STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE; DELETE FROM lab.note WHERE id = 78"
engine ark1 exec "$(container $late)" sed -i 's/^#skip-slave-start/skip-slave-start/' /u01/my3306/my.cnf

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
