"""One heap of the C library for all threads of a process.

glibc gives each thread a heap of its own, so that threads allocate without waiting for one another: Python's have to wait anyway. What
one thread has made and another lets go of stays behind in the first one's heap. With a dozen threads that hand on texts of a megabyte,
half of a process's memory was free in the end, and in pieces: a Map of many items took more the longer it ran.
"""

from __future__ import annotations

import ctypes
from typing import Final

_M_ARENA_MAX: Final = -8
"""From glibc's malloc.h."""


def share() -> None:
    """Before there are threads. Other C libraries have no such heaps, or none that they could be kept from."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(_M_ARENA_MAX, 1)
