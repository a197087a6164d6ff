#!/bin/sh
# Health probe: does the server answer a query?
exec my 3306 -N -B --connect-timeout=3 -e 'SELECT 1' >/dev/null
