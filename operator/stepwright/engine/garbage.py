"""When all objects are looked through for circles of them that nobody uses: everything stands still meanwhile.

Python looks through what is new often and quickly, and through all that there is whenever that has grown by a quarter:
half a second and more where large definitions are compiled, which are a million objects each. Hardly anything here hangs
in circles, and all else is freed at once. So this waits until nobody waits for it, or until there may be much to free.
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
"""New objects, before those are looked through: after each 700 takes a tenth of the time of a short execution."""

_TIMES: Final = 10
"""What is new is looked through so often before what was new then is, too, and that before it may pay to look
through all."""

_NEVER: Final = 1_000_000_000

_STATM: Final = Path("/proc/self/statm")

LOOK_SECONDS: Final = 1.0

QUIET: Final = 0.1
"""Of a processor: whoever uses less has nobody waiting for it."""

GROWN: Final = 2
"""Times as much memory as when all was looked through last: then it cannot wait."""


def take_over() -> None:
    """From now on the process looks through all that there is only when ``Garbage`` says so, and never through what is
    there already: code and what belongs to it."""
    gc.freeze()
    gc.set_threshold(AFTER_OBJECTS, _TIMES, _NEVER)


def resident() -> int:
    """The memory that this process has now; where the system does not tell, the most that it ever had."""
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


class Garbage:
    """Of this process, by default. ``since``: how often what was not so new has been looked through since all was.
    ``spent``: seconds of the processor. ``resident``: its memory, in any unit."""

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
