#!/usr/bin/env bash
# SIGKILL at every point of the rollback of a run that changed containers.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/docker/containers_world.sh"

# A run that failed at its end, with all of it to take back.
failed_world() {
  world "$1"
  in_world "$1" "${begin[@]}" --dir "$worlds/$1/dir" --fails || true
}
# Each such run has an id of its own.
roll_back() { exec "$OPSHOST" resume --rollback --answers "$answers" --in-doubt retry last; }
export -f roll_back
export answers
failed_world whole
in_world whole bash -c roll_back
picture whole >rolled_back.txt
cat rolled_back.txt
holds "what it made is gone" test "$(grep -c 'NAME-new running' rolled_back.txt)" = 0
every_point rollback rolled_back.txt failed_world -- bash -c roll_back

echo "$points kill points"
finish
