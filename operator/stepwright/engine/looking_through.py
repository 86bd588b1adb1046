"""Checks of definitions, which hold nobody up: a large one is looked through in a thread."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

T = TypeVar("T")

AT_ONCE_CHARACTERS: Final = 32_768
"""Of a definition whose check takes some hundredths of a second at most: not worth a thread."""


TURN_SECONDS: Final = 0.001
"""How long a thread goes on while others wait. Python's 5 ms are waited for at each read and write of a loop, of which a
request has dozens."""


def take_short_turns() -> None:
    """For a process whose loop others wait for while it looks something through."""
    sys.setswitchinterval(TURN_SECONDS)


class LooksThrough(Protocol):
    async def __call__(self, text: str, look: Callable[[], T]) -> T:
        """What ``look`` says of the definition; what it raises is raised."""


async def looked_through(text: str, look: Callable[[], T]) -> T:
    """``LooksThrough`` for a loop that others wait for."""
    return look() if len(text) <= AT_ONCE_CHARACTERS else await asyncio.to_thread(look)


async def at_once(text: str, look: Callable[[], T]) -> T:  # noqa: ARG001 - the shape that is asked for
    """``LooksThrough`` for whoever has no thread, and time enough: tests, in which time is virtual."""
    return look()
