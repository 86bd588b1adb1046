"""Executions of which nothing has to be in memory: what is remembered of one meanwhile, and when it is read again.

These are such in which only timers are open, and tasks that are answered elsewhere (``Expires``): their drivers report what happens
to them whether or not anybody has the execution in memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.signals import Millis, TaskId
from stepwright.engine.ports import ExecutionRef

# Parking an execution and reading it again costs a request: less than its memory meanwhile.
PARKS_FROM_SECONDS: Final = 30.0
"""So long nothing will happen, by its timers; or nothing has happened, while others have its tasks."""

# A parked execution is read before it is due, by up to this share of the shortest parked wait: thousands that
# are due at the same moment are then read at different times, and only have to be written at that moment.
READS_AHEAD: Final = 2 / 3


@dataclass(frozen=True, slots=True)
class Parked:
    """``due``: when its earliest timer fires, None without any. ``seq``: how often it had been written at this point. ``tasks``:
    those that are open, and when each was scheduled."""

    ref: ExecutionRef
    due: Millis | None
    seq: int
    tasks: Mapping[TaskId, Millis] = field(default_factory=dict)

    def has_open(self, task: TaskId, scheduled: Millis | None) -> bool:
        """``scheduled``: when it must have been scheduled, if known."""
        return task in self.tasks and scheduled in (None, self.tasks[task])

    def wakes(self, from_seconds: float) -> Millis | None:
        """When to read it again."""
        if self.due is None:
            return None
        ahead = from_seconds * 1000 * READS_AHEAD * zlib.crc32(self.ref.uid.encode()) / 2**32
        return Millis(self.due - int(ahead))


class Parking:
    """When one execution is parked. ``is_elsewhere``: whether others have a task, and its driver reports whatever they say."""

    __slots__ = ("_from_millis", "_is_elsewhere", "_ref", "_since")

    def __init__(
        self, ref: ExecutionRef, from_seconds: float, is_elsewhere: Callable[[TaskId], bool], now: Millis
    ) -> None:
        self._ref = ref
        self._from_millis = int(from_seconds * 1000)
        self._is_elsewhere = is_elsewhere
        self._since = now

    def happened(self, now: Millis) -> None:
        """Something has changed."""
        self._since = now

    def parked(self, checkpoint: Checkpoint, seq: int, now: Millis) -> tuple[Parked, Millis] | None:
        """What to remember of an execution that only waits, and from when on; None if it does not, or not for long."""
        waits = checkpoints.waits_of(checkpoint, self._is_elsewhere)
        if waits is None or (waits.due is not None and waits.due - now < self._from_millis):
            return None
        if waits.tasks:
            return Parked(self._ref, waits.due, seq, waits.tasks), Millis(self._since + self._from_millis)
        return None if waits.due is None else (Parked(self._ref, waits.due, seq), now)
