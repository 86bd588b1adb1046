"""An event loop in its own thread, so that its work gets its turn however busy another loop is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_END_SECONDS = 10.0


class LoopThread:
    """``start`` before anything else; after ``stop`` nothing runs in it any more."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def start(self) -> None:
        self._thread.start()

    async def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, LONGEST_END_SECONDS)

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run ``work`` there, and wait for it here. If the wait is cancelled, so is the work, and this
        returns when the work has ended: nothing of it still runs afterwards."""
        here = asyncio.get_running_loop()
        ended: asyncio.Future[None] = here.create_future()
        begun: list[asyncio.Task[T]] = []

        def begin() -> None:
            task = self._loop.create_task(work)
            begun.append(task)
            task.add_done_callback(lambda _: here.call_soon_threadsafe(_tell, ended))

        def cancel() -> None:
            begun[0].cancel()

        self._loop.call_soon_threadsafe(begin)
        cancelled: asyncio.CancelledError | None = None
        while not ended.done():
            try:
                await asyncio.shield(ended)
            except asyncio.CancelledError as error:
                cancelled = error
                self._loop.call_soon_threadsafe(cancel)
        if cancelled is not None:
            raise cancelled
        return begun[0].result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()


def _tell(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
