"""When what ``.sync`` tasks have begun is looked at: the less often the longer it takes, and together where a service can be asked
about many at once.

Looks fall on beats: those that come every 16 seconds fall on whole multiples of 16 seconds, and so on those of 8. So jobs of one
caller meet, whenever each was begun, and one request asks about them all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog

from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.engine.ports import Clock, Unavailable
from stepwright.tasks.aws import following, jobs
from stepwright.tasks.aws.following import Look
from stepwright.tasks.aws.job import Job, Request
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.calls.services import Services

log = structlog.get_logger(__name__)

LONGEST_SECONDS: Final = 32
"""Between two looks at a job."""
EACH_TWICE: Final = 2
"""How many looks follow each other before the pause is doubled."""
TOGETHER_SECONDS: Final = 0.1
"""How long a request waits for others to join it."""
APART_SECONDS: Final = 0.1
"""Between two requests of one caller to one service."""
SLOWEST_SECONDS: Final = 30.0
"""The same while the service throttles, or is away."""
_PACES_KEPT: Final = 1024


def pauses() -> Iterator[int]:
    """Seconds between looks."""
    pause = 1
    while pause < LONGEST_SECONDS:
        yield from [pause] * EACH_TWICE
        pause *= 2
    while True:
        yield LONGEST_SECONDS


class Looking:
    def __init__(self, services: Services, clock: Clock) -> None:
        self._services = services
        self._clock = clock
        self._paces: dict[Hashable, _Pace] = {}
        self._waiting: dict[Hashable, list[_Wanted]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        for sending in self._sending:
            sending.cancel()

    async def look(self, call: Call, begun: Json) -> Look:
        """Raises CallFailed, Unavailable."""
        job = jobs.of(call.task.resource)
        assert job is not None
        assert isinstance(begun, dict)
        caller = (call.task.resource.service, self._services.identity(call.ref, call.role))
        wanted = _Wanted(call, begun, asyncio.get_running_loop().create_future())
        kind = (caller, _in_common(job, job.look(begun)))
        waiting = self._waiting.setdefault(kind, [])
        waiting.append(wanted)
        if len(waiting) == 1:
            sending = asyncio.create_task(self._send(kind, job), name=f"looks at {call.task.resource}")
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        return await wanted.seen

    async def pause(self, seconds: int) -> None:
        """Until the next beat, after half of these at least."""
        now = self._clock.now()
        length = seconds * 1000
        beat = (now + length // 2) // length + 1
        await self._clock.sleep((beat * length - now) / 1000)

    async def _send(self, kind: tuple[Hashable, Hashable], job: Job) -> None:
        if job.many is not None:
            await self._clock.sleep(TOGETHER_SECONDS)
        waiting, pace = self._waiting.pop(kind), self._pace(kind[0])
        asked = [wanted for wanted in waiting if not wanted.seen.done()]
        while asked:
            most = 1 if job.many is None else job.many.most
            some, asked = asked[:most], asked[most:]
            await self._ask(pace, some)

    def _pace(self, caller: Hashable) -> _Pace:
        pace = self._paces.pop(caller, None) or _Pace(self._clock)
        self._paces[caller] = pace
        if len(self._paces) > _PACES_KEPT:
            del self._paces[next(iter(self._paces))]
        return pace

    async def _ask(self, pace: _Pace, some: Sequence[_Wanted]) -> None:
        await pace.turn()
        some = [wanted for wanted in some if not wanted.seen.done()]
        if not some:
            return
        call = some[0].call
        look = partial(following.look, call.task.resource, [wanted.begun for wanted in some])
        try:
            seen = await self._services.use(call.ref, call.role, look)
        except CallFailed as failed:
            if len(some) > 1:  # one of them may not be looked at
                for wanted in some:
                    await self._ask(pace, [wanted])
                return
            some[0].fail(failed)
        except Exception as error:  # noqa: BLE001 - it is theirs who wait for it
            if isinstance(error, Unavailable):
                pace.slower()
            for wanted in some:
                wanted.fail(error)
        else:
            pace.faster()
            for wanted, own in zip(some, seen, strict=True):
                if not wanted.seen.done():
                    wanted.seen.set_result(own)


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    call: Call
    begun: dict[str, Json]
    seen: asyncio.Future[Look]

    def fail(self, error: Exception) -> None:
        if not self.seen.done():
            self.seen.set_exception(error)


@dataclass(slots=True)
class _Pace:
    """Of the requests of one caller to one service."""

    clock: Clock
    apart: float = APART_SECONDS
    _last: int = 0
    _line: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def turn(self) -> None:
        """How long each waits is found out when all before it have gone: by then the service may be well again."""
        async with self._line:
            since = (self.clock.now() - self._last) / 1000
            if 0 <= since < self.apart:
                await self.clock.sleep(self.apart - since)
            self._last = self.clock.now()

    def slower(self) -> None:
        self.apart = min(max(self.apart * 2, 1.0), SLOWEST_SECONDS)

    def faster(self) -> None:
        self.apart = max(self.apart / 2, APART_SECONDS)


def _in_common(job: Job, request: Request) -> Hashable:
    """What requests have in common that may be made as one."""
    name, given = request
    ids = None if job.many is None else job.many.ids
    return name, jsontext.dump({member: value for member, value in given.items() if member != ids})
