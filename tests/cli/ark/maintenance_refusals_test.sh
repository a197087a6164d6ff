#!/usr/bin/env bash
# What a stop and a start refuse before they change anything, with their whole message: nothing happens to any container.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/ark/site.sh"

usual_answers

# refusal WHAT MESSAGE: with exit code 5, and that as the whole first line of what it says, without its place.
refusal() {
  exits 5 "$1"
  same "$1: what it says" "opshost: $2" "$(grep -m 1 '^opshost: ' "$TMPDIR/stderr" | sed -E 's#^opshost: [^ ]*\.lua:[0-9]+: #opshost: #')"
}

# live_restore true | false: what ark1's engine does with containers when it ends.
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
database=$(container ark-metadb_ark_2)
put_back() {
  unwatch
  engine ark1 unpause "$database" >/dev/null 2>&1 || true
  live_restore false
}
trap put_back EXIT

watch ark1 events.txt

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
procedure run stop ark1 --exclude "$database"
refusal "a database is excluded" "--exclude is for middleware, and $database is a control database (its label says ark-metadb): it has an order of its own to stop in [procedure.refused]"

# The backup of a client node is a person's, where the site has no function for it.
mkdir -p bare
printf '%s\n' 'local lab = dofile(os.getenv("OPSHOST_SOURCE") .. "/tests/lab/ark/scripts/site.lua")' \
  'lab.hooks["ark.client_node.back_up"] = nil' 'return lab' >bare/site.lua
OPSHOST_SCRIPTS=$PWD/bare:$OPSHOST_SCRIPTS procedure run stop ark1 --writable-side outage
exits 3 "nobody backed the client node up"
holds "it says what to do" grep -qF "ark1 is a client node (/home/admin/ark/conf/ark.properties is there). If its disk may be lost, save installer and image registry." "$TMPDIR/stderr"
holds "it says where the answer goes" grep -qF '{"back up the client node": ...}' "$TMPDIR/stderr"

engine ark1 pause "$database" >/dev/null
procedure run stop ark1 --writable-side outage
refusal "a database's container is paused" "the precondition \"no container of the host is paused\" does not hold; seen: \"paused: $database; nothing in them can end properly, so unpause them first\"; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]"
engine ark1 unpause "$database" >/dev/null

# With live-restore Docker's own stop ends nothing.
live_restore true
procedure run stop ark1 --writable-side outage --exclude "$(container csb-broker_csb_1)"
refusal "Docker would leave what is excluded running" "the precondition \"Docker's own stop ends what is excluded\" does not hold; seen: \"Docker has live-restore there, so its stop ends no container; stop them by hand, or leave --exclude out\"; nothing was begun that depends on it. Put it right, then resume or run again [procedure.require]"
live_restore false
same "what happened until then" "pause $database
unpause $database" "$(seen events.txt)"
finish
