"""An event loop in which time jumps: when nothing is ready, the clock goes to the next timer at once.

Nothing in it waits for the outside world, so a test of a year's wait takes milliseconds and is exact to the second.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable
from typing import TypeVar

from stepwright.asl.signals import Millis

T = TypeVar("T")

BEGIN = Millis(1_767_225_600_000)  # 2026-01-01T00:00:00Z


class Stuck(AssertionError):  # noqa: N818 - it names a condition
    """Nothing is ready and no timer is armed: what the test waits for will never happen."""


class _Jumping(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck("nothing is ready and no timer is armed")
        self.now += max(timeout, 0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        # Finer than a millisecond, so that whole ones stay whole, and coarser than a float's step after years, so
        # that time always moves.
        self._clock_resolution = 1e-5

    def time(self) -> float:
        return self._jumping.now


class VirtualClock:
    """The engine's clock on a virtual loop. Nobody sets it, so a year is one sleep."""

    longest_sleep_seconds = 10.0**9

    def now(self) -> Millis:
        return Millis(BEGIN + round(asyncio.get_running_loop().time() * 1000))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def run(main: Callable[[], Awaitable[T]]) -> T:
    """Run to the end in virtual time; what was left running is cancelled."""

    async def supervised() -> T:
        return await main()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(supervised())
