"""Runs long work in a thread beside the loop: one thing at a time, with its clients taking turns.

Python's threads share one processor, and a computing thread yields only after
``looking_through.TURN_SECONDS``. The loop waits that long at each of its reads and writes, of which a request
has dozens; with six such threads it would wait for all of them in turn. So there is only one thread, and a
client with much work waits for others instead of making them wait for all of it.
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
"""The default client: one of several, by any unique name."""


class Beside:
    """One thread, made when it is first needed."""

    def __init__(self) -> None:
        self._turns = Turns(1)
        self._executor: ThreadPoolExecutor | None = None

    async def call(self, work: Callable[[], T], whose: str | None = None) -> T:
        """Returns or raises what ``work`` does. If the caller is cancelled, the thread finishes its work, and
        the next one waits for that."""
        await self._turns.take(on_behalf_of.get() if whose is None else whose)
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="beside")
        working = asyncio.get_running_loop().run_in_executor(self._executor, work)
        working.add_done_callback(self._done)
        return await asyncio.shield(working)

    async def unless_short(self, length: int, work: Callable[[], T]) -> T:
        """Work on a text of ``length`` characters: done at once if it is short."""
        return work() if length <= AT_ONCE_CHARACTERS else await self.call(work)

    def _done(self, working: asyncio.Future[T]) -> None:
        self._turns.give_back()
        if not working.cancelled():
            working.exception()  # asyncio would complain about one that is never retrieved


AT_ONCE_CHARACTERS: Final = 8_192
"""A text (usually a definition) up to this length takes at most a few hundredths of a second to process,
whatever it contains."""
