"""What a test run has started ends with it, also where the run is killed: a process beside it waits for that and kills what is left.

PR_SET_PDEATHSIG would do for most, but it means the end of the thread that has started a process, and some are started by threads.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from typing import Any, Final

_WATCHMAN: Final = """
import os, signal, sys
watched = []
for line in sys.stdin:
    try:
        watched.append(os.pidfd_open(int(line)))  # the number alone may be another's by then
    except ProcessLookupError:
        pass
for each in watched:
    try:
        signal.pidfd_send_signal(each, signal.SIGKILL)
    except ProcessLookupError:
        pass
"""


def ends_with_us(process: subprocess.Popen[Any]) -> None:
    os.write(_watchman(), b"%d\n" % process.pid)


@functools.cache
def _watchman() -> int:
    """Where it is told of processes. It hears the end of this process as the end of its input."""
    reading, writing = os.pipe()
    # In a session of its own: Ctrl-C on the test run must not end it first.
    watchman = subprocess.Popen([sys.executable, "-ISc", _WATCHMAN], stdin=reading, start_new_session=True)
    watchman.returncode = 0  # nobody waits for it, so this object should not warn about that
    os.close(reading)
    return writing
