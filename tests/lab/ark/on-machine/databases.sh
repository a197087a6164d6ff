#!/bin/bash
# Runs on a machine; a line of its input is "NAME PORT ROLE": a container, or - for the machine itself, with the server
# on that port and the role it should have. Prints the lines whose server does not answer, has another role or does not
# replicate.
set -euo pipefail

is_well() {
  local name=$1 port=$2 role=$3 run=() read_only=1
  [[ $role == RO ]] || read_only=0
  [[ $name == - ]] || run=(docker exec "$name")
  [[ $(timeout 30 "${run[@]}" my "$port" --connect-timeout=5 -B -e 'SELECT @@global.read_only AS value\G SHOW SLAVE STATUS\G' 2>/dev/null </dev/null |
    sed -nE 's/^ *(value|Slave_IO_Running|Slave_SQL_Running): (.*)/\2/p' | paste -sd ' ') == "$read_only Yes Yes" ]]
}

while read -r name port role; do is_well "$name" "$port" "$role" || echo "$name $port $role"; done
