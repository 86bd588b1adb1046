"""The real clocks. Everything else asks the port, so that simulations bring their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from stepwright.asl.signals import Millis

SAME_SECONDS: Final = 1.0
"""An HTTP date counts seconds: below one, two clocks are the same by it."""

_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    longest_sleep_seconds = 60.0

    def now(self) -> Millis:
        return Millis(time.time_ns() // 1_000_000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def boot_seconds() -> float:
    """Since the machine was started, sleep included. Nobody sets it."""
    return time.clock_gettime(_BOOT)


class SteadyClock:
    """The wall clock as it was at first, carried on by the boot clock: whoever sets the wall clock, by an hour or by a
    second, moves no timer and no timestamp. A server's clock decides which of the two is right where they differ.

    ``hear`` may be called in another thread than everything else.
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
        """How far this clock is ahead of the server's for certain; negative where it is behind."""

    def now(self) -> Millis:
        return Millis(int((self._boot() + self._began) * 1000))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def hear(self, earliest: float, latest: float) -> None:
        """The server's time is between the two now, in seconds since 1970."""
        steady, wall = self._boot() + self._began, self._wall()
        off_steady, off_wall = _outside(steady, earliest, latest), _outside(wall, earliest, latest)
        nearer = abs(off_wall) < abs(off_steady)
        if nearer or (off_wall == off_steady == 0 and abs(wall - steady) < SAME_SECONDS):
            self._began += wall - steady
            off_steady = off_wall
        self.skew_seconds = off_steady


def _outside(at: float, earliest: float, latest: float) -> float:
    """By how much a moment is after, or (negative) before, all of a stretch of time."""
    return max(0.0, at - latest) + min(0.0, at - earliest)
