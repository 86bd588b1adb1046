"""What a process is doing: where its threads are, and where its tasks wait. Lines of code only, never values."""

from __future__ import annotations

import asyncio
import sys
import threading
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

MOST_PLACES: Final = 50
MOST_NAMES: Final = 3


def threads() -> Iterator[tuple[str, str]]:
    """Each thread's name and stack."""
    frames = sys._current_frames()  # noqa: SLF001 - there is no public way
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        if frame is not None:
            yield thread.name, "".join(traceback.format_stack(frame))


def tasks(loops: Mapping[str, asyncio.AbstractEventLoop]) -> Iterator[tuple[str, int, list[str], str]]:
    """Tasks of the loops by where they wait, most first: the loop's name, how many there are, some of their names, and
    the lines at which they wait, outermost first. Any thread may ask."""
    for name, loop in loops.items():
        places: dict[str, list[str]] = defaultdict(list)
        for task in asyncio.all_tasks(loop):
            places[_place(task)].append(task.get_name())
        ordered = sorted(places.items(), key=lambda place: -len(place[1]))
        for place, names in ordered[:MOST_PLACES]:
            yield name, len(names), names[:MOST_NAMES], place


def _place(task: asyncio.Task[Any]) -> str:
    lines = []
    waits: Any = task.get_coro()
    while waits is not None:
        frame = getattr(waits, "cr_frame", None) or getattr(waits, "gi_frame", None)
        if frame is None:
            break
        code = frame.f_code
        lines.append(f"{code.co_filename}:{frame.f_lineno} in {code.co_qualname}")
        waits = getattr(waits, "cr_await", None) or getattr(waits, "gi_yieldfrom", None)
    return "\n".join(lines)
