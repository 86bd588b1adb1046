"""What takes long, in a thread beside the loop: one thing at a time, in turns of those for whom it is done.

Python's threads share one processor, and a thread that computes gives way only after ``looking_through.TURN_SECONDS``. The
loop waits for that at each of its reads and writes, of which a request has dozens; beside six such threads it would wait for
all of them in turns. So there is one, and whoever asks for much waits for others once and not they for all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Final, TypeVar

from stepwright.engine.turns import Turns

T = TypeVar("T")

on_behalf_of: Final[ContextVar[str]] = ContextVar("on_behalf_of", default="")
"""For whom something is done, where nothing else is said: one client of several, by any name that is its own."""


class Beside:
    """One thread, made when it is first needed."""

    def __init__(self) -> None:
        self._turns = Turns(1)
        self._executor: ThreadPoolExecutor | None = None

    async def call(self, work: Callable[[], T], whose: str | None = None) -> T:
        """What it gives; what it raises is raised. Whoever is cancelled meanwhile leaves the thread to its work, and the
        next one waits for its end."""
        await self._turns.take(on_behalf_of.get() if whose is None else whose)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="beside")
        working = asyncio.get_running_loop().run_in_executor(self._executor, work)
        working.add_done_callback(self._done)
        return await asyncio.shield(working)

    async def unless_short(self, length: int, work: Callable[[], T]) -> T:
        """Of a text of so many characters: at once where it is short."""
        return work() if length <= AT_ONCE_CHARACTERS else await self.call(work)

    def _done(self, working: asyncio.Future[T]) -> None:
        self._turns.give_back()
        if not working.cancelled():
            working.exception()  # asyncio would complain of one that nobody asks for


AT_ONCE_CHARACTERS: Final = 8_192
"""Of a text, most likely a definition: looking it through takes a few hundredths of a second at most, whatever is in it."""
