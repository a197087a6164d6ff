#!/bin/bash
# Usage: group.sh GROUP FUNCTION [ARGUMENT...]. Runs inside the lab: sources groups/GROUP.sh and calls the function.
#
# A group file defines
#   group_summary     one line for "lab status" and the README
#   group_after       groups that must be ready first
#   group_artefacts   what it takes from the cache
#   group_up          starts the servers, returns when all are ready, publishes where they are
# and may define
#   group_obstacle             why it cannot run on this machine; nothing when it can. Asked from outside the lab
#   group_break THING          what can be broken beyond single servers
#   group_mend [THING]         puts that right; without THING all there is beyond single servers, whatever broke it
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
# shellcheck source=cache.sh
source "$(dirname "$0")/cache.sh"
# shellcheck source=servers.sh
source "$(dirname "$0")/servers.sh"
# shellcheck source=disks.sh
source "$(dirname "$0")/disks.sh"

group=$1 function=$2
shift 2
PUBLISH_TO=$LAB_DIR/env.d/$group.new
# shellcheck source=/dev/null
source "$LAB_SOURCE/groups/$group.sh"

await_groups() {
  local other
  for other in $(group_after); do
    until [[ -e $LAB_DIR/ready/$other ]]; do
      [[ ! -e $LAB_DIR/failed/$other ]] || die "$group needs the group $other, which failed"
      sleep 0.05
    done
  done
}

if [[ $function == group_up ]]; then
  await_groups
  began=$(now)
  : >"$PUBLISH_TO"
  group_up
  mv "$PUBLISH_TO" "$LAB_DIR/env.d/$group"
  elapsed "$began" >"$LAB_DIR/ready/$group"
else
  "$function" "$@"
fi
