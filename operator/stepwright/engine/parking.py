"""Executions in which nothing is open but timers: what is remembered of one while it waits, and when it is read again."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.signals import Millis
from stepwright.engine.ports import ExecutionRef

# To park an execution and to read it again costs a request: less than what it takes in memory meanwhile.
PARKS_FROM_SECONDS: Final = 30.0

# A parked execution is read ahead of the moment at which it is due, by up to this share of what makes parking worthwhile:
# of thousands that fall due at the same moment each is read at another, and at that moment there is only to write.
READS_AHEAD: Final = 2 / 3


@dataclass(frozen=True, slots=True)
class Parked:
    """``due``: when its earliest timer goes off. ``seq``: how often it was written when this was true."""

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
    """What is to be remembered of an execution that only waits, for so long at least; None of any other."""
    due = checkpoints.waiting_until(checkpoint)
    if due is None or due - now < from_seconds * 1000:
        return None
    return Parked(ref, due, seq)
