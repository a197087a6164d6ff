"""Returns when one of these processes has ended. Usage: await-end.py PID...

A process that nobody has waited for yet, a zombie, has ended: a test runner that was killed may stay one for as long as
whoever started it does not look.
"""

import os
import select
import sys


def main(pids):
    try:
        processes = [os.pidfd_open(pid) for pid in pids]
    except ProcessLookupError:
        return
    select.select(processes, [], [])


main([int(pid) for pid in sys.argv[1:]])
