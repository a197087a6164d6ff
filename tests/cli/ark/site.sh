# shellcheck shell=bash
# Sourced by the tests that work on the lab's Ark site, after tests/support/cli.sh.
export OPSHOST_STATE=$PWD/state
# What a person does at the web consoles the site's own functions do to the lab's containers.
SITE_SCRIPTS=$OPSHOST_SOURCE/tests/lab/ark/scripts
export OPSHOST_SCRIPTS=$SITE_SCRIPTS${OPSHOST_SCRIPTS:+:$OPSHOST_SCRIPTS}

# ark WORDS...: `run` for what takes longer; the procedures' own waits end well before.
ark() {
  status=0
  # shellcheck disable=SC2034  # cli.sh looks at status
  timeout --kill-after=5 600 "$OPSHOST" "$@" >"$TMPDIR/stdout" 2>"$TMPDIR/stderr" || status=$?
}

# procedure VERB NAME TARGET WORDS...: ark.maintenance.NAME on a machine; a run has the answers in answers.json.
procedure() {
  local verb=$1 name=$2 target=$3 options=()
  shift 3
  [[ $verb != run ]] || options=(--answers answers.json)
  ark "$verb" --inventory "$LAB_ARK_INVENTORY" "${options[@]}" "ark.maintenance.$name" --target "$target" "$@"
}

engine() {
  local machine=$1
  shift
  docker -H "tcp://$(address "$machine"):2376" --tlsverify --tlscacert "$LAB_ARK_CERT_PATH/ca.pem" \
    --tlscert "$LAB_ARK_CERT_PATH/cert.pem" --tlskey "$LAB_ARK_CERT_PATH/key.pem" "$@"
}
address() {
  local variable=LAB_${1^^}
  echo "${!variable}"
}
container() { echo "${LAB_ARK_TASK}_g0_$1"; }

# watch MACHINE FILE: its engine's events on containers until it ends or `unwatch`. Execs are how one looks and the
# events of volumes and networks follow from those of containers.
watchers=()
watch() {
  engine "$1" events --filter type=container --format '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.signal}}' 2>/dev/null |
    grep --line-buffered -Ev '^(exec_|top|resize)' >"$2" &
  watchers+=($!)
  # It listens once it reports what happens now.
  wait_until engine_tells "$1" "$2"
}
engine_tells() {
  engine "$1" rename ovs ovs-seen && engine "$1" rename ovs-seen ovs
  grep -q '^rename ' "$2"
}
# seen FILE: what happened, without what `watch` itself did.
seen() { grep -v '^rename ' "$1" || true; }
unwatch() {
  ((${#watchers[@]} == 0)) || kill "${watchers[@]}" 2>/dev/null || true
  watchers=()
}
trap unwatch EXIT

facts() { "$OPSHOST" run ark.facts "tcp://$(address "$1"):4000"; }
# The same without which server of a ZooKeeper ensemble leads: another one does once the leader's host was away.
lasting_facts() { facts "$1" | sed -E 's/(:[0-9]+ +)(leader|follower) */\1serves  /'; }

# Which of the classes, by the order they are stopped in, a container is of.
stop_class() {
  case $1 in
    *_drds-server_*) echo 1 ;;
    *_middleware-mq-deploy-broker_*) echo 2 ;;
    *_hitsdb-mysql_minidbpaas_*) echo 4 ;;
    *_hitsdb-mysql_dbpaas_*) echo 5 ;;
    *_ark-metadb_*) echo 6 ;;
    *_dbpaas-metadb_minidbpaas_*) echo 7 ;;
    *_dbpaas-metadb_dbpaas_*) echo 8 ;;
    task_*) echo 3 ;;
    swarm-*) echo 9 ;;
    vlan) echo 10 ;;
    ovs) echo 11 ;;
  esac
}
# ends FILE: the containers that ended, one a line, in their order.
ends() { seen "$1" | awk '$1 == "die" { print $2 }'; }
in_stop_order() {
  local name last=0 class
  while read -r name; do
    class=$(stop_class "$name")
    ((class >= last)) || { echo "$name ended after one of class $last" && return 1; }
    last=$class
  done < <(ends "$1")
  ((last == 11))
}
# killed FILE: the containers that got a SIGKILL.
killed() { seen "$1" | awk '$1 == "kill" && $3 == 9 { print $2 }'; }

# steps_of PLAN: the steps with changes that a plan lists.
steps_of() { grep -E '^[^ ].*:$' "$1" | sed 's/:$//'; }
