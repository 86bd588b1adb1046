"""A task that only the checkpoint knows of is stopped, whatever becomes of the process that has cancelled it."""

# ruff: noqa: ASYNC110 - time is virtual
from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import NewerVersion, PartId
from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import Commit, Uid
from tests.engine.memory import MemoryDriver, RemoteDriver, Stored, World, loaded, stop, types
from tests.engine.virtual_loop import BEGIN, run

TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}}
ONE_TASK = {"StartAt": "A", "States": {"A": {**TASK, "End": True}}}
SLOW_AND_FAILING = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "Slow", "States": {"Slow": {**TASK, "End": True}}},
                {"StartAt": "Fails", "States": {"Fails": {**TASK, "End": True}}},
            ],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Pause", "ResultPath": "$.error"}],
            "Next": "Pause",
        },
        "Pause": {"Type": "Wait", "Seconds": 10, "Next": "After"},
        "After": {"Type": "Pass", "End": True},
    },
}
UID = Uid("uid-1")
SLOW = TaskId(5)
"""The task of Slow."""


def slow_and_failing(task: StartTask) -> tuple[float, Any]:
    return (3600.0, 1) if task.state == "Slow" else (20.0, ("No", "x"))


def kept(parts: Any) -> set[PartId]:
    return {part for part in parts if part.startswith("stop/")}


def kept_of(stored: Stored) -> set[PartId]:
    return kept(stored.loaded.parts)


async def cancelled(world: World) -> Stored:
    """Until the step is written that cancels the slow task."""
    world.engine.adopt(world.journal.add(loaded(SLOW_AND_FAILING, {})))
    stored = world.journal.stored[UID]
    await asyncio.sleep(19.9)
    while "ParallelStateFailed" not in types(stored) and "WaitStateEntered" not in types(stored):
        await asyncio.sleep(0.001)
    return stored


def test_a_stop_is_kept_with_the_step_that_cancels_the_task_until_it_is_done() -> None:
    async def main() -> None:
        world = World(slow_and_failing, driver=RemoteDriver)
        stored = await cancelled(world)
        assert kept_of(stored) == {f"stop/{SLOW}"}

        await world.idle()
        assert kept_of(stored) == set()
        assert world.driver.stopped == [SLOW]
        assert world.driver.running == {}
        assert stored.loaded.settled

    run(main)


def test_it_costs_no_write() -> None:
    async def main(driver: type[MemoryDriver]) -> list[Commit]:
        world = World(slow_and_failing, driver=driver)
        await cancelled(world)
        await world.idle()
        return world.journal.stored[UID].commits

    of_jobs, of_others = run(lambda: main(MemoryDriver)), run(lambda: main(RemoteDriver))

    assert not any(kept(commit.parts) for commit in of_jobs)
    assert len(of_others) == len(of_jobs)


@pytest.mark.parametrize("fails", [False, True], ids=["before it was made", "while it could not be made"])
def test_after_a_crash_the_task_is_stopped_by_what_was_submitted(fails: bool) -> None:
    async def main() -> None:
        world = World(slow_and_failing, driver=RemoteDriver)
        driver = world.driver
        assert isinstance(driver, RemoteDriver)
        driver.stops_fail = fails
        await cancelled(world)
        if fails:
            await asyncio.sleep(1)
        await world.crash()
        driver.stops_fail = False
        driver.cancelled.clear()
        world.begin()
        world.adopt_all()
        await asyncio.sleep(1)

        stopped = CancelTask(SLOW, parse_resource("k8s:job"), {"jobName": f"job-{SLOW}"}, BEGIN)
        assert driver.cancelled == [stopped]
        assert driver.stopped == [SLOW]
        await world.idle()
        assert kept_of(world.journal.stored[UID]) == set()

    run(main)


def test_an_execution_that_has_ended_settles_when_its_tasks_are_stopped() -> None:
    async def main() -> None:
        world = World(lambda _: (3600.0, 1), driver=RemoteDriver)
        driver = world.driver
        assert isinstance(driver, RemoteDriver)
        world.engine.adopt(world.journal.add(loaded(ONE_TASK)))
        await asyncio.sleep(20)
        driver.stops_fail = True
        stop(world)
        await asyncio.sleep(5)
        stored = world.journal.stored[UID]
        assert (stored.loaded.ended, stored.loaded.settled, len(kept_of(stored))) == (True, False, 1)
        await world.crash()
        world.begin()
        world.adopt_all()
        await asyncio.sleep(5)
        assert not stored.loaded.settled
        driver.stops_fail = False
        await world.idle()

        assert stored.loaded.settled
        assert driver.running == {}

    run(main)


@pytest.mark.parametrize("at", range(8))
@pytest.mark.parametrize("landed", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("stopped", [False, True], ids=["caught", "stopped"])
def test_nothing_runs_on_whichever_write_is_the_last_of_a_process(
    at: int, landed: bool, stopped: bool
) -> None:
    async def main() -> None:
        world = World(slow_and_failing, driver=RemoteDriver)
        killed = asyncio.Event()
        count = 0

        def kill(_: Commit) -> None:
            nonlocal count
            count += 1
            if count == at + 1:
                killed.set()
                raise asyncio.CancelledError

        if landed:
            world.journal.after = kill
        else:
            world.journal.before = kill
        world.engine.adopt(world.journal.add(loaded(SLOW_AND_FAILING, {})))
        seconds = 0
        while world.engine.live and not killed.is_set():
            await asyncio.sleep(0.1)
            seconds += 1
            if stopped and seconds == 18:
                stop(world)
        await world.crash()
        world.begin()
        world.adopt_all()
        if stopped and not world.journal.stored[UID].loaded.ended:
            stop(world)
        await world.idle()
        stored = world.journal.stored[UID]

        assert all(running.result is not None for running in world.driver.running.values())
        assert stored.loaded.settled
        assert len(set(world.driver.created)) == len(world.driver.created)

    run(main)


def test_what_somebody_has_edited_away_is_written_again_with_all_the_rest() -> None:
    async def main() -> None:
        world = World(slow_and_failing, driver=RemoteDriver)
        driver = world.driver
        assert isinstance(driver, RemoteDriver)
        driver.stops_fail = True
        stored = await cancelled(world)
        world.engine.restate(UID)
        await asyncio.sleep(1)

        assert stored.commits[-1].whole
        assert kept(stored.commits[-1].parts) == {f"stop/{SLOW}"}

    run(main)


def test_a_stop_is_read_as_it_was_written() -> None:
    cancel = CancelTask(
        TaskId(15), parse_resource("arn:aws:states:::glue:startJobRun.sync"), {"id": 1.0}, Millis(7)
    )
    encoded = checkpoints.encode_stop(cancel)

    assert encoded == {
        "kind": "stop",
        "cancelled": 15,
        "resource": "arn:aws:states:::glue:startJobRun.sync",
        "submitted": '{"id":1.0}',
        "scheduled": 7,
    }
    assert checkpoints.kept_stops({PartId("stop/15"): encoded, PartId("head"): {"kind": "head"}}) == [cancel]
    del encoded["scheduled"]  # as earlier versions have written it
    assert checkpoints.kept_stops({PartId("stop/15"): encoded})[0].scheduled is None
    begun = CancelTask(
        TaskId(15), parse_resource("k8s:create.sync"), scheduled=Millis(7), parameters={"manifest": "a"}
    )
    assert checkpoints.kept_stops({PartId("stop/15"): checkpoints.encode_stop(begun)}) == [begun]
    assert not checkpoints.has_open_encoded({PartId("stop/15"): encoded}, TaskId(15))
    with pytest.raises(NewerVersion):
        checkpoints.kept_stops({PartId("stop/15"): {**encoded, "version": 99}})


def test_a_kept_stop_says_as_whom_the_task_has_begun_what_is_stopped() -> None:
    athena = parse_resource("arn:aws:states:::athena:startQueryExecution.sync")
    stop = CancelTask(
        SLOW, athena, {"QueryExecutionId": "q-1"}, Millis(1), None, {"RoleArn": "arn:aws:iam::1:role/r"}
    )

    assert checkpoints.kept_stops({PartId(f"stop/{SLOW}"): checkpoints.encode_stop(stop)}) == [stop]
