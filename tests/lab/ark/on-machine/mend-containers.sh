#!/bin/bash
# Runs on a machine; its input is a tar of run scripts, one for each container. Afterwards the containers of the machine
# are those, made as their scripts say, and run. Prints what had to be put right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
tar -C "$dir" -x

declare -A STATE POLICY ADDRESS
# A host network has no address, which stands as "-".
while read -r name state policy address; do
  name=${name#/}
  STATE[$name]=$state POLICY[$name]=$policy ADDRESS[$name]=$address
done < <(docker ps -aq | xargs -r docker inspect -f \
  '{{.Name}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}} {{range .NetworkSettings.Networks}}{{with .IPAMConfig}}{{.IPv4Address}}{{else}}-{{end}}{{end}}')

address_in() {
  local address
  address=$(sed -n 's/^ *--ip=\([0-9.]*\).*/\1/p' "$1")
  echo "${address:--}"
}

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
  if [[ ${ADDRESS[$name]} != "$(address_in "$dir/$name.sh")" ]]; then
    echo "$name had the address ${ADDRESS[$name]:-none}"
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
