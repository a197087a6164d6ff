#!/bin/bash
# Runs on a machine; its input is a tar of run scripts, one for each container, and of container-states.py. Afterwards
# the containers of the machine are those, made as their scripts say, and run. Prints what had to be put right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tar -C "$dir" -x

declare -A STATE POLICY DIFFERENCES
# Not a substitution in the loop's input, whose failure nobody would see.
python3 "$dir/container-states.py" "$dir" >"$dir/states"
while IFS='|' read -r name state policy differences; do
  STATE[$name]=$state POLICY[$name]=$policy DIFFERENCES[$name]=$differences
done <"$dir/states"

make_again() {
  docker rm -f "$1" >/dev/null 2>&1 || true
  sh "$dir/$1.sh" >/dev/null
}

mend() {
  local name=$1
  if [[ -z ${STATE[$name]:-} ]]; then
    echo "$name was gone"
    make_again "$name"
    return
  fi
  if [[ -n ${DIFFERENCES[$name]} ]]; then
    echo "$name was not as its run script says: ${DIFFERENCES[$name]}"
    make_again "$name"
    return
  fi
  if [[ ${POLICY[$name]} != always ]]; then
    echo "$name had the restart policy ${POLICY[$name]}"
    docker update --restart always "$name" >/dev/null
  fi
  [[ ${STATE[$name]} != running ]] || return 0
  echo "$name was ${STATE[$name]}"
  case ${STATE[$name]} in
    paused) docker unpause "$name" >/dev/null ;;
    *) docker start "$name" >/dev/null ;;
  esac
}

for name in "${!STATE[@]}"; do
  [[ ! -e $dir/$name.sh ]] || continue
  echo "$name is not of the site"
  docker rm -f "$name" >/dev/null
done
for script in "$dir"/*.sh; do mend "$(basename "$script" .sh)"; done
