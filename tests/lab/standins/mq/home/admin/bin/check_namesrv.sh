#!/bin/sh
# Health probe: does the name server answer?
exec sh /home/admin/rmq/bin/mqadmin clusterList >/dev/null
