"""Decides when to collect circular garbage among all objects: everything stands still meanwhile.

Python checks new objects often and quickly, and all objects whenever their number has grown by a quarter:
half a second and more with large compiled definitions, which are a million objects each. Hardly anything here
is in circles, and everything else is freed at once. So a full collection waits until nobody is kept waiting,
or until there may be much to free.
"""

from __future__ import annotations

import asyncio
import gc
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

AFTER_OBJECTS: Final = 20_000
"""New objects before those are collected: every 700 would take a tenth of a short execution's time."""

_TIMES: Final = 10
"""How many collections of the youngest generation before one of the middle, and of the middle before a full
one may pay."""

_NEVER: Final = 1_000_000_000

_STATM: Final = Path("/proc/self/statm")

LOOK_SECONDS: Final = 1.0

QUIET: Final = 0.1
"""Share of a processor: a process that uses less keeps nobody waiting."""

GROWN: Final = 2
"""At this many times the memory of the last full collection, it cannot wait any longer."""


def take_over() -> None:
    """From now on full collections happen only when ``Garbage`` says so, and never include what exists
    already: code and its objects."""
    gc.freeze()
    gc.set_threshold(AFTER_OBJECTS, _TIMES, _NEVER)


def resident() -> int:
    """This process's memory now; if the system does not say, its peak."""
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Garbage:
    """For this process, by default. ``since``: how many middle collections since the last full one.
    ``spent``: seconds of processor time. ``resident``: its memory, in any unit."""

    def __init__(
        self,
        collect: Callable[[], object] = gc.collect,
        since: Callable[[], int] = lambda: gc.get_count()[2],
        spent: Callable[[], float] = time.process_time,
        resident: Callable[[], int] = resident,
    ) -> None:
        self._collect = collect
        self._since = since
        self._spent = spent
        self._resident = resident
        self._last_spent = spent()
        self._last_resident = resident()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Once in ``LOOK_SECONDS``."""
        spent = self._spent()
        quiet = spent - self._last_spent < QUIET * LOOK_SECONDS
        if self._since() >= _TIMES and (quiet or self._resident() >= GROWN * self._last_resident):
            self._collect()
            self._last_resident = self._resident()
        self._last_spent = self._spent()
