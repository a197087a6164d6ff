#!/bin/bash
# Two labs at the same time, with the same groups: the same addresses in each, and neither notices the other.
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
first=$LAB_NAME second=$LAB_NAME-b
trap '"$LAB" --name "$first" down >/dev/null; "$LAB" --name "$second" down >/dev/null' EXIT

groups=(docker mysql zk)
up "${groups[@]}"
LAB_NAME=$second
up "${groups[@]}"
LAB_NAME=$first

write='mariadb --no-defaults -h $LAB_MYSQL_HOST -P $LAB_MYSQL_PRIMARY_PORT -u $LAB_MYSQL_USER -p$LAB_MYSQL_PASSWORD $LAB_MYSQL_DATABASE -N -B'
for name in "$first" "$second"; do
  check "a table in $name" "$LAB" --name "$name" exec bash -c "$write -e 'CREATE TABLE who (name VARCHAR(40)); INSERT INTO who VALUES (\"$name\")'"
  check "a container in $name" "$LAB" --name "$name" exec bash -c 'timeout 60 docker -H unix://$LAB_DOCKER_SOCKET run -d --name same --network $LAB_DOCKER_NETWORK --ip 10.94.0.70 $LAB_DOCKER_IMAGE sleep 1000'
done
for name in "$first" "$second"; do
  check "$name has its own row" "$LAB" --name "$name" exec bash -c "[[ \$($write -e 'SELECT name FROM who') == $name ]]"
done
check "the first goes down" "$LAB" --name "$first" down
check "the second keeps its container" "$LAB" --name "$second" exec bash -c '[[ $(timeout 60 docker -H unix://$LAB_DOCKER_SOCKET inspect -f "{{.State.Running}}" same) == true ]]'
check "the second keeps its bridge" "$LAB" --name "$second" exec bash -c 'timeout 60 docker -H unix://$LAB_DOCKER_SOCKET exec same ping -c1 -W2 10.94.0.1'
check "the second keeps its replication" "$LAB" --name "$second" exec bash -c 'mariadb --no-defaults -uroot -S $LAB_MYSQL_REPLICA_SOCKET -e "SHOW SLAVE STATUS\G" | grep "Slave_SQL_Running: Yes"'
check "the second goes down" "$LAB" --name "$second" down
finish
