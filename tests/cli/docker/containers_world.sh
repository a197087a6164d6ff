# shellcheck shell=bash
# Sourced after tests/support/cli.sh by tests that kill a run which changes containers: worlds of three containers, for
# tests/support/kill_points.sh. The engine goes on with what it was told and a resume finds out. In the end the same
# containers are there in the same state, and none of them was created, started, ended or deleted more often than in a
# run nobody disturbed.
procedure=$OPSHOST_SOURCE/tests/cli/docker/procedures/every_construct.lua
answers=$PWD/answers.json
echo '{}' >"$answers"
source "$OPSHOST_SOURCE/tests/support/kill_points.sh"
export DOCKER_HOST=unix://$LAB_DOCKER_SOCKET

containers_of() { docker ps -aq --filter "label=world=$1-"; }
remove_all() { containers_of "$1" | xargs -r docker rm -f >/dev/null; }
trap 'for name in whole killed; do remove_all "$name"; done; rm -rf "$worlds"' EXIT

world() {
  local name=$1 container started=()
  remove_all "$name"
  empty_world "$name"
  touch "$worlds/$name/dir/effects"
  for container in front left right; do
    docker run -d --name "$name-$container" --label "world=$name-" --pids-limit 100 "$LAB_DOCKER_IMAGE" sleep 1000 >/dev/null &
    started+=($!)
  done
  for container in "${started[@]}"; do wait "$container"; done
  date +%s.%N >"$worlds/$name/since"
}

# SIGKILL is what a grace of 0 sends; a stop that is sent again to a container that has ended sends nothing.
happened() {
  docker events --since "$(cat "$worlds/$1/since")" --until "$(date +%s.%N)" --filter "label=world=$1-" \
    --format '{{.Action}} {{.Actor.Attributes.name}}' | grep -E '^(create|start|die|destroy|update) ' | sort
}

picture() {
  local name=$1
  {
    containers_of "$name" | xargs docker inspect --format \
      '{{.Name}} running={{.State.Running}} pids={{.HostConfig.PidsLimit}} {{.Config.Cmd}}' | sort
    docker exec "$name-new" cat /etc/new.conf 2>/dev/null || true
    (cd "$worlds/$name/dir" && find . -type d | sort && sort effects)
    happened "$name"
  } | sed "s/$name-/NAME-/g"
}

# shellcheck disable=SC2034 # for the tests
begin=("$OPSHOST" run "$procedure")
