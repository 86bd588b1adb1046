"""What the engine promises, in virtual time: commit, then act; nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
import copy
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from stepwright.asl.signals import TaskId, TaskSubmitted
from stepwright.asl.step import StartTask
from stepwright.engine.ports import Commit, Refused, Unavailable
from tests.engine.memory import World, loaded, output, stop, types
from tests.engine.virtual_loop import VirtualClock, run

TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}}
ONE_TASK = {"StartAt": "A", "States": {"A": {**TASK, "End": True}}}
PARALLEL = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Slow", "States": {"Slow": {**TASK, "End": True}}},
                {"StartAt": "Fails", "States": {"Fails": {**TASK, "End": True}}},
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After", "ResultPath": "$.error"}],
            "Next": "After",
        },
        "After": {"Type": "Pass", "End": True},
    },
}
ORDER: dict[str, Any] = {
    "StartAt": "First",
    "States": {
        "First": {**TASK, "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2}], "Next": "Pause"},
        "Pause": {"Type": "Wait", "Seconds": 30, "Next": "Each"},
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 2,
            "ItemProcessor": {"StartAt": "One", "States": {"One": {**TASK, "End": True}}},
            "End": True,
        },
    },
}


DISTRIBUTED = copy.deepcopy(ORDER)
DISTRIBUTED["States"]["Each"]["ItemProcessor"]["ProcessorConfig"] = {
    "Mode": "DISTRIBUTED",
    "ExecutionType": "STANDARD",
}


def test_one_task_costs_two_writes() -> None:
    async def main() -> None:
        world = World()
        stored = await world.complete(loaded(ONE_TASK, {"a": 1}))

        assert output(stored) == '{"a":1}'
        assert len(stored.commits) == 2
        assert stored.loaded.settled
        assert len(world.driver.created) == 1
        assert world.driver.released == [world.driver.created[0][1]]

    run(main)


def test_of_a_burst_of_tasks_few_a_second_have_their_start_written_before_their_end() -> None:
    async def main() -> None:
        world = World(lambda task: (30.0, task.input))
        burst = [loaded(ONE_TASK, name=f"run-{n}", uid=f"uid-{n}") for n in range(400)]
        for execution in burst:
            world.engine.adopt(world.journal.add(execution))
        await world.idle()

        commits = [commit for stored in world.journal.stored.values() for commit in stored.commits]
        starts = Counter(
            commit.now // 1000 for commit in commits if commit.expected_seq > 0 and commit.outcome is None
        )
        assert max(starts.values()) <= 21
        assert len(commits) == 2 * len(burst) + starts.total()

    run(main)


def test_a_task_is_no_longer_open_while_its_end_is_being_written() -> None:
    """The end may have landed before its writer hears of that: then a second answer was accepted."""

    async def main() -> None:
        world = World(lambda _: (1.0, {"done": True}))
        execution = world.journal.add(loaded(ONE_TASK))
        uid = execution.ref.uid
        world.engine.adopt(execution)
        await asyncio.sleep(0.5)
        task = world.driver.created[0][1]
        assert world.engine.has_open(uid, task) is True

        seen: list[bool | None] = []
        world.journal.after = lambda _: seen.append(world.engine.has_open(uid, task))
        await world.idle()

        assert seen == [False]
        assert world.engine.has_open(uid, task) is None

    run(main)


def test_what_an_execution_waits_for_is_known_as_soon_as_it_is_taken_up() -> None:
    """A worker may answer in the moment in which a process has begun, before the execution had a turn."""

    async def main() -> None:
        world = World(lambda _: (60.0, {"done": True}))
        execution = world.journal.add(loaded(ONE_TASK))
        uid = execution.ref.uid
        world.engine.adopt(execution)
        assert world.engine.has_open(uid, TaskId(2)) is False
        await asyncio.sleep(0.5)
        task = world.driver.created[0][1]
        await world.crash()

        world.begin()
        assert world.engine.has_open(uid, task) is None
        world.adopt_all()
        assert world.engine.has_open(uid, task) is True
        assert world.engine.has_open(uid, TaskId(task + 1)) is False
        await asyncio.sleep(0.5)
        assert world.engine.has_open(uid, task) is True
        await world.idle()

    run(main)


def test_a_task_starts_only_after_its_scheduling_is_written() -> None:
    async def main() -> None:
        world = World()
        seen: list[int] = []
        answer = world.driver.answer

        def look(task: StartTask) -> Any:
            seen.append(len(world.journal.stored[loaded_.ref.uid].commits))
            return answer(task)

        world.driver.answer = look
        loaded_ = loaded(ONE_TASK)
        await world.complete(loaded_)

        assert seen == [1]

    run(main)


def test_a_thousand_passes_share_few_writes() -> None:
    states: dict[str, Any] = {f"P{n}": {"Type": "Pass", "Next": f"P{n + 1}"} for n in range(1000)}
    states["P1000"] = {"Type": "Succeed"}

    async def main() -> None:
        world = World()
        stored = await world.complete(loaded({"StartAt": "P0", "States": states}))

        assert len(stored.events) == 2 * 1001 + 2
        assert len(stored.commits) <= 20
        assert [event["id"] for event in stored.events] == list(range(1, len(stored.events) + 1))

    run(main)


def test_a_wait_of_a_year_fires_on_the_second() -> None:
    year = 365 * 24 * 3600
    machine = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": year, "End": True}}}

    async def main() -> None:
        world = World()
        begun = VirtualClock().now()
        stored = await world.complete(loaded(machine))

        assert types(stored)[-1] == "ExecutionSucceeded"
        waited = (stored.commits[-1].now - begun) / 1000
        assert year <= waited < year + 1
        assert len(stored.commits) == 2

    run(main)


def test_a_failing_branch_stops_its_sibling_and_the_execution_settles_after_that() -> None:
    def answer(task: StartTask) -> Any:
        return (1.0, ("Boom", "broken")) if task.state == "Fails" else (3600.0, {})

    async def main() -> None:
        world = World(answer)
        stored = await world.complete(loaded(PARALLEL))

        assert stored.outcome is not None
        assert stored.outcome.status == "SUCCEEDED"
        assert len(world.driver.stopped) == 1
        assert world.driver.running == {}
        assert stored.loaded.settled
        assert not stored.commits[-1].settled

    run(main)


def test_stop_aborts_and_leaves_nothing_running() -> None:
    async def main() -> None:
        world = World(lambda _: (3600.0, {}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(10)
        stop(world)
        await world.idle()
        stored = world.journal.stored[execution.ref.uid]

        assert stored.outcome is not None
        assert (stored.outcome.status, stored.outcome.error, stored.outcome.cause) == (
            "ABORTED",
            "Stopped",
            "by hand",
        )
        assert world.driver.running == {}
        assert stored.loaded.settled

    run(main)


def test_a_driver_that_is_away_is_asked_until_it_is_back() -> None:
    async def main() -> None:
        world = World()
        world.driver.unavailable = 5
        stored = await world.complete(loaded(ONE_TASK))

        assert stored.outcome is not None
        assert stored.outcome.status == "SUCCEEDED"
        assert len(world.driver.created) == 1
        # Only of the first call it is certain that nothing has come of an earlier one.
        assert [again for _, again in world.driver.starts] == [False] + [True] * 5

    run(main)


def test_a_task_that_is_read_from_a_checkpoint_may_have_been_started_before() -> None:
    async def main() -> None:
        world = World()
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        stored = world.journal.stored[execution.ref.uid]
        while not stored.commits:  # noqa: ASYNC110 - in virtual time
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.004)
        await world.crash()
        world.begin()
        world.adopt_all()
        await world.idle()

        assert [again for _, again in world.driver.starts] == [False, True]
        assert stored.outcome is not None

    run(main)


def test_a_write_that_landed_without_an_answer_is_not_made_twice() -> None:
    async def main() -> None:
        world = World()
        lost = 3

        def after(_: Commit) -> None:
            nonlocal lost
            if lost:
                lost -= 1
                raise Unavailable("no answer")

        world.journal.after = after
        stored = await world.complete(loaded(ONE_TASK))

        assert len(stored.commits) == 2
        assert len(world.driver.created) == 1

    run(main)


def test_a_write_that_is_refused_for_ever_fails_the_execution_plainly() -> None:
    async def main() -> None:
        world = World()

        def before(commit: Commit) -> None:
            if commit.expected_seq == 1 and commit.outcome and commit.outcome.status == "SUCCEEDED":
                raise Refused("request is too large")

        world.journal.before = before
        stored = await world.complete(loaded(ONE_TASK))

        assert stored.outcome is not None
        assert stored.outcome.status == "FAILED"
        assert stored.outcome.error == "States.Runtime"
        assert "request is too large" in (stored.outcome.cause or "")

    run(main)


def test_another_writer_makes_the_engine_reload_and_go_on() -> None:
    async def main() -> None:
        world = World(lambda _: (5.0, {"done": True}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        # A second engine on the same journal takes the execution up and writes first.
        second = World(lambda _: (5.0, {"done": True}))
        second.journal, second.driver.running = world.journal, world.driver.running
        stored = world.journal.stored[execution.ref.uid]
        stored.loaded = replace(stored.loaded, seq=stored.loaded.seq + 1)
        await world.idle()

        assert stored.outcome is not None
        assert stored.outcome.output == '{"done":true}'
        assert len(world.driver.created) == 1

    run(main)


def test_an_engine_without_the_lease_dispatches_nothing() -> None:
    async def main() -> None:
        world = World()
        world.lease.yes = False
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(60)

        assert world.driver.created == []

    run(main)


def test_a_deleted_execution_is_dropped_and_its_tasks_stopped() -> None:
    async def main() -> None:
        world = World(lambda _: (3600.0, {}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(10)
        world.journal.delete(execution.ref.uid)
        await world.engine.deleted(execution.ref)

        assert world.engine.live == 0
        assert world.driver.running == {}

    run(main)


@pytest.mark.parametrize("at", range(14))
@pytest.mark.parametrize("when", ["before the write", "after the write", "after the dispatch"])
@pytest.mark.parametrize("definition", [ORDER, DISTRIBUTED], ids=["an inline Map", "a distributed Map"])
def test_a_crash_at_any_write_changes_nothing_in_the_end(
    at: int, when: str, definition: dict[str, Any]
) -> None:
    attempts: dict[str, int] = {}

    def answer(task: StartTask) -> Any:
        attempts[task.path] = attempts.get(task.path, 0) + 1
        if task.state == "First" and task.attempt == 0:
            return 1.0, ("Boom", "the first time")
        return 1.0, ({"items": [1, 2, 3]} if task.state == "First" else task.input)

    async def main() -> list[dict[str, Any]]:
        world = World(answer)
        killed = asyncio.Event()
        count = 0

        def kill(_: Commit) -> None:
            nonlocal count
            count += 1
            if count == at + 1 and not killed.is_set():
                killed.set()
                raise asyncio.CancelledError

        if when == "before the write":
            world.journal.before = kill
        elif when == "after the write":
            world.journal.after = kill
        execution = world.journal.add(loaded(definition, {"items": [1, 2, 3]}))
        world.engine.adopt(execution)
        if when == "after the dispatch":
            stored = world.journal.stored[execution.ref.uid]
            while len(stored.commits) <= at and world.engine.live:  # noqa: ASYNC110 - in virtual time
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.004)
            killed.set()
        else:
            while world.engine.live and not killed.is_set():  # noqa: ASYNC110 - in virtual time
                await asyncio.sleep(0.01)
        await world.crash()
        await asyncio.sleep(3)
        world.begin()
        world.adopt_all()
        await world.idle()
        stored = world.journal.stored[execution.ref.uid]

        assert output(stored) == "[1,2,3]"
        assert len(set(world.driver.created)) == len(world.driver.created) == 5
        assert world.driver.running == {}
        # Of no task two engines were sure that they were the first to start it.
        for task in {task for task, _ in world.driver.starts}:
            said = [again for started, again in world.driver.starts if started == task]
            assert all(said[1:])
        assert stored.loaded.settled
        histories: dict[str, list[dict[str, Any]]] = {"": stored.events}
        for commit in stored.commits:
            for written in commit.child_histories.events():
                histories.setdefault(written.child, []).append(written.event)
        assert len(histories) == (4 if definition is DISTRIBUTED else 1)
        for events in histories.values():
            assert [event["id"] for event in events] == list(range(1, len(events) + 1))
        return stored.events

    run(main)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_submission_that_alone_tells_of_the_work_is_written_at_once(at_once: bool) -> None:
    """A process that died within the quarter of a minute that others wait asked for the work once more."""

    async def main() -> None:
        world = World(lambda _: (60, {}))
        world.engine.adopt(world.journal.add(loaded(ONE_TASK)))
        await asyncio.sleep(1)
        (stored,) = world.journal.stored.values()
        assert "TaskSubmitted" not in types(stored)

        ((uid, task),) = world.driver.running
        world.engine.report(uid, TaskSubmitted(task, {"id": 1}, at_once=at_once))
        await asyncio.sleep(1)

        assert ("TaskSubmitted" in types(stored)) == at_once

    run(main)
