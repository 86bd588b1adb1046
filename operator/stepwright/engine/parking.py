"""Executions in which only timers are open: what is remembered of one while it waits, and when it is read
again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.signals import Millis
from stepwright.engine.ports import ExecutionRef

# Parking an execution and reading it again costs a request: less than its memory meanwhile.
PARKS_FROM_SECONDS: Final = 30.0

# A parked execution is read before it is due, by up to this share of the shortest parked wait: thousands that
# are due at the same moment are then read at different times, and only have to be written at that moment.
READS_AHEAD: Final = 2 / 3


@dataclass(frozen=True, slots=True)
class Parked:
    """``due``: when its earliest timer fires. ``seq``: how often it had been written at this point."""

    ref: ExecutionRef
    due: Millis
    seq: int

    def wakes(self, from_seconds: float) -> Millis:
        """When to read it again."""
        ahead = from_seconds * 1000 * READS_AHEAD * zlib.crc32(self.ref.uid.encode()) / 2**32
        return Millis(self.due - int(ahead))


def parked(
    ref: ExecutionRef, checkpoint: Checkpoint, seq: int, now: Millis, from_seconds: float
) -> Parked | None:
    """What to remember of an execution that only waits, and for at least this long; None for any other."""
    due = checkpoints.waiting_until(checkpoint)
    if due is None or due - now < from_seconds * 1000:
        return None
    return Parked(ref, due, seq)
