#!/usr/bin/env bash
# SIGKILL at every point of a run that changes containers.
set -euo pipefail
source "$OPSHOST_SOURCE/tests/support/cli.sh"
source "$OPSHOST_SOURCE/tests/cli/docker/containers_world.sh"

world whole
in_world whole "${begin[@]}" --dir "$worlds/whole/dir"
picture whole >done.txt
cat done.txt
every_point run done.txt world -- "${begin[@]}" --dir "$worlds/killed/dir"

echo "$points kill points"
finish
