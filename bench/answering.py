"""What is called where steps that call something are measured."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from bench.servers import Absent

SECONDS: Final = 60.0
"""So many calls have come long before."""

INVOKE: Final = "/2015-03-31/functions/function/invocations"
"""Where functions are called."""


class Answering:
    """A server that gives each call the same JSON at once. It sees when calls come: within one execution whose calls follow one
    another, the time between two is one step."""

    def __init__(self, host: str | None, port: int, answer: bytes) -> None:
        """``port``: 0 for one that is free."""
        self.port = port
        self._host = host
        self._answer = answer
        self._came: list[float] = []
        self._another = asyncio.Event()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answered)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def note(self) -> None:
        """A call has come, in whatever way."""
        self._came.append(time.perf_counter())
        self._another.set()

    def forget(self) -> None:
        """The calls that have come so far."""
        self._came.clear()

    async def until(self, calls: int) -> None:
        """Returns once so many have come since ``forget``. Raises Absent."""
        try:
            async with asyncio.timeout(SECONDS):
                while len(self._came) < calls:
                    self._another.clear()
                    await self._another.wait()
        except TimeoutError as error:
            raise Absent(f"of {calls} calls {len(self._came)} have come") from error

    def steps(self) -> list[float]:
        """Seconds between the calls since ``forget``."""
        return [later - earlier for earlier, later in pairwise(self._came)]

    async def _answered(self, request: web.Request) -> web.Response:
        self.note()
        await request.read()
        return web.Response(body=self._answer, content_type="application/json")
