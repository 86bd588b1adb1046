"""Tasks call the API of their own process on a line that is there before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from stepwright.api.line import Line
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import CallingTask, CallRefused
from stepwright.engine.beside import on_behalf_of
from tests.api.services import a_task


class Api:
    """Implements ``catalog.ports.Calls``: answers with the operation, and ends no execution."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.given_up = asyncio.Event()
        self.calls: list[str] = []

    def serves(self, operation: str) -> bool:  # noqa: ARG002
        return True

    async def call(
        self,
        operation: str,
        parameters: Json,  # noqa: ARG002
        *,
        by: CallingTask,
        caller: Caller,  # noqa: ARG002
        moment: Callable[[Millis], Json],  # noqa: ARG002
    ) -> dict[str, Json]:
        self.calls.append(by.ref.uid)
        if operation == "refused":
            raise CallRefused("Why", "because", 400)
        return {"Operation": operation, "For": on_behalf_of.get()}

    async def is_express(self, arn: str, by: CallingTask) -> bool:  # noqa: ARG002
        return arn == "express"

    async def until_ended(self, arn: str, by: CallingTask) -> None:  # noqa: ARG002
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.set()

    async def stop(self, by: CallingTask) -> None:
        self.calls.append(f"stop {by.ref.uid}")


@asynccontextmanager
async def answered(line: Line, api: Api) -> AsyncIterator[None]:
    answering = asyncio.create_task(line.answer(api))
    try:
        yield
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


PLACE = Place("123456789012", "us-east-1")


async def call(line: Line, operation: str, uid: str = "first") -> Json:
    return await line.call(
        operation,
        {},
        by=a_task(PLACE, uid),
        caller=Caller("123456789012"),
        moment=lambda moment: moment,
    )


async def test_a_call_that_is_made_before_the_api_is_there_waits_for_it() -> None:
    line, api = Line(), Api()
    early = [asyncio.create_task(call(line, "a", "first")), asyncio.create_task(call(line, "b", "second"))]
    await asyncio.sleep(0)
    assert not any(task.done() for task in early)

    async with answered(line, api):
        assert [await task for task in early] == [
            {"Operation": "a", "For": ""},
            {"Operation": "b", "For": ""},
        ]
        await line.stop(a_task(PLACE, "third"))
        assert [await line.is_express(arn, a_task(PLACE)) for arn in ("express", "standard")] == [True, False]

    assert api.calls == ["first", "second", "stop third"]


async def test_whoever_calls_hears_what_was_refused_and_the_line_goes_on() -> None:
    line, api = Line(), Api()

    async with answered(line, api):
        with pytest.raises(CallRefused, match="because"):
            await call(line, "refused")
        assert await call(line, "a") == {"Operation": "a", "For": ""}


async def test_the_api_knows_for_whom_a_call_is_made() -> None:
    """What it does beside the loop has the caller's turn."""
    line, api = Line(), Api()

    async def calling() -> Json:
        on_behalf_of.set("a client")
        return await call(line, "a")

    async with answered(line, api):
        assert await asyncio.create_task(calling()) == {"Operation": "a", "For": "a client"}


async def test_a_call_that_is_given_up_is_given_up_at_the_api() -> None:
    line, api = Line(), Api()

    async with answered(line, api):
        waiting = asyncio.create_task(line.until_ended("arn", a_task(PLACE)))
        await api.begun.wait()
        waiting.cancel()
        await api.given_up.wait()


async def test_a_call_that_is_given_up_before_it_is_answered_is_never_made() -> None:
    line, api = Line(), Api()
    waiting = asyncio.create_task(call(line, "a"))
    await asyncio.sleep(0)
    waiting.cancel()

    async with answered(line, api):
        await call(line, "b", "second")

    assert api.calls == ["second"]


def test_a_line_serves_what_the_api_serves() -> None:
    assert Line().serves("startExecution")
    assert not Line().serves("inventExecution")
