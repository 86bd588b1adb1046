"""The real clocks. Everything else asks the port, so that simulations bring their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from stepwright.asl.signals import Millis

SAME_SECONDS: Final = 1.0
"""An HTTP date has whole seconds: clocks that differ by less look the same."""

_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    longest_sleep_seconds = 60.0

    def now(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def boot_seconds() -> float:
    """Seconds since the machine was started, including sleep. Nobody can set this clock."""
    return time.clock_gettime(_BOOT)


class SteadyClock:
    """The initial wall clock, advanced by the boot clock: setting the wall clock, by an hour or by a second,
    moves no timer and no timestamp. If the two differ, a server's clock decides which is right.

    Only ``hear`` may be called in another thread.
    """

    longest_sleep_seconds = 60.0

    def __init__(
        self, *, boot: Callable[[], float] = boot_seconds, wall: Callable[[], float] = time.time
    ) -> None:
        self._boot = boot
        self._wall = wall
        self._began = wall() - boot()
        """When the boot clock was zero, by this clock."""
        self.skew_seconds = 0.0
        """How far this clock is certainly ahead of the server's; negative if it is behind."""

    def now(self) -> Millis:
        return Millis(int((self._boot() + self._began) * 1000))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def hear(self, earliest: float, latest: float) -> None:
        """The server's time is now between the two, in seconds since 1970."""
        steady, wall = self._boot() + self._began, self._wall()
        off_steady, off_wall = _outside(steady, earliest, latest), _outside(wall, earliest, latest)
        nearer = abs(off_wall) < abs(off_steady)
        if nearer or (off_wall == off_steady == 0 and abs(wall - steady) < SAME_SECONDS):
            self._began += wall - steady
            off_steady = off_wall
        self.skew_seconds = off_steady


def _outside(at: float, earliest: float, latest: float) -> float:
    """How far a moment is after, or (negative) before, a whole span of time."""
    return max(0.0, at - latest) + min(0.0, at - earliest)
