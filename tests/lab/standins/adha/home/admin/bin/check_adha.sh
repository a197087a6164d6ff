#!/bin/sh
# Health probe: does the monitor run?
exec pgrep -f '\./zkmcon -c' >/dev/null
