"""A line from tasks to the API of the same process. It is made before both: what carries executions is made with the
drivers of their tasks, and the API, which some of these call, is made of what carries executions.

Whoever calls before somebody answers waits, as with a server that listens before it takes connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from functools import partial
from typing import Any, NamedTuple, TypeVar

from stepwright.api import own_calls
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import CallingTask, Calls

T = TypeVar("T")


class _Call(NamedTuple):
    made: Callable[[Calls], Awaitable[Any]]
    answer: asyncio.Future[Any]
    """Cancelled where nobody waits for it any more."""
    context: Context


class Line:
    """Implements ``catalog.ports.Calls``."""

    def __init__(self) -> None:
        self._calls: asyncio.Queue[_Call] = asyncio.Queue()

    def serves(self, operation: str) -> bool:
        return own_calls.serves(operation)

    async def call(
        self,
        operation: str,
        parameters: Json,
        *,
        by: CallingTask,
        caller: Caller,
        moment: Callable[[Millis], Json],
    ) -> dict[str, Json]:
        return await self._answered(
            lambda api: api.call(operation, parameters, by=by, caller=caller, moment=moment)
        )

    async def is_express(self, arn: str, by: CallingTask) -> bool:
        return await self._answered(lambda api: api.is_express(arn, by))

    async def until_ended(self, arn: str, by: CallingTask) -> None:
        await self._answered(lambda api: api.until_ended(arn, by))

    async def stop(self, by: CallingTask) -> None:
        await self._answered(lambda api: api.stop(by))

    async def answer(self, api: Calls) -> None:
        """Until cancelled; calls that are under way then get no answer. Each is abandoned once whoever has made it no longer
        waits."""
        async with asyncio.TaskGroup() as group:
            while True:
                call = await self._calls.get()
                if not call.answer.done():
                    answering = group.create_task(_answer(call, api), context=call.context)
                    call.answer.add_done_callback(partial(_end, answering))

    async def _answered(self, made: Callable[[Calls], Awaitable[T]]) -> T:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._calls.put_nowait(_Call(made, answer, copy_context()))
        return await answer


async def _answer(call: _Call, api: Calls) -> None:
    """Raises nothing: whatever happens is passed to the caller."""
    try:
        answer = await call.made(api)
    except Exception as error:  # noqa: BLE001 - as above
        if not call.answer.done():
            call.answer.set_exception(error)
    else:
        if not call.answer.done():
            call.answer.set_result(answer)


def _end(answering: asyncio.Task[None], _: asyncio.Future[Any]) -> None:
    """Does nothing to one that has ended."""
    answering.cancel()
