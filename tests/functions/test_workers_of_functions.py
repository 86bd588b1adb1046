"""Workers: who has a task, what is answered, and how one ends, with an API server in memory."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from stepwright.functions import offers
from stepwright.functions.handlers import Context, Outcome
from stepwright.functions.offers import Task
from stepwright.functions.worker import Call, Worker
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import BEGIN, run
from tests.simulation.api_server import ApiServer, Body, Request
from tests.simulation.client import Fate, SimulatedApi


async def echo(event: Any, _: Context) -> Outcome:
    return Outcome(json.dumps(event).encode())


class Scene:
    def __init__(self) -> None:
        self.server = ApiServer(Random(0))
        self.stopped = asyncio.Event()
        self.running: list[asyncio.Task[None]] = []
        self._made = 0

    def offer(self, number: int = 1, **spec: Any) -> str:
        self._made += 1
        name = f"u-{self._made}"
        spec = {
            "taskTemplate": "f",
            "input": json.dumps({"n": number}),
            "requestId": f"r{self._made}",
            **spec,
        }
        self.server.create(
            "externaltasks",
            "shop",
            {"metadata": {"name": name}, "spec": spec, "status": {"state": "Scheduled"}},
        )
        return name

    def hire(self, call: Call = echo, *, network: Quiet | None = None, **options: Any) -> Worker:
        network = network or Quiet(f"w{len(self.running)}")
        api = SimulatedApi(self.server, network, network, lambda *_: None)
        name = network.process.name
        worker = Worker(api, "shop", "f", call, name=name, random=Random(name), now=_now, **options)
        self.running.append(asyncio.create_task(worker.run(self.stopped)))
        return worker

    def status(self, name: str) -> Body:
        body = self.server.get("externaltasks", "shop", name)
        assert body is not None
        status: Body = body["status"]
        return status

    def change(self, name: str, **status: Any) -> None:
        body = self.server.edited(("externaltasks", "shop", name))
        assert body is not None
        body["status"] |= status
        self.server.change(("externaltasks", "shop", name), body)


def _now() -> datetime:
    """The real one hardly moves in virtual time: two signs of life would be the same."""
    return datetime.fromtimestamp(BEGIN / 1000 + asyncio.get_running_loop().time(), UTC)


def played(main: Callable[[Scene], Awaitable[None]]) -> None:
    async def within() -> None:
        scene = Scene()
        await main(scene)
        scene.stopped.set()
        await asyncio.gather(*scene.running)

    run(within)


def test_each_of_many_tasks_is_done_once_by_one_of_many_workers() -> None:
    done: Counter[str] = Counter()

    async def count(event: Any, context: Context) -> Outcome:
        done[context.aws_request_id] += 1
        await asyncio.sleep(0.1)
        return await echo(event, context)

    async def main(scene: Scene) -> None:
        for _ in range(4):
            scene.hire(count, at_once=2)
        names = [scene.offer(number) for number in range(40)]
        await asyncio.sleep(20)

        assert set(done.values()) == {1}
        assert [json.loads(scene.status(name)["answer"]["output"]) for name in names] == [
            {"n": number} for number in range(40)
        ]
        assert len({scene.status(name)["taken"]["worker"] for name in names}) == 4

    played(main)


def test_a_worker_takes_no_more_than_it_has_slots_for_and_none_of_another_template() -> None:
    async def slow(event: Any, context: Context) -> Outcome:
        await asyncio.sleep(10)
        return await echo(event, context)

    async def main(scene: Scene) -> None:
        names = [scene.offer() for _ in range(3)]
        other = scene.offer(taskTemplate="g")
        scene.hire(slow, at_once=2)
        await asyncio.sleep(5)
        assert sorted(scene.status(name)["state"] for name in names) == ["Scheduled", "Taken", "Taken"]
        await asyncio.sleep(30)
        assert {scene.status(name)["state"] for name in names} == {"Answered"}
        assert scene.status(other)["state"] == "Scheduled"

    played(main)


LONG = "x" * 262_144
ANSWERS: dict[str, tuple[Outcome, dict[str, Any]]] = {
    "a result": (Outcome(b"[1.0]"), {"output": "[1.0]"}),
    "an error": (
        Outcome(b'{"errorType": "NoName", "errorMessage": "no"}', failed=True),
        {"error": "NoName", "cause": '{"errorType": "NoName", "errorMessage": "no"}'},
    ),
    "too long": (
        Outcome(json.dumps(LONG).encode()),
        {
            "error": "States.DataLimitExceeded",
            "cause": "The function's answer is larger than 262,144 bytes.",
        },
    ),
}


@pytest.mark.parametrize(("outcome", "answer"), ANSWERS.values(), ids=ANSWERS.keys())
def test_what_a_function_comes_to_is_the_answer(outcome: Outcome, answer: dict[str, Any]) -> None:
    async def give(_event: Any, _context: Context) -> Outcome:
        return outcome

    async def main(scene: Scene) -> None:
        name = scene.offer()
        scene.hire(give)
        await asyncio.sleep(5)
        found = scene.status(name)["answer"]
        assert found.pop("time").endswith("Z")
        assert found == answer

    played(main)


def test_of_a_long_error_the_beginning_is_answered() -> None:
    said = {"errorType": "E" * 300, "errorMessage": "m" * 40_000, "stackTrace": ["line"] * 5}
    answer = offers.answer(Outcome(json.dumps(said).encode(), failed=True))

    assert answer["error"] == "E" * 256
    assert len(answer["cause"]) <= 32_768
    assert json.loads(answer["cause"])["errorMessage"].startswith("mmm")


def test_a_function_is_told_what_lambda_s_would_be() -> None:
    task = Task(
        offers.Metadata("u-1", "uid"),
        offers.Spec("{}", "r1", "eyJhIjogMX0=", 60, 20),
        offers.Status("Taken", offers.Taken("c", "2026-01-01T00:00:00.000Z")),
    )
    context = offers.context(task, "f")

    assert (context.function_name, context.aws_request_id, context.client_context) == ("f", "r1", {"a": 1})
    assert context.deadline == 1_767_225_660_000


def test_a_worker_gives_signs_of_life_and_leaves_off_when_nobody_waits_any_more() -> None:
    ended: list[str] = []

    async def endless(_event: Any, _context: Context) -> Outcome:
        try:
            await asyncio.sleep(1000)
        finally:
            ended.append("cancelled")
        return Outcome(b"1")

    async def main(scene: Scene) -> None:
        name = scene.offer(heartbeatSeconds=9)
        scene.hire(endless)
        await asyncio.sleep(4)
        first = scene.status(name)["heartbeat"]
        await asyncio.sleep(4)
        assert first != scene.status(name)["heartbeat"]
        assert ended == []
        scene.change(name, state="Closed", reason="Stopped")
        again = scene.offer()
        await asyncio.sleep(4)
        assert ended == ["cancelled"]
        assert scene.status(again)["state"] == "Taken"  # it has gone on to the next

    played(main)


class Losing(Quiet):
    """The first answers to patches are lost."""

    def __init__(self, name: str, lost: int) -> None:
        super().__init__(name)
        self._lost = lost

    def of(self, request: Request) -> Fate:
        if request.method == "PATCH" and self._lost:
            self._lost -= 1
            return Fate(0.01, 0.01, "answer", 1.0)
        return super().of(request)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_worker_whose_answers_are_lost_finds_out_what_has_landed(lost: int) -> None:
    done: list[Any] = []

    async def note(event: Any, context: Context) -> Outcome:
        done.append(event)
        return await echo(event, context)

    async def main(scene: Scene) -> None:
        name = scene.offer()
        scene.hire(note, network=Losing("w", lost))
        await asyncio.sleep(10)
        assert scene.status(name)["state"] == "Answered"
        assert len(done) == 1

    played(main)


def test_a_worker_that_is_told_to_end_finishes_what_it_has_and_leaves_what_takes_too_long() -> None:
    async def sleep(event: Any, context: Context) -> Outcome:
        await asyncio.sleep(event["n"])
        return await echo(event, context)

    async def main(scene: Scene) -> None:
        short, long = scene.offer(10), scene.offer(500)
        scene.hire(sleep, at_once=2)
        await asyncio.sleep(1)
        scene.stopped.set()
        late = scene.offer(1)
        await asyncio.sleep(40)
        assert scene.status(short)["answer"]["output"] == '{"n": 10}'
        assert scene.status(long)["answer"]["error"] == "Lambda.SdkClientException"
        assert "told to end" in scene.status(long)["answer"]["cause"]
        assert scene.status(late)["state"] == "Scheduled"
        assert all(each.done() for each in scene.running)

    played(main)
