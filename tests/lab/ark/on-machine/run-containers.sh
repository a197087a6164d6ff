#!/bin/bash
# Runs on a machine: every run script that arrives on standard input (a tar), some at a time.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tar -C "$dir" -x
run() {
  local code=0
  timeout 180 sh "$1" >/dev/null || code=$?
  ((code == 0)) || echo "the run script ${1##*/} ended with exit code $code (124: not within 180 s)" >&2
  return "$code"
}
export -f run
printf '%s\0' "$dir"/*.sh | xargs -0 -P 3 -I{} bash -c 'run "$1"' run {}
