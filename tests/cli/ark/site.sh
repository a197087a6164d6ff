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

# A person's answers where nothing is special.
usual_answers() { echo '{ "what the host is": "yes", "DRDS/capacity": "one less" }' >answers.json; }

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

# watch MACHINE FILE: its engine's events on containers until it ends or `unwatch`. The events of volumes and networks
# follow from those of containers.
watchers=()
events_of() {
  engine "$1" events "${@:2}" --filter type=container \
    --format '{{.Action}}	{{.Actor.Attributes.name}}	{{.Actor.Attributes.signal}}' 2>/dev/null |
    grep --line-buffered -Ev '^(exec_create|exec_die|top|resize)'
}
watch() {
  events_of "$1" >"$2" 2>/dev/null &
  watchers+=($!)
  # It listens once it reports what happens now.
  wait_until engine_tells "$1" "$2"
}
engine_tells() {
  engine "$1" rename ovs ovs-seen && engine "$1" rename ovs-seen ovs
  grep -q '^rename' "$2"
}
# watch_next MACHINE FILE: those of the engine that is started there next, from its first one on.
watch_next() {
  : >"$2"
  until events_of "$1" --since 1 >"$2" || [[ -s $2 ]]; do sleep 0.05; done 2>/dev/null &
  watchers+=($!)
}
# seen FILE: what happened, "ACTION NAME SIGNAL" each, without what `watch` itself did. Programs run in containers are how
# one looks, too: they are in `programs`.
seen() { grep -Ev '^(rename|exec_start)' "$1" | sed -E 's/\t/ /g; s/ (<no value>)?$//' || true; }
# programs FILE: those that were run in containers, "NAME COMMAND" each, with names as in `container`.
programs() {
  sed -nE "s/^exec_start: ([^\t]*)\t([^\t]*)\t.*/\2 \1/p" "$1" | sed -E "s/^${LAB_ARK_TASK}_g0_//; s/ +$//"
}
end_with_children() {
  local child
  for child in $(pgrep -P "$1"); do end_with_children "$child"; done
  kill "$1" 2>/dev/null || true
}
unwatch() {
  local watcher
  for watcher in "${watchers[@]}"; do
    end_with_children "$watcher"
    wait "$watcher" 2>/dev/null || true
  done
  watchers=()
}
trap unwatch EXIT

on_machine() { docker -H "unix://$LAB_DOCKER_SOCKET" exec "$@"; }
# sql MACHINE DATABASE STATEMENT
sql() { engine "$1" exec -i "$(container "$2")" my 3306 -N -B -e "$3"; }
# databases: "MACHINE DATABASE" of each side of each control database.
databases() {
  awk '!/^(#|$)/ { print $3, $1 "_" $2 "_1"; print $5, $1 "_" $2 "_2" }' "$OPSHOST_SOURCE/tests/lab/ark/databases"
}
# database_state MACHINE DATABASE: what it holds and what it does.
database_state() {
  echo "$2"
  sql "$1" "$2" 'SELECT @@read_only, @@gtid_binlog_pos, @@gtid_slave_pos; CHECKSUM TABLE lab.note'
  engine "$1" exec "$(container "$2")" my 3306 -e 'SHOW SLAVE STATUS\G' | grep -E 'Running:|Exec_Master_Log_Pos:|SQL_Delay:'
}
database_states() {
  local machine database
  while read -r machine database; do database_state "$machine" "$database" </dev/null; done < <(databases)
}

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
# Which of the classes, by the order they are started in, a container is of.
start_class() {
  case $1 in
    ovs) echo 1 ;;
    vlan) echo 2 ;;
    swarm-*) echo 3 ;;
    *_zk_*) echo 4 ;;
    *-namesrv_*) echo 5 ;;
    *_middleware-mq-deploy-broker_*) echo 7 ;;
    *_drds-server_*) echo 8 ;;
    *_dbpaas-metadb_minidbpaas_*) echo 9 ;;
    *_ark-metadb_*) echo 10 ;;
    *_dbpaas-metadb_dbpaas_*) echo 11 ;;
    *_hitsdb-mysql_dbpaas_*) echo 12 ;;
    *_hitsdb-mysql_minidbpaas_*) echo 13 ;;
    task_*) echo 6 ;;
  esac
}
# begins FILE: the containers that were started, one a line, in their order.
begins() { seen "$1" | awk '$1 == "start" { print $2 }'; }
in_start_order() {
  local name last=0 class
  while read -r name; do
    class=$(start_class "$name")
    ((class >= last)) || { echo "$name was started after one of class $last" && return 1; }
    last=$class
  done < <(begins "$1")
  ((last >= 9))
}
# each_server_ends_first FILE: of each database the server ends before its container is stopped.
each_server_ends_first() {
  awk -F '\t' -v databases=0 '
    $1 == "exec_start: myadm stop" { ended[$2] = 1 }
    $1 ~ /^(kill|die|stop)$/ && $2 ~ /metadb|hitsdb/ && !ended[$2] { print $1, $2, "before its server was stopped"; bad = 1 }
    $1 == "die" && $2 ~ /metadb|hitsdb/ { databases++ }
    END { exit bad || databases == 0 }' "$1"
}
# killed FILE: the containers that got a SIGKILL.
killed() { seen "$1" | awk '$1 == "kill" && $3 == 9 { print $2 }'; }

# steps_of PLAN: the steps that a plan lists, with names as in `container`; those that go on at the same time by name.
steps_of() {
  grep -E '^[^ ].*(:$|: awaited, without a change|: already so)' "$1" | sed -E "s/(:|: awaited.*|: already.*)$//; s/${LAB_ARK_TASK}_g0_//g" |
    awk '/^(middleware|as before)\/[^\/]*\// { print | "sort"; next } { close("sort"); print; fflush() }'
}
# unexplained FILE: the steps of a shown run that were not found done, with what was seen.
unexplained() { sed -n '/^steps$/,$p' "$1" | grep -E '^ +[^ ].*: ' | grep -Ev ': already, .*seen [^ ]' || true; }
