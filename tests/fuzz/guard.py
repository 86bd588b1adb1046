"""What an input may cost: processor time by a timer that interrupts, memory by the growth of the process."""

from __future__ import annotations

import contextlib
import resource
import signal
from collections.abc import Iterator
from types import FrameType

MAX_GROWTH_BYTES = 512 * 1024 * 1024


class Hung(BaseException):
    """Not an Exception, so that nothing takes it for one of its own."""


class Swollen(BaseException):
    """An input that made the process grow by more than ``MAX_GROWTH_BYTES``."""


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise Hung


@contextlib.contextmanager
def guarded(seconds: float) -> Iterator[None]:
    """Raises ``Hung`` where the code within computes for longer, ``Swollen`` where it takes too much memory.

    The time is this process's own, so that a busy machine changes nothing.
    """
    before = signal.signal(signal.SIGPROF, _interrupt)
    peak = _peak_bytes()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    if _peak_bytes() - peak > MAX_GROWTH_BYTES:
        raise Swollen


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
