"""Checks definitions without holding anybody up: those that may take long are checked in a thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from stepwright.engine.beside import Beside

T = TypeVar("T")

AT_ONCE_CHARACTERS: Final = 32_768
"""Definitions up to this length take at most some hundredths of a second to check: not worth a thread."""

COSTLY: Final = "arn:aws"
"""What shorter ones contain whose check may take longer: tasks of AWS's services are compared with models of these, each a file of
up to some megabytes."""

TURN_SECONDS: Final = 0.001
"""How long a thread continues while others wait. A loop would wait Python's default of 5 ms at each of its
reads and writes, of which a request has dozens."""


def take_short_turns() -> None:
    """For a process whose loop must stay responsive during checks."""
    sys.setswitchinterval(TURN_SECONDS)


class LooksThrough(Protocol):
    async def __call__(self, text: str, look: Callable[[], T], whose: str) -> T:
        """Returns or raises what ``look`` does. ``whose``: the definition's namespace."""


class LookingThrough:
    """``LooksThrough`` for a loop that must stay responsive: one large definition at a time, with namespaces
    taking turns. More threads would each keep the loop waiting, and a namespace with many large definitions
    would hold up all others."""

    def __init__(self) -> None:
        self._beside = Beside()

    async def __call__(self, text: str, look: Callable[[], T], whose: str) -> T:
        if len(text) <= AT_ONCE_CHARACTERS and COSTLY not in text:
            return look()
        return await self._beside.call(look, whose)


async def at_once(text: str, look: Callable[[], T], whose: str) -> T:  # noqa: ARG001 - the shape that is asked for
    """``LooksThrough`` without a thread, for tests, whose time is virtual."""
    return look()
