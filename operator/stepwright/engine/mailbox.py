"""The signals that wait for one execution, and when it processes them. Most are processed at once. A few
decide nothing, and wait for another whose write they can share.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from stepwright.asl.signals import (
    Millis,
    ShardProgress,
    Signal,
    Stop,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    TimerId,
)
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, Uid
from stepwright.engine.timers import Timers

# TaskStarted and TaskSubmitted mostly decide nothing: they wait this long for another signal whose write they
# can share, and longer if many executions would otherwise write at the same time, so that a burst of tasks
# causes only a limited number of such writes a second.
LAZY_SECONDS: Final = 15.0
LAZIEST_SECONDS: Final = 60.0
LAZY_WRITES_PER_SECOND: Final = 20
LAZY_TIMER: Final = TimerId("engine:lazy")

_ANSWERS: Final = (TaskSucceeded, TaskFailed, TaskStarted, TaskSubmitted)

LOOK_TIMER: Final = TimerId("engine:look")
"""When there is something to do although no signal says so."""


class Mailbox:
    __slots__ = (
        "_clock",
        "_lazy_armed",
        "_look",
        "_reader_waits",
        "_signals",
        "_timers",
        "_uid",
        "_until_read",
        "restates",
    )

    def __init__(self, uid: Uid, clock: Clock, timers: Timers) -> None:
        self._uid = uid
        self._clock = clock
        self._timers = timers
        self._signals: deque[Signal] = deque()
        self._look = asyncio.Event()
        self._lazy_armed = False
        self._reader_waits = False
        self._until_read: tuple[asyncio.Future[None], ...] = ()
        self.restates = False
        """Somebody has edited what is stored: all of it must be written again."""

    def __bool__(self) -> bool:
        """Whether there is any signal, even one that may wait."""
        return bool(self._signals)

    def post(self, signal: Signal) -> None:
        """Never blocks."""
        if isinstance(signal, TimerFired) and signal.timer in (LAZY_TIMER, LOOK_TIMER):
            self._lazy_armed = self._lazy_armed and signal.timer != LAZY_TIMER
            self._look.set()
            return
        self._signals.append(signal)
        if not _may_wait(signal):
            self._look.set()
        elif not self._lazy_armed:
            self._lazy_armed = True
            seconds = min(LAZY_SECONDS + len(self._timers) / LAZY_WRITES_PER_SECOND, LAZIEST_SECONDS)
            self._timers.set(self._uid, LAZY_TIMER, Millis(self._clock.now() + int(seconds * 1000)))

    def begin_with(self, signals: Sequence[Signal]) -> None:
        """Those of what was just read, which is older than whatever came meanwhile."""
        if signals:
            self._signals.extendleft(signals)
            self._look.set()

    def take(self) -> Signal:
        """The oldest one. There must be one."""
        return self._signals.popleft()

    def unread(self) -> list[Signal]:
        return list(self._signals)

    @property
    def stop(self) -> Stop | None:
        """A stop that has not been processed yet."""
        return next((signal for signal in self._signals if isinstance(signal, Stop)), None)

    def has_stop(self) -> bool:
        return self.stop is not None

    @property
    def is_due(self) -> bool:
        """Whether there is something to process now."""
        return self._look.is_set()

    async def due(self) -> None:
        """Wait until there is something to process."""
        if not self._look.is_set():
            for waiting in self._until_read:
                if not waiting.done():
                    waiting.set_result(None)
            self._until_read = ()
        self._reader_waits = True
        await self._look.wait()
        self._reader_waits = False
        self._look.clear()

    async def read(self) -> None:
        """Return once there is nothing left to process and ``due`` is waited for again: all that was due is written."""
        if self._look.is_set() or not self._reader_waits:
            read = asyncio.get_running_loop().create_future()
            self._until_read = (*self._until_read, read)
            await read

    async def gather(self, answers: int, seconds: float) -> None:
        """Wait until so many tasks have answered, but no longer than that, and not if there is anything else to process."""
        until = self._clock.now() + int(seconds * 1000)
        while len(self._signals) < answers and self._holds_answers_alone():
            left = until - self._clock.now()
            if left <= 0:
                return
            await nap(self._clock, left / 1000, self._look)
            self._look.clear()

    def _holds_answers_alone(self) -> bool:
        return not self.restates and all(isinstance(signal, _ANSWERS) for signal in self._signals)

    def look(self, at: Millis | None = None) -> None:
        """Have the mailbox checked without a signal: now, or at ``at``."""
        if at is None:
            self._look.set()
        else:
            self._timers.set(self._uid, LOOK_TIMER, at)

    def look_if_empty(self) -> None:
        """Signals that may wait for another's write still do."""
        if not self._signals:
            self._look.set()

    def timers_cancelled(self) -> None:
        """This mailbox's timers were cancelled with all of the execution's."""
        self._lazy_armed = False


def _may_wait(signal: Signal) -> bool:
    match signal:
        case TaskStarted():
            return not signal.counts
        case TaskSubmitted() | ShardProgress():
            return not signal.at_once
    return False
