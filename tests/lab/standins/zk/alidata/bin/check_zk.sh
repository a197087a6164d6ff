#!/bin/bash
# Health probe: is this server a leader or a follower?
exec 3<>"/dev/tcp/127.0.0.1/$(printenv zookeeper.port || echo 2188)" || exit 1
printf srvr >&3
timeout 3 grep -qE '^Mode: (leader|follower)' <&3
