"""Threads for calls that block.

They are daemons, which those of ``concurrent.futures`` are not: a call that nobody waits for any more must not keep the process
from ending.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Final, TypeVar

T = TypeVar("T")

CALLS_AT_ONCE: Final = 64
"""Threads in which services are called: each call has one for as long as it takes."""


class Threads:
    """At most so many, made when they are needed. What finds none free waits for its turn."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._waiting: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._made = 0
        self._busy = 0
        """Work that was given and is not done yet. Both are the loop's own: it gives work, and hears when it is done."""

    async def run(self, work: Callable[[], T]) -> T:
        """Returns or raises what ``work`` does. If the caller is cancelled, work that was not begun never is, and other work
        ends unheard."""
        loop = asyncio.get_running_loop()
        future: Future[T] = Future()
        self._busy += 1
        if self._busy > self._made and self._made < self._most:
            self._made += 1
            threading.Thread(target=self._serve, name=f"{self._name} {self._made}", daemon=True).start()
        future.add_done_callback(lambda _: _call(loop, self._done))
        self._waiting.put((future, work))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Threads end after the work they have."""
        for _ in range(self._made):
            self._waiting.put(None)

    def _done(self) -> None:
        self._busy -= 1

    def _serve(self) -> None:
        while (given := self._waiting.get()) is not None:
            future, work = given
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                future.set_exception(error)
            else:
                future.set_result(result)
            del future, work, given


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(function)
