"""Calls that tasks make: each has an end that is reported, and no host gets more of them than it can bear."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, cast

import pytest
from aiohttp import web

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import Signal, TaskFailed, TaskId, TaskStarted, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.asl.task_token import unsealed
from stepwright.assembly.connections import OfEnvironment
from stepwright.aws import environment
from stepwright.catalog.records import ActivityLoad
from stepwright.engine import ports
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Uid, Unavailable
from stepwright.tasks.activities.driver import ActivityDriver
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.slots import MOST_OF_A_HOST, Slots
from stepwright.tasks.functions import INVOKE, of_lambda
from stepwright.tasks.functions.integration import FunctionCalls
from stepwright.tasks.functions.of_lambda import OfLambda
from tests.tasks.start_tasks import start_task

REF = ExecutionRef(Uid("u"), "local", "x", "m")
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:a"


def task(parameters: Json, number: int = 5, resource: str = INVOKE.text) -> StartTask:
    return start_task(parse_resource(resource), parameters, number)


def calls() -> FunctionCalls:
    return FunctionCalls(OfLambda(OfEnvironment()), SystemClock())


class Reported:
    """What a driver has reported; ``until`` waits for so many ends of tasks."""

    def __init__(self) -> None:
        self.signals: list[ports.Reported] = []
        self._more = asyncio.Event()

    def __call__(self, uid: Uid, signal: ports.Reported) -> None:  # noqa: ARG002
        self.signals.append(signal)
        self._more.set()

    def ends(self) -> list[Signal]:
        return [signal for signal in self.signals if isinstance(signal, TaskFailed | TaskSucceeded)]

    async def until(self, count: int) -> Sequence[Signal]:
        async with asyncio.timeout(60):
            while len(self.ends()) < count:
                self._more.clear()
                await self._more.wait()
        return self.ends()


@asynccontextmanager
async def endpoint(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[web.Request], Any]
) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv(environment.variable(of_lambda.SERVICE), f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield
    finally:
        await runner.cleanup()


async def nothing(request: web.Request) -> web.Response:  # noqa: ARG001
    return web.json_response({})


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"FunctionName": "f", "ClientContext": "a\nb"}, id="line break in a header"),
        pytest.param({"FunctionName": "f", "ClientContext": "\ud800"}, id="half a character in a header"),
        pytest.param({"FunctionName": "f\ud800"}, id="half a character in a name"),
        pytest.param({"FunctionName": "f", "Qualifier": "\ud800"}, id="half a character in a query"),
        pytest.param({"FunctionName": "f", "Payload": "\ud800"}, id="half a character in a payload"),
        pytest.param({"FunctionName": "f", "Payload": {"a": "\ud800"}}, id="the same in JSON"),
    ],
)
async def test_what_cannot_be_sent_to_lambda_fails_the_task(
    monkeypatch: pytest.MonkeyPatch, parameters: Json
) -> None:
    reported = Reported()
    driver = CallDriver(calls(), SystemClock(), reported)
    async with endpoint(monkeypatch, nothing):
        await driver.start(REF, task(parameters), again=False)
        (end,) = await reported.until(1)
        await driver.release(REF, TaskId(5))
        await driver.close()

    assert isinstance(end, TaskFailed)
    assert end.error == "Lambda.SdkClientException"
    assert not driver.holds(REF.uid)


@pytest.mark.parametrize("url", ["not a url", "http://[bad", "ftp://127.0.0.1", "http://127.0.0.1:9"])
async def test_an_endpoint_that_is_none_fails_the_task(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv(environment.variable(of_lambda.SERVICE), url)
    reported = Reported()
    driver = CallDriver(calls(), SystemClock(), reported)

    await driver.start(REF, task({"FunctionName": "f"}), again=False)
    (end,) = await reported.until(1)
    await driver.close()

    assert isinstance(end, TaskFailed)
    assert end.error == "Lambda.SdkClientException"


async def test_an_answer_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_lambda, "LARGEST_ANSWER_BYTES", 1_000)

    async def without_end(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 1_000)

    reported = Reported()
    driver = CallDriver(calls(), SystemClock(), reported)
    async with endpoint(monkeypatch, without_end):
        await driver.start(REF, task({"FunctionName": "f"}), again=False)
        (end,) = await reported.until(1)
        await driver.close()

    assert end == TaskFailed(
        TaskId(5), "States.DataLimitExceeded", "The function's answer is larger than 1,000 bytes."
    )


async def test_no_more_calls_than_a_host_bears_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reported = Reported()
    driver = CallDriver(calls(), SystemClock(), reported)
    open_now = most = 0
    full = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(request: web.Request) -> web.Response:
        nonlocal open_now, most
        await request.read()
        open_now += 1
        most = max(most, open_now)
        if open_now == MOST_OF_A_HOST:
            full.set()
        await go_on.wait()
        open_now -= 1
        return web.json_response({})

    async with endpoint(monkeypatch, slow):
        for number in range(200):
            await driver.start(REF, task({"FunctionName": "f"}, number), again=False)
        async with asyncio.timeout(60):
            await full.wait()
        started = [signal for signal in reported.signals if isinstance(signal, TaskStarted)]
        go_on.set()
        ends = await reported.until(200)
        await driver.close()

    assert most == MOST_OF_A_HOST == len(started)
    assert all(isinstance(end, TaskSucceeded) for end in ends)


async def test_a_host_that_hangs_takes_no_calls_from_others() -> None:
    slots = Slots(most=3, most_of_a_host=2)
    hanging = [asyncio.create_task(hold(slots, "slow")) for _ in range(10)]
    await asyncio.sleep(0)

    async with asyncio.timeout(60), slots.one_of("quick"):
        pass

    for one in hanging:
        one.cancel()


async def hold(slots: Slots, host: str) -> None:
    async with slots.one_of(host):
        await asyncio.Event().wait()


# --- Activities -------------------------------------------------------------------------------------------------------


class Failing:
    """A store whose first write fails."""

    def __init__(self) -> None:
        self.writes = 0

    async def takings(self) -> Sequence[tuple[Uid, TaskId, str | None]]:
        return ()

    async def note_taking(self, uid: Uid, task: TaskId, worker: str | None) -> None:  # noqa: ARG002
        self.writes += 1
        await asyncio.sleep(0)
        if self.writes == 1:
            raise Unavailable("the database cannot be written")


async def test_a_task_whose_taking_could_not_be_written_is_given_to_the_next_worker() -> None:
    activities = ActivityDriver(Failing(), unsealed, lambda *_: None)
    await activities.start(REF, task({"n": 1}, resource=ACTIVITY), again=False)

    with pytest.raises(Unavailable):
        await activities.take(ACTIVITY, None, 10)
    taken = await activities.take(ACTIVITY, None, 10)

    assert taken is not None
    assert json.loads(taken.input) == {"n": 1}


async def test_who_waits_for_whom_is_told_by_activity() -> None:
    activities = ActivityDriver(Failing(), unsealed, lambda *_: None)
    worker = asyncio.create_task(activities.take(ACTIVITY, None, 10))
    await asyncio.sleep(0)
    assert activities.loads() == {ACTIVITY: ActivityLoad(asking=1)}
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert activities.loads() == {}

    for number in range(5):
        ref = replace(REF, uid=Uid(f"u{number}"), arn=f"arn-{number}")
        await activities.start(ref, task({"n": 1}, resource=ACTIVITY), again=False)
    with pytest.raises(Unavailable):
        await activities.take(ACTIVITY, "ana", 10)
    await activities.take(ACTIVITY, "ana", 10)

    executions = ("arn-0", "arn-2", "arn-3")
    assert activities.loads() == {ACTIVITY: ActivityLoad(waiting=4, executions=executions, taken={"ana": 1})}


async def test_a_worker_that_went_away_during_a_write_that_failed_loses_nothing() -> None:
    activities = ActivityDriver(Failing(), unsealed, lambda *_: None)
    await activities.start(REF, task({"n": 1}, resource=ACTIVITY), again=False)

    worker = asyncio.create_task(activities.take(ACTIVITY, None, 10))
    while not cast("Any", activities)._taken:  # noqa: ASYNC110 - the write is under way
        await asyncio.sleep(0)
    worker.cancel()

    assert await activities.take(ACTIVITY, None, 10) is not None
