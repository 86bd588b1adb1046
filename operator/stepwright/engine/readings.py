"""How much time has passed, by several clocks, each of which can be wrong.

The monotonic clock stands still while a laptop sleeps or a virtual machine is paused; the boot clock counts
sleep, but stands still in a pause; the wall clock counts both if it is corrected afterwards, but may be set
to anything. The holder of a Lease must believe the clock that advanced most, and none if they contradict each
other.

https://man7.org/linux/man-pages/man3/clock_gettime.3.html
"""

from __future__ import annotations

import time
from typing import Final, NamedTuple

AGREE_WITHIN_SECONDS: Final = 1.0
"""Clocks that differ by more over the same span of time disagree: one of them stood still, or was set."""

_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Readings(NamedTuple):
    """Readings of all clocks at one moment, in seconds, each from its own origin."""

    monotonic: float
    boot: float
    wall: float


def read() -> Readings:
    return Readings(time.monotonic(), time.clock_gettime(_BOOT), time.time())


def passed(earlier: Readings, later: Readings) -> float:
    """The seconds between two readings, by the clock that advanced most; infinite if the clocks disagree."""
    monotonic = later.monotonic - earlier.monotonic
    boot = later.boot - earlier.boot
    wall = later.wall - earlier.wall
    most = max(monotonic, boot, wall)
    if most - min(monotonic, boot, wall) > AGREE_WITHIN_SECONDS:
        return float("inf")
    return most
