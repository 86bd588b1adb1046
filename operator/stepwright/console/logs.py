"""What the work of a visit writes: ``.../visits/{visit}/logs`` says what there is, ``.../logs/{source}`` has the lines, as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final, Literal

from stepwright.catalog.ports import LogLine, NoLogs, NotAllowed, TaskLogs
from stepwright.console import models
from stepwright.console.open_streams import OpenStreams
from stepwright.console.parameters import shown
from stepwright.console.reading import Reading
from stepwright.console.routes import Answer, Call, Route
from stepwright.console.server_sent import HEADERS, PING, PING_SECONDS, event
from stepwright.console.sessions import Sessions
from stepwright.console.visit_data import VisitDataRoute
from stepwright.engine.ports import JournalError
from stepwright.http.messages import Refused, Stream

RIGHT: Final = "GetTaskLogs"
"""What is asked for, as if it was an operation of AWS."""

_USUAL: Final = 200
MOST_LINES: Final = 5_000
"""That are answered of what was written before."""

LARGEST_ANSWER_BYTES: Final = 4 * 1024 * 1024
LONGEST_SECONDS: Final = 600.0

MOST_STREAMS: Final = 100
MOST_OF_SESSION: Final = 4

_Reason = Literal["complete", "more", "gone", "lost", "denied", "login"]
_Lines = AsyncGenerator[tuple[LogLine, ...], None]

_ENDS: Final[dict[_Reason, str]] = {
    "complete": "This is all that was written.",
    "more": "There is more than is sent at a time: follow it again for what comes now.",
    "login": "The session is over: log in, and ask again.",
}


class Logs:
    def __init__(self, sessions: Sessions, logs: TaskLogs, reading: Reading, data: VisitDataRoute) -> None:
        self._sessions = sessions
        self._logs = logs
        self._reading = reading
        self._data = data
        self._open = OpenStreams(sessions, "logs", MOST_STREAMS, MOST_OF_SESSION)

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "executions/{execution}/visits/{visit}/logs", self.sources)
        yield Route("GET", "executions/{execution}/visits/{visit}/logs/{source}", self.lines, proves=True)

    async def sources(self, call: Call) -> Answer:
        call.parameters()
        found = await self._reading.execution(call, RIGHT)
        tasks = await self._data.tasks(found, call.ids["visit"])
        if not tasks:
            return models.LogSources(sources=[], none="It has done no work that could write a log.")
        try:
            known = await self._logs.sources(found, tasks)
        except NoLogs as none:
            return models.LogSources(sources=[], none=str(none))
        except NotAllowed as refused:
            raise _denied(refused) from None
        return models.LogSources(
            sources=[
                models.LogSource(
                    id=f"{task}/{one.id}",
                    attempt=attempt,
                    container=one.container,
                    pod=one.pod,
                    runs=one.runs,
                )
                for task, attempt in tasks.items()
                for one in known.get(task, ())
            ]
        )

    async def lines(self, call: Call) -> Answer:
        given = call.parameters("tail", "follow")
        asked = given.number("tail")
        tail = _USUAL if asked is None else min(asked, MOST_LINES)
        number, _, source = call.ids["source"].partition("/")
        found = await self._reading.execution(call, RIGHT)
        tasks = await self._data.tasks(found, call.ids["visit"])
        task = next((task for task in tasks if str(task) == number), None)
        if task is None:
            raise Refused("NoSuchLog", f"The visit has no log {shown(call.ids['source'])}", 404)
        self._open.require_room(call.session)
        lines = self._logs.lines(found, task, source, tail, follow=given.flag("follow"))
        return Stream(200, self._pieces(call, found.arn, lines), HEADERS)

    async def _pieces(self, call: Call, arn: str, lines: _Lines) -> AsyncGenerator[bytes, None]:
        with self._open.one(call.session):
            async with aclosing(lines):
                async for piece in self._told(call, arn, lines):
                    yield piece

    async def _told(self, call: Call, arn: str, lines: _Lines) -> AsyncGenerator[bytes, None]:
        ends = asyncio.get_running_loop().time() + LONGEST_SECONDS
        left = LARGEST_ANSWER_BYTES
        reason: _Reason = "complete"
        message: str | None = None
        try:
            async with aclosing(_with_pauses(lines)) as parts:
                async for some in parts:
                    piece = PING if some is None else event("lines", _frame(some))
                    yield piece
                    left -= len(piece)
                    if not self._sessions.lives(call.session):
                        reason = "login"
                        break
                    if left <= 0 or asyncio.get_running_loop().time() >= ends:
                        reason = "more"
                        break
                    await self._reading.require(call.caller, RIGHT, arn)  # it may have been taken away
        except NoLogs as none:
            reason, message = "gone", str(none)
        except NotAllowed as refused:
            reason, message = "denied", str(refused)
        except Refused as taken:
            reason, message = "denied", taken.message
        except JournalError as error:
            reason, message = "lost", str(error)
        yield event("end", models.LogEndFrame(reason=reason, message=message or _ENDS[reason]))


async def _with_pauses(lines: _Lines) -> AsyncGenerator[tuple[LogLine, ...] | None, None]:
    """None whenever nothing has come for a while."""
    while True:
        following = asyncio.ensure_future(anext(lines, None))
        try:
            while not (await asyncio.wait((following,), timeout=PING_SECONDS))[0]:
                yield None
        finally:
            if not following.done():
                following.cancel()
                await asyncio.wait((following,))
        some = following.result()
        if some is None:
            return
        yield some


def _frame(lines: tuple[LogLine, ...]) -> models.LogFrame:
    return models.LogFrame(rows=[models.LogRow(line.moment, line.text) for line in lines])


def _denied(refused: NotAllowed) -> Refused:
    return Refused("AccessDeniedException", str(refused), 403)
