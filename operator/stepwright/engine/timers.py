"""One heap and one task for the timers of all executions.

Timers are not written anywhere: the checkpoint says which are open and when they are due, so a restart arms them
again. A cancelled timer stays in the heap until its time comes or until half of the heap is dead.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

from stepwright.asl.signals import Millis, TimerId
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, Uid


class Timers:
    def __init__(self, clock: Clock, fire: Callable[[Uid, TimerId], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._heap: list[tuple[Millis, int, Uid, TimerId]] = []
        self._armed: dict[Uid, dict[TimerId, int]] = {}
        self._count = 0
        self._dead = 0
        self._sooner = asyncio.Event()

    def __len__(self) -> int:
        return len(self._heap) - self._dead

    def set(self, uid: Uid, timer: TimerId, due: Millis) -> None:
        """Arm a timer, or rearm it for another time."""
        self.cancel(uid, timer)
        self._count += 1
        self._armed.setdefault(uid, {})[timer] = self._count
        heapq.heappush(self._heap, (due, self._count, uid, timer))
        if self._heap[0][1] == self._count:
            self._sooner.set()

    def cancel(self, uid: Uid, timer: TimerId) -> None:
        timers = self._armed.get(uid)
        if timers is None or timers.pop(timer, None) is None:
            return
        if not timers:
            del self._armed[uid]
        self._bury(1)

    def cancel_all(self, uid: Uid) -> None:
        self._bury(len(self._armed.pop(uid, ())))

    def _bury(self, count: int) -> None:
        self._dead += count
        if self._dead > 1000 and self._dead * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if self._is_armed(entry)]
            heapq.heapify(self._heap)
            self._dead = 0

    def _is_armed(self, entry: tuple[Millis, int, Uid, TimerId]) -> bool:
        return self._armed.get(entry[2], {}).get(entry[3]) == entry[1]

    def fire_due(self) -> float | None:
        """Fire what is due. Returns the seconds until the next one, None if none is armed."""
        now = self._clock.now()
        while self._heap:
            entry = self._heap[0]
            if not self._is_armed(entry):
                heapq.heappop(self._heap)
                self._dead -= 1
                continue
            if entry[0] > now:
                return (entry[0] - now) / 1000
            heapq.heappop(self._heap)
            timers = self._armed[entry[2]]
            del timers[entry[3]]
            if not timers:
                del self._armed[entry[2]]
            self._fire(entry[2], entry[3])
        return None

    async def run(self) -> None:
        """Fire timers when they are due, until cancelled."""
        longest = self._clock.longest_sleep_seconds
        while True:
            self._sooner.clear()
            seconds = self.fire_due()
            await nap(self._clock, min(longest if seconds is None else seconds, longest), self._sooner)
