#!/bin/bash
# Usage: make-artefact.sh NAME DIR. Runs the recipe images/NAME.sh in a shell of its own, which ends at its first error.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
# shellcheck source=cache.sh
source "$LAB_SOURCE/lib/cache.sh"
# shellcheck source=/dev/null
source "$LAB_SOURCE/images/$1.sh"
make_it "$2"
