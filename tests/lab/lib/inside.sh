#!/bin/bash
# Usage: inside.sh FUNCTION [ARGUMENT...]. Runs inside the lab: a function about its servers, disks or network.
set -euo pipefail
# shellcheck source=common.sh
source "$(dirname "$0")/common.sh"
# shellcheck source=servers.sh
source "$(dirname "$0")/servers.sh"
# shellcheck source=disks.sh
source "$(dirname "$0")/disks.sh"
# shellcheck source=network.sh
source "$(dirname "$0")/network.sh"
"$@"
