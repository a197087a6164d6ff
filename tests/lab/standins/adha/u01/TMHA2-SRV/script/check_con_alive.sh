#!/bin/bash
# Starts the monitor unless it runs.
cd "$(dirname "$0")/../bin" || exit 1
pgrep -f '\./zkmcon -c' >/dev/null && exit 0
setsid ./zkmcon -c ../conf/zkmcon.conf >/dev/null 2>&1 </dev/null &
