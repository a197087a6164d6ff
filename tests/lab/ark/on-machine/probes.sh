#!/bin/bash
# Runs on a machine: the probe of every running middleware container; prints the names of those that fail.
set -euo pipefail

probe() {
  local name=$1 command=$2
  # shellcheck disable=SC2086 # the label is a command line
  timeout 30 docker exec "$name" $command >/dev/null 2>&1 </dev/null || echo "$name"
}

docker ps --filter label=aliyun.probe.cmd --format '{{.Names}} {{.Label "aliyun.probe.cmd"}}' | {
  while read -r name command; do
    probe "$name" "$command" &
    while (($(jobs -rp | wc -l) >= 4)); do wait -n; done
  done
  wait
}
