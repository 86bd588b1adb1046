"""Tasks that workers take: who decides between an answer, the end of its time and a stop, with an API server in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from stepwright.asl.checkpoint.open_work import heartbeat_timer, timeout_timer
from stepwright.asl.json_types import JsonText
from stepwright.asl.resource import parse
from stepwright.asl.signals import TaskFailed, TaskId, TaskStarted, TaskSucceeded
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import ExecutionRef, Heartbeat, Reported, Uid, Unavailable
from stepwright.functions import offers
from stepwright.functions.offers import Task
from stepwright.kube.api_errors import Invalid, NotFound
from stepwright.tasks.external.driver import ExternalDriver
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import VirtualClock, run
from tests.simulation.api_server import ApiServer, Body, Refusal, Request
from tests.simulation.client import Fate, SimulatedApi
from tests.tasks.start_tasks import start_task

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = ExecutionRef(Uid("u1"), "shop", "order-7", "order")
"""The uid is that of the first object that the server makes."""
WORK = parse("k8s:task/f")
TASK, NAME = TaskId(5), "u1-5"


def task(**fields: Any) -> StartTask:
    spec = {"taskTemplate": "f", "input": "{}", "timeoutSeconds": 60, "heartbeatSeconds": 20, **fields}
    return start_task(WORK, spec)


class Slow(Quiet):
    """Creations by this process are under way for longer than it waits."""

    late = False

    def of(self, request: Request) -> Fate:
        if self.late and request.method == "POST":
            return Fate(30.0, 0.01, "answer", 5.0)
        return super().of(request)


class Scene:
    """One API server, a driver, and a worker that does what the test says."""

    def __init__(self) -> None:
        self.server = ApiServer(Random(0))
        self.heard: list[Reported] = []
        self.open = True
        self.network = Slow("operator")
        self.driver = self.make()
        quiet = Quiet("worker")
        self._worker = SimulatedApi(self.server, quiet, quiet, lambda *_: None)
        self.server.create(
            "executions",
            "shop",
            {"metadata": {"name": REF.name}, "spec": {}, "status": {"phase": "Running", "seq": 1}},
        )

    def make(self) -> ExternalDriver:
        api = SimulatedApi(self.server, self.network, self.network, lambda *_: None)
        return ExternalDriver(
            api,
            lambda _uid, reported: self.heard.append(reported),
            clock=VirtualClock(),
            has_open=lambda _uid, _task: self.open,
        )

    @property
    def body(self) -> Body:
        found = self.server.get("externaltasks", "shop", NAME)
        assert found is not None
        return found

    @property
    def status(self) -> Body:
        status: Body = self.body["status"]
        return status

    def results(self) -> list[Reported]:
        return [each for each in self.heard if isinstance(each, TaskSucceeded | TaskFailed)]

    async def start(self, this: StartTask | None = None, *, again: bool = False) -> None:
        await self.driver.start(REF, this or task(), again=again)
        await asyncio.sleep(1)

    async def claim(self, claim: str = "c1") -> Task:
        seen = offers.Offer(offers.Metadata(NAME, self.body["metadata"]["uid"]))
        return await self._patch(offers.claiming(seen, "w", claim, NOW))

    async def answer(self, taken: Task, **answer: str) -> None:
        await self._patch(offers.answering(taken, "c1", answer, NOW))

    async def beat(self, taken: Task, second: int) -> None:
        await self._patch(offers.beating(taken, "c1", NOW.replace(second=second)))

    async def _patch(self, patch: list[dict[str, Any]]) -> Task:
        found: Task = await self._worker.patch(offers.path("shop", NAME, "status"), patch, into=Task)
        await asyncio.sleep(1)
        return found


def played(main: Callable[[Scene], Awaitable[None]]) -> None:
    async def within() -> None:
        scene = Scene()
        running = asyncio.create_task(scene.driver.run())
        await scene.driver.known()
        try:
            await main(scene)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    run(within)


def test_a_task_is_made_once_and_its_answer_is_its_result() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        await scene.start(again=True)
        assert scene.body["spec"]["execution"] == "order-7"
        assert scene.body["metadata"]["ownerReferences"][0]["uid"] == REF.uid
        await scene.answer(await scene.claim(), output="[1.0]")

        result = TaskSucceeded(TASK, [1.0], JsonText("[1.0]"))
        assert scene.heard == [TaskStarted(TASK), Heartbeat(TASK), result]
        await scene.start(again=True)  # the execution was read again, and may not have recorded it
        assert scene.heard[3:] == [result]

    played(main)


ANSWERS: dict[str, tuple[dict[str, str], str]] = {
    "its own error": ({"error": "NoName", "cause": "no"}, "NoName"),
    "no JSON": ({"output": "{"}, "ExternalTask.OutputInvalid"),
    "too much": ({"output": f'"{"ä" * 140_000}"'}, "ExternalTask.OutputTooLarge"),
}


@pytest.mark.parametrize(("answer", "error"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_may_be_a_failure(answer: dict[str, str], error: str) -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        await scene.answer(await scene.claim(), **answer)

        [end] = scene.results()
        assert isinstance(end, TaskFailed)
        assert end.error == error

    played(main)


def test_tasks_that_wait_and_that_workers_have_are_counted() -> None:
    async def main(scene: Scene) -> None:
        counts = scene.driver.counting.numbers
        assert counts() == {}
        await scene.start()
        assert counts() == {("shop", "f", "Scheduled"): 1}
        taken = await scene.claim()
        assert counts() == {("shop", "f", "Taken"): 1}
        await scene.answer(taken, output="1")
        assert counts() == {}

        await scene.driver.stop(
            REF, CancelTask(TaskId(7), WORK)
        )  # what is closed before it is offered was never work
        await asyncio.sleep(1)
        assert counts() == {}

    played(main)


def test_after_the_end_of_its_time_no_answer_is_accepted() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        taken = await scene.claim()
        assert await scene.driver.expire(REF, TASK, timeout_timer(TASK))
        with pytest.raises(Invalid):
            await scene.answer(taken, output="1")

        assert scene.status["reason"] == "Expired"
        assert scene.results() == []  # the engine's timer says what has become of it

    played(main)


def test_an_answer_that_was_accepted_counts_though_its_time_was_over_before_it_is_known() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        taken = await scene.claim()
        answering = asyncio.create_task(scene.answer(taken, output="1"))
        await asyncio.sleep(0.011)  # it has landed, and the watch has not told of it
        assert not await scene.driver.expire(REF, TASK, timeout_timer(TASK))
        await answering

        assert scene.results() == [TaskSucceeded(TASK, 1, JsonText("1"))]

    played(main)


def test_a_sign_of_life_keeps_a_task_from_being_given_up_as_silent() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        taken = await scene.claim()
        beating = asyncio.create_task(scene.beat(taken, 1))
        await asyncio.sleep(0.011)
        assert not await scene.driver.expire(REF, TASK, heartbeat_timer(TASK))
        await beating

        assert scene.status["state"] == "Taken"
        assert scene.heard.count(Heartbeat(TASK)) == 2
        assert await scene.driver.expire(REF, TASK, heartbeat_timer(TASK))

    played(main)


def test_a_claim_is_a_sign_of_life() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        claiming = asyncio.create_task(scene.claim())
        await asyncio.sleep(0.011)
        assert not await scene.driver.expire(REF, TASK, heartbeat_timer(TASK))
        await claiming

        assert scene.status["state"] == "Taken"
        assert scene.heard == [TaskStarted(TASK), Heartbeat(TASK)]

    played(main)


def test_a_worker_has_as_much_time_as_its_template_gives_it() -> None:
    async def main(scene: Scene) -> None:
        await scene.start(task(heartbeatSeconds=None))
        await asyncio.sleep(100)
        assert scene.results() == []  # nobody has it yet
        await scene.claim()
        await asyncio.sleep(61)

        [end] = scene.results()
        assert end == TaskFailed(
            TASK, "ExternalTask.TimedOut", "the worker w had it and has not answered within 60 s"
        )

    played(main)


def test_a_worker_that_is_silent_is_given_up_and_one_that_is_not_goes_on() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        taken = await scene.claim()
        for second in (1, 2):
            await asyncio.sleep(15)
            await scene.beat(taken, second)
        assert scene.results() == []
        await asyncio.sleep(21)

        [end] = scene.results()
        assert isinstance(end, TaskFailed)
        assert (end.error, scene.status["reason"]) == ("ExternalTask.HeartbeatLost", "HeartbeatLost")

    played(main)


def test_a_task_that_is_stopped_is_taken_by_nobody_any_more() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        await scene.driver.stop(REF, CancelTask(TASK, WORK))
        with pytest.raises(Invalid):
            await scene.claim()
        assert not scene.driver.holds(REF.uid)

    played(main)


def test_a_creation_that_is_still_under_way_when_its_task_is_stopped_finds_the_name_taken() -> None:
    async def main(scene: Scene) -> None:
        scene.network.late = True
        with pytest.raises(Unavailable):
            await scene.start()
        scene.network.late = False
        await scene.driver.stop(REF, CancelTask(TASK, WORK))
        await asyncio.sleep(60)

        assert scene.status["state"] == "Closed"
        assert "taskTemplate" not in scene.body["spec"]  # so it was offered to nobody

    played(main)


def test_a_creation_that_lands_when_its_task_is_over_is_handed_out_to_nobody() -> None:
    async def main(scene: Scene) -> None:
        scene.network.late = True
        with pytest.raises(Unavailable):
            await scene.start()
        scene.network.late = False
        await scene.start(again=True)
        await scene.answer(await scene.claim(), output="1")
        await scene.driver.release(REF, TASK)
        scene.open = False
        await asyncio.sleep(60)

        assert scene.status["state"] == "Answered"

    played(main)


def test_a_task_whose_object_somebody_deletes_fails() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        scene.server.remove(("externaltasks", "shop", NAME))
        await asyncio.sleep(1)

        [end] = scene.results()
        assert isinstance(end, TaskFailed)
        assert end.error == "ExternalTask.Deleted"

    played(main)


def test_an_object_of_that_name_which_was_made_for_something_else_answers_nothing() -> None:
    async def main(scene: Scene) -> None:
        spec = {"execution": "order-7", "scheduled": "2020-01-01T00:00:00.000Z"}
        status = {"state": "Answered", "answer": {"output": "1"}}
        scene.server.create(
            "externaltasks", "shop", {"metadata": {"name": NAME}, "spec": spec, "status": status}
        )
        await scene.start()

        [end] = scene.results()
        assert isinstance(end, TaskFailed)
        assert end.error == "ExternalTask.Refused"

    played(main)


def test_the_next_process_hears_of_an_answer_that_came_while_there_was_none() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        scene.driver.let_go(REF.uid)
        await scene.answer(await scene.claim(), output="1")
        assert scene.heard == []
        assert scene.driver.began(REF, TASK)
        await scene.start(again=True)

        assert scene.heard == [TaskSucceeded(TASK, 1, JsonText("1"))]

    played(main)


def test_what_an_execution_does_not_want_any_more_is_closed_when_it_is_taken_up() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        scene.driver.let_go(REF.uid)
        await scene.driver.sweep(REF, frozenset({TASK}))
        assert scene.status["state"] == "Scheduled"
        await scene.driver.sweep(REF, frozenset())
        assert scene.status["reason"] == "Stopped"

    played(main)


def test_what_is_over_goes_after_a_while_and_what_nobody_wants_is_closed() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        await asyncio.sleep(120)
        assert scene.status["state"] == "Scheduled"
        scene.driver.let_go(REF.uid)
        scene.open = False  # as one that was created by a process that is dead, for a task that is over
        await asyncio.sleep(120)
        assert scene.status["state"] == "Closed"
        await asyncio.sleep(400)
        assert scene.status["state"] == "Closed"
        await asyncio.sleep(300)
        assert scene.server.get("externaltasks", "shop", NAME) is None

    played(main)


@pytest.mark.parametrize(("code", "reason"), [(404, "NotFound"), (403, "Forbidden")])
def test_a_cluster_with_older_crds_or_rights_runs_everything_else(code: int, reason: str) -> None:
    async def main() -> None:
        scene = Scene()
        list_ = scene.server._list

        def without(target: Any, request: Request) -> bytes:
            if target.plural == "externaltasks":
                raise refused
            return list_(target, request)

        refused = Refusal(code, reason, "the server could not find the requested resource")
        scene.server._list = without  # type: ignore[method-assign]
        running = asyncio.create_task(scene.driver.run())
        await asyncio.sleep(1)
        await scene.driver.known()
        await scene.driver.sweep(REF, frozenset())
        scene.server._list = list_  # type: ignore[method-assign]
        await asyncio.sleep(40)
        assert scene.driver.registers.synced.is_set()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    run(main)


def test_a_worker_asks_in_vain_for_what_is_gone() -> None:
    async def main(scene: Scene) -> None:
        await scene.start()
        taken = await scene.claim()
        scene.server.remove(("externaltasks", "shop", NAME))
        with pytest.raises(NotFound):
            await scene.answer(taken, output="1")

    played(main)
