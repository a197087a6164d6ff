"""Returns when a process has ended. Usage: await-end.py PID

A process that nobody has waited for yet, a zombie, has ended: a test runner that was killed may stay one for as long as
whoever started it does not look.
"""

import os
import select
import sys


def main(pid):
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    select.select([process], [], [])


main(int(sys.argv[1]))
