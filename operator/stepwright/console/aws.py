"""AWS's operations for pages: ``v1/aws/{operation}`` is what SDKs call, without their signature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

import msgspec

from stepwright.catalog.callers import Caller
from stepwright.console.models import Problem
from stepwright.console.routes import Answer, Call, Route, data
from stepwright.http.bodies import LARGEST_BODY_BYTES


class Performed(NamedTuple):
    """What an operation answers. ``error``: the exception's name, if it is one."""

    status: int
    body: bytes
    error: str | None


class Where(NamedTuple):
    """Where things are that a request does not name by ARN: the tenant and the region, as far as they are said."""

    tenant: str | None = None
    region: str | None = None


Perform: TypeAlias = Callable[[Caller, Where, str, bytes], Awaitable[Performed]]
"""Takes who calls, and where, an operation and its request. Never raises."""


class _Told(msgspec.Struct):
    message: str


_TOLD: Final = msgspec.json.Decoder(_Told)


class Aws:
    def __init__(self, perform: Perform) -> None:
        self._perform = perform

    def routes(self) -> Iterator[Route]:
        # GetActivityTask and StartSyncExecution take as long as they take.
        yield Route("POST", "aws/{operation}", self.perform, bounded=False)

    async def perform(self, call: Call) -> Answer:
        given = call.parameters("ns", "region")
        where = Where(given.text("ns"), given.text("region"))
        async with call.bodies.read(call.request, LARGEST_BODY_BYTES) as body:
            done = await self._perform(call.caller, where, call.ids["operation"], body)
        if done.error is None:
            return data(done.status, done.body)
        message = _TOLD.decode(done.body).message
        return data(done.status, msgspec.json.encode(Problem(code=done.error, message=message)))
