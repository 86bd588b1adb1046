"""Calls of one handler, some at a time: a coroutine in the loop, a plain function in a thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stepwright.functions import handlers
from stepwright.functions.handlers import Context, Handler, Outcome


class Running:
    """``at_once``: how many run at the same time; further ones wait for their turn."""

    def __init__(self, handler: Handler, at_once: int) -> None:
        self._handler = handler
        self._turns = asyncio.Semaphore(at_once)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="function")
        self.can_be_cancelled = handlers.is_async(handler)
        """A thread runs to its end."""

    async def call(self, event: Any, context: Context) -> Outcome:
        async with self._turns:
            if self.can_be_cancelled:
                return await handlers.call_async(self._handler, event, context)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, handlers.call, self._handler, event, context)

    def close(self) -> None:
        """Return once all calls in threads have ended."""
        self._threads.shutdown()
