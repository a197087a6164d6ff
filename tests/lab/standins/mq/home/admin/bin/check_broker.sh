#!/bin/sh
# Health probe: does the broker answer?
exec sh /home/admin/rmq/bin/mqmessages count >/dev/null
