"""Another engine carries an execution on: here nothing is stopped, and nothing is done any more."""

from __future__ import annotations

import asyncio

from stepwright.asl.signals import Millis, TaskId, TaskSucceeded
from stepwright.engine.parking import Parked
from tests.engine.memory import World, loaded, types
from tests.engine.virtual_loop import BEGIN, run

TASK = {"Type": "Task", "Resource": "k8s:job"}
ONE_TASK = {"StartAt": "A", "States": {"A": {**TASK, "End": True}}}
TWO_TASKS = {"StartAt": "A", "States": {"A": {**TASK, "Next": "B"}, "B": {**TASK, "End": True}}}


def test_a_task_runs_on_and_its_result_is_taken_by_who_has_the_execution_then() -> None:
    async def main() -> None:
        world = World(lambda _: (30.0, {"done": True}))
        execution = world.journal.add(loaded(ONE_TASK))
        uid = execution.ref.uid
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        written = len(world.journal.stored[uid].commits)

        await world.engine.let_go(uid)
        await asyncio.sleep(60)
        assert (world.engine.live, len(world.engine.timers)) == (0, 0)
        assert (world.driver.stopped, world.driver.forgotten) == ([], [uid])
        assert len(world.journal.stored[uid].commits) == written

        world.engine.adopt(await world.journal.load(execution.ref))
        await world.idle()
        assert world.journal.stored[uid].outcome is not None
        assert len(world.driver.created) == 1

    run(main)


def test_a_parked_execution_is_let_go_without_being_read() -> None:
    async def main() -> None:
        world = World()
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.park(Parked(execution.ref, Millis(BEGIN + 3_600_000), 1))

        await world.engine.let_go(execution.ref.uid)
        await asyncio.sleep(7_200)

        assert (world.engine.live, len(world.engine.timers)) == (0, 0)
        assert world.journal.stored[execution.ref.uid].commits == []

    run(main)


def test_what_was_reported_is_written_before_a_process_ends() -> None:
    async def main() -> None:
        world = World(lambda _: (30.0, {"done": True}))
        for name in ("one", "two"):
            world.engine.adopt(world.journal.add(loaded(TWO_TASKS, name=name, uid=name)))
        await asyncio.sleep(30.5)  # the first tasks have just ended
        world.journal.latency_seconds = 5
        await world.engine.all_written()

        assert [types(stored).count("TaskSucceeded") for stored in world.journal.stored.values()] == [1, 1]

    run(main)


def test_an_execution_that_ends_meanwhile_is_waited_for_no_longer() -> None:
    async def main() -> None:
        world = World(lambda _: (30.0, {"done": True}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(30)
        world.driver.report(execution.ref.uid, TaskSucceeded(TaskId(3), {}))
        async with asyncio.timeout(60):
            await world.engine.all_written()

        assert world.journal.stored[execution.ref.uid].outcome is not None

    run(main)
