"""Leases that lapse and return, and ends at awkward moments: found by simulation, each on its own here."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from stepwright.asl.resource import parse as parse_resource
from stepwright.asl.signals import TaskFailed, TaskId, TaskSucceeded
from stepwright.engine.effects import Effects, Release, Start
from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.engine.turns import Turns
from tests.engine.memory import MemoryDriver, World, loaded
from tests.engine.virtual_loop import VirtualClock, run
from tests.tasks.start_tasks import start_task

TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}}
ONE_TASK = {"StartAt": "A", "States": {"A": {**TASK, "End": True}}}


def test_a_dispatch_waits_for_a_lease_that_lapsed_and_is_renewed() -> None:
    """The start was dropped where the lease had lapsed for a moment, and the execution waited for ever."""

    async def main() -> None:
        world = World()
        execution = world.journal.add(loaded(ONE_TASK))
        world.journal.after = lambda _: setattr(world.lease, "yes", False)
        world.engine.adopt(execution)
        await asyncio.sleep(3)
        assert world.driver.created == []

        world.journal.after = lambda _: None
        world.lease.yes = True
        await world.idle()

        assert len(world.driver.created) == 1
        assert world.journal.stored[execution.ref.uid].loaded.settled

    run(main)


def test_nothing_is_written_or_swept_without_the_lease() -> None:
    """An engine that woke after its lease swept by what it knew, though another had gone on."""

    async def main() -> None:
        world = World(lambda _: (3600.0, {}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        await world.crash()
        stored = world.journal.stored[execution.ref.uid]
        key = (execution.ref.uid, TaskId(99))
        world.driver.running[key] = world.driver.running[(execution.ref.uid, world.driver.created[0][1])]
        world.begin()
        world.lease.yes = False
        world.engine.adopt(stored.loaded)
        await asyncio.sleep(30)
        assert key in world.driver.running

        world.lease.yes = True
        await asyncio.sleep(2)
        assert key not in world.driver.running

    run(main)


def test_an_execution_fenced_while_the_lease_lapsed_is_carried_on() -> None:
    async def main() -> None:
        world = World(lambda _: (5.0, {"done": True}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        stored = world.journal.stored[execution.ref.uid]
        stored.loaded = replace(stored.loaded, seq=stored.loaded.seq + 1)
        world.journal.before = lambda _: setattr(world.lease, "yes", False)
        await asyncio.sleep(20)
        assert world.engine.live == 1

        world.journal.before = lambda _: None
        world.lease.yes = True
        await world.idle()
        assert stored.outcome is not None

    run(main)


def test_a_task_that_was_given_up_is_stopped_before_the_execution_settles() -> None:
    """Its failure was reported while its Job waited for a node: the execution settled, and the Job was there."""

    class Impatient(MemoryDriver):
        def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:
            return (ref.uid, task) in self.running

    async def main() -> None:
        world = World(lambda _: (3600.0, {}))
        world.driver = Impatient(lambda _: (3600.0, {}))
        world.begin()
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        task = world.driver.created[0][1]
        world.engine.report(execution.ref.uid, TaskFailed(task, "Job.Unschedulable", "no node"))
        await world.idle()
        stored = world.journal.stored[execution.ref.uid]

        assert world.driver.stopped == [task]
        assert not stored.commits[-1].settled
        assert stored.loaded.settled

    run(main)


def test_an_engine_that_has_ended_takes_nothing_up() -> None:
    async def main() -> None:
        world = World()
        await asyncio.sleep(1)
        await world.crash()
        world.engine.adopt(world.journal.add(loaded(ONE_TASK)))

        assert world.engine.live == 0

    run(main)


def test_a_deleted_execution_is_cleared_away_though_the_driver_is_away_at_first() -> None:
    """What was watched for it stayed in memory."""

    class Away(MemoryDriver):
        async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
            if self.unavailable:
                self.unavailable -= 1
                raise Unavailable("the driver is away")
            await super().sweep(ref, wanted)

    async def main() -> None:
        world = World()
        world.driver = Away(lambda _: (3600.0, {}))
        world.begin()
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        world.journal.delete(execution.ref.uid)
        world.driver.unavailable = 3
        await world.engine.deleted(execution.ref)

        assert world.driver.running == {}

    run(main)


def test_a_deleted_execution_that_is_another_engines_by_now_is_left_to_that_one() -> None:
    """Its lease was waited for, which never came again."""

    async def main() -> None:
        world = World(lambda _: (3600.0, {}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        world.journal.delete(execution.ref.uid)
        world.lease.yes = False

        async with asyncio.timeout(600):
            await world.engine.deleted(execution.ref)

        assert (world.driver.stopped, world.driver.forgotten) == ([], [execution.ref.uid])

    run(main)


def test_a_goal_given_up_before_its_worker_began_can_be_set_again() -> None:
    """After a reload the task counted as being started, and nobody was starting it."""

    async def main() -> None:
        driver = MemoryDriver()
        ref = loaded(ONE_TASK).ref
        effects = Effects(
            ref,
            lambda _: driver,
            VirtualClock(),
            Turns(1),
            Turns(1),
            lambda: True,
            lambda _: None,
            lambda _: None,
            lambda: None,
        )
        task = start_task(parse_resource("k8s:job"), {})
        effects.want([Start(task, again=False)])
        await effects.cancel()
        effects.want([Start(task, again=False)])
        await effects.finished()

        assert driver.created == [(ref.uid, TaskId(5))]
        effects.want([Release(TaskId(5))])
        await effects.finished()
        assert driver.released == [TaskId(5)]

    run(main)


def test_an_execution_deleted_before_its_first_step_is_forgotten() -> None:
    async def main() -> None:
        world = World()
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await world.engine.deleted(execution.ref)
        await asyncio.sleep(1)

        assert world.engine.live == 0

    run(main)


def test_a_second_result_of_a_task_has_no_effect() -> None:
    async def main() -> None:
        world = World(lambda _: (2.0, {"n": 1}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        task = world.driver.created[0][1]
        world.engine.report(execution.ref.uid, TaskSucceeded(task, {"n": 1}))
        world.engine.report(execution.ref.uid, TaskSucceeded(task, {"n": 2}))
        await world.idle()
        stored = world.journal.stored[execution.ref.uid]

        assert [event["type"] for event in stored.events].count("TaskSucceeded") == 1
        assert stored.outcome is not None
        assert stored.outcome.output == '{"n":1}'

    run(main)
