"""What happens, as it happens: ``v1/stream``, in the form of server-sent events.

A page has one stream for all that it shows, and it is one stream's task that reads the store for it: so a client that is slow, or
does not read at all, holds up itself alone. What happens meanwhile becomes one change for each execution.
https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Final, Literal

import msgspec

from stepwright.catalog.ports import Following
from stepwright.console import headers, models
from stepwright.console.executions import OneExecution
from stepwright.console.lists import FILTERS, LISTS, Lists
from stepwright.console.models import Model
from stepwright.console.parameters import Parameters, invalid, shown
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading
from stepwright.console.routes import Answer, Call, Route
from stepwright.console.sessions import Session, Sessions
from stepwright.console.watches import OfExecution, OfList, Watch
from stepwright.http.messages import Refused, Stream

MOST_WATCHES: Final = 8
MOST_OF_SESSION: Final = 4
"""Where one logs in. Without that all pages have one session."""
MOST_STREAMS: Final = 500

FRAME_SECONDS: Final = 0.25
"""Between two looks at what has changed."""

PING_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 600.0
"""Then its client opens it again, if it still may."""

_HEADERS: Final = {
    **headers.DATA,
    "Content-Type": "text/event-stream; charset=utf-8",
    "X-Accel-Buffering": "no",  # nginx hands on what it gets at once
}

PING: Final = b": ping\n\n"
"""A comment, which clients skip."""


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
        self._of_session: Counter[str] = Counter()

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "stream", self.stream, proves=True)

    async def stream(self, call: Call) -> Answer:
        asked = call.parameters(watch=MOST_WATCHES).texts("watch")
        if not asked:
            raise invalid("The parameter watch names what is to be watched, execution:ARN or rows:FILTER")
        watches = [await self._watch(call, number, one) for number, one in enumerate(asked)]
        if self._of_session.total() >= MOST_STREAMS:
            raise _too_many("All streams of this server are taken")
        if self._sessions.login is not None and self._of_session[call.session.id] >= MOST_OF_SESSION:
            raise _too_many(f"A session has {MOST_OF_SESSION} streams at most")
        return Stream(200, self._pieces(call.session, watches), _HEADERS)

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

    async def _pieces(self, session: Session, watches: Sequence[Watch]) -> AsyncGenerator[bytes, None]:
        uids = [watch.uid for watch in watches if watch.uid is not None]
        with self._ports.watching.follow(uids, all_of_them=len(uids) < len(watches)) as following:
            self._of_session[session.id] += 1
            try:
                async for piece in self._told(session, watches, following):
                    yield piece
            finally:
                self._of_session[session.id] -= 1
                if not self._of_session[session.id]:
                    del self._of_session[session.id]

    async def _told(
        self, session: Session, watches: Sequence[Watch], following: Following
    ) -> AsyncGenerator[bytes, None]:
        yield _event("ready", models.ReadyFrame(watches=len(watches)))
        for watch in watches:
            async for name, frame in watch.beginning():
                yield _event(name, frame)
        ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
        while (reason := self._over(session, ends)) is None:
            try:
                await asyncio.wait_for(following.wait(), PING_SECONDS)
            except TimeoutError:
                yield PING
                continue
            changes = following.take()
            for watch in watches:
                async for name, frame in watch.news(changes):
                    yield _event(name, frame)
            await asyncio.sleep(FRAME_SECONDS)
        yield _event("bye", models.ByeFrame(reason=reason))

    def _over(self, session: Session, ends: float) -> Literal["again", "login"] | None:
        if not self._sessions.lives(session):
            return "login"
        return "again" if asyncio.get_running_loop().time() >= ends else None


def _event(name: str, said: Model) -> bytes:
    """JSON has no line breaks."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(said))


def _too_many(message: str) -> Refused:
    return Refused("TooManyStreams", f"{message}; try again in some seconds", 503)
