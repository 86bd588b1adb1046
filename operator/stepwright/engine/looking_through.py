"""Checks of definitions, which hold nobody up: a large one is looked through in a thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from stepwright.engine.beside import Beside

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
    async def __call__(self, text: str, look: Callable[[], T], whose: str) -> T:
        """What ``look`` says about the definition; what it raises is raised. ``whose``: the namespace it is
        in."""


class LookingThrough:
    """``LooksThrough`` for a loop that others wait for: one large definition at a time, in turns of the namespaces. Of
    more threads each would keep the loop waiting, and who has many large definitions all others."""

    def __init__(self) -> None:
        self._beside = Beside()

    async def __call__(self, text: str, look: Callable[[], T], whose: str) -> T:
        return look() if len(text) <= AT_ONCE_CHARACTERS else await self._beside.call(look, whose)


async def at_once(text: str, look: Callable[[], T], whose: str) -> T:  # noqa: ARG001 - the shape that is asked for
    """``LooksThrough`` for whoever has no thread, and time enough: tests, in which time is virtual."""
    return look()
