"""The time limits of a worker's TaskTemplate: how long a worker may have a task, and how long it may be silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Literal

from stepwright.asl.signals import Millis, TaskId, TimerId
from stepwright.engine.ports import Clock, Uid
from stepwright.engine.timers import Timers
from stepwright.tasks.by_execution import Key

Limit = Literal["TimedOut", "HeartbeatLost"]
"""Named as what it is called in an ExternalTask when one is over."""


class TimeLimits:
    """By this process's clock, and anew in the next: a worker's clock decides nothing. ``give_up`` is called when one is over, and
    takes the time that it needs."""

    def __init__(self, clock: Clock, give_up: Callable[[Key, Limit], Coroutine[None, None, None]]) -> None:
        self._clock = clock
        self._give_up = give_up
        self._timers = Timers(clock, self._is_over)
        self._giving_up: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many are set."""
        return len(self._timers)

    def being_given_up(self) -> int:
        return len(self._giving_up)

    async def run(self) -> None:
        await self._timers.run()

    def set(self, key: Key, limit: Limit, seconds: int | None) -> None:
        """Anew, if it was set. ``seconds``: None if there is no such limit."""
        if seconds is not None:
            self._timers.set(key[0], _timer(limit, key[1]), Millis(self._clock.now() + seconds * 1000))

    def cancel(self, key: Key) -> None:
        for limit in ("TimedOut", "HeartbeatLost"):
            self._timers.cancel(key[0], _timer(limit, key[1]))

    def _is_over(self, uid: Uid, timer: TimerId) -> None:
        limit, _, task = timer.partition(":")
        key = uid, TaskId(int(task))
        giving_up = asyncio.create_task(
            self._give_up(key, "TimedOut" if limit == "TimedOut" else "HeartbeatLost"),
            name=f"{timer} of {uid}",
        )
        self._giving_up.add(giving_up)
        giving_up.add_done_callback(self._giving_up.discard)


def _timer(limit: str, task: TaskId) -> TimerId:
    return TimerId(f"{limit}:{task}")
