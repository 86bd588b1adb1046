"""What happens, as it happens: ``v1/stream``.

A page has one stream for all that it shows, and it is one stream's task that reads the store for it: so a client that is slow, or
does not read at all, holds up itself alone. What happens meanwhile becomes one change for each execution.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Final, Literal

from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Following
from stepwright.console import models
from stepwright.console.executions import OneExecution
from stepwright.console.lists import FILTERS, LISTS, Lists
from stepwright.console.open_streams import OpenStreams
from stepwright.console.parameters import Parameters, invalid, shown
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading
from stepwright.console.routes import Answer, Call, Route
from stepwright.console.server_sent import HEADERS, PING, PING_SECONDS, event
from stepwright.console.sessions import Sessions
from stepwright.console.watches import OfExecution, OfList, Watch
from stepwright.engine.ports import JournalError
from stepwright.http.messages import Refused, Stream

MOST_WATCHES: Final = 8
MOST_OF_SESSION: Final = 4
MOST_STREAMS: Final = 500

FRAME_SECONDS: Final = 0.25
"""Between two looks at what has changed."""

LONGEST_SECONDS: Final = 600.0
"""Then its client opens it again, if it still may."""


class Streams:
    """All streams of a server."""

    def __init__(
        self, sessions: Sessions, ports: Ports, reading: Reading, lists: Lists, one: OneExecution
    ) -> None:
        self._sessions = sessions
        self._ports = ports
        self._reading = reading
        self._lists = lists
        self._one = one
        self._open = OpenStreams(sessions, "streams", MOST_STREAMS, MOST_OF_SESSION)

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "stream", self.stream, proves=True)

    async def stream(self, call: Call) -> Answer:
        asked = call.parameters(watch=MOST_WATCHES).texts("watch")
        if not asked:
            raise invalid("The parameter watch names what is to be watched, execution:ARN or rows:FILTER")
        watches = [await self._watch(call, number, one) for number, one in enumerate(asked)]
        self._open.require_room(call.session)
        return Stream(200, self._pieces(call, watches), HEADERS)

    async def _watch(self, call: Call, number: int, asked: str) -> Watch:
        kind, _, of = asked.partition(":")
        if kind == "rows":
            given = Parameters.of(of, FILTERS, LISTS)
            return OfList(number, self._ports, await self._lists.query(call.caller, given))
        if kind != "execution":
            raise invalid(f"{shown(asked)} is neither execution:ARN nor rows:FILTER")
        found = await self._reading.find(call.caller, of, "GetExecutionHistory")
        if found.map_run_arn is not None:
            raise invalid("A child execution is watched with the execution of its Map Run")
        return OfExecution(number, self._ports, self._reading, self._one, found)

    async def _pieces(self, call: Call, watches: Sequence[Watch]) -> AsyncGenerator[bytes, None]:
        uids = [watch.uid for watch in watches if watch.uid is not None]
        with (
            self._ports.watching.follow(uids, all_of_them=len(uids) < len(watches)) as following,
            self._open.one(call.session),
        ):
            async for piece in self._told(call, watches, following):
                yield piece

    async def _told(
        self, call: Call, watches: Sequence[Watch], following: Following
    ) -> AsyncGenerator[bytes, None]:
        yield event("ready", models.ReadyFrame(watches=len(watches)))
        for watch in watches:
            async for name, frame in watch.beginning():
                yield event(name, frame)
        ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
        while (reason := await self._over(call, watches, ends)) is None:
            try:
                await asyncio.wait_for(following.wait(), PING_SECONDS)
            except TimeoutError:
                yield PING
                continue
            changes = following.take()
            for watch in watches:
                async for name, frame in watch.news(changes):
                    yield event(name, frame)
            await asyncio.sleep(FRAME_SECONDS)
        yield event("bye", models.ByeFrame(reason=reason))

    async def _over(
        self, call: Call, watches: Sequence[Watch], ends: float
    ) -> Literal["again", "login"] | None:
        if not self._sessions.lives(call.session):
            return "login"
        is_over = asyncio.get_running_loop().time() >= ends
        return "again" if is_over or not await self._may(call.caller, watches) else None

    async def _may(self, caller: Caller, watches: Sequence[Watch]) -> bool:
        """Rights may have been taken away meanwhile: whoever opens the stream again is told so."""
        try:
            for watch in watches:
                await self._reading.require(caller, *watch.right)
        except (Refused, JournalError):
            return False
        return True
