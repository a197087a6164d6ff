#!/bin/sh
# Health probe: does the server answer on its first port?
exec curl -sf --max-time 5 -o /dev/null "http://127.0.0.1:${SERVICE_PORTS%%,*}/status"
