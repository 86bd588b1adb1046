"""Executions leave memory while others have their tasks, and are there again when one is answered."""

from __future__ import annotations

import asyncio
from typing import Any

from stepwright.asl.signals import TaskId, TimerId
from stepwright.engine.ports import ExecutionRef, Heartbeat, Uid
from tests.engine.memory import MemoryDriver, Stored, World, loaded, output, stop, types
from tests.engine.virtual_loop import run

UID = Uid("uid-1")
TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "End": True}
HOUR = 3_600


class Long(MemoryDriver):
    """Its tasks take an hour."""

    def __init__(self) -> None:
        super().__init__(lambda task: (HOUR, task.input))


class Elsewhere(Long):
    """Workers have them."""

    def is_answered_elsewhere(self, ref: ExecutionRef, task: TaskId) -> bool:
        return (ref.uid, task) in self.running

    async def expire(self, ref: ExecutionRef, task: TaskId, timer: TimerId) -> bool:  # noqa: ARG002
        return True


async def begun(state: dict[str, Any], driver: type[MemoryDriver] = Elsewhere) -> tuple[World, Stored]:
    """After a minute."""
    world = World(driver=driver)
    world.engine.adopt(world.journal.add(loaded({"StartAt": "T", "States": {"T": state}}, {"kept": 1.0})))
    await asyncio.sleep(60)
    return world, world.journal.stored[UID]


def test_an_execution_whose_task_a_worker_has_leaves_memory_and_goes_on_with_the_answer() -> None:
    async def main() -> None:
        world, stored = await begun(TASK)
        assert (world.engine.live, world.engine.parked, len(world.engine.timers)) == (1, 1, 0)
        [(_, task)] = world.driver.running
        assert world.engine.has_open(UID, task)
        assert not world.engine.has_open(UID, TaskId(task + 1))

        await world.idle()
        assert (stored.outcome is not None, output(stored)) == (True, '{"kept":1.0}')
        assert world.driver.released == [task]
        assert world.driver.created == [(UID, task)]

    run(main)


def test_one_that_waits_for_a_timer_besides_is_there_in_time() -> None:
    async def main() -> None:
        wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}}
        both = {"Type": "Parallel", "Branches": [{"StartAt": "B", "States": {"B": TASK}}, wait], "End": True}
        world, stored = await begun(both)
        assert world.engine.parked == 1
        await asyncio.sleep(560)
        assert types(stored)[-1] == "WaitStateExited"

        await world.idle()
        assert output(stored) == '[{"kept":1.0},{"kept":1.0}]'

    run(main)


def test_its_task_times_out_while_it_is_parked() -> None:
    async def main() -> None:
        world, stored = await begun({**TASK, "TimeoutSeconds": 300})
        assert world.engine.parked == 1
        await world.idle()

        assert stored.outcome is not None
        assert stored.outcome.error == "States.Timeout"
        assert len(world.driver.stopped) == 1

    run(main)


def test_a_task_that_must_give_signs_of_life_keeps_its_execution_in_memory() -> None:
    async def main() -> None:
        world, _ = await begun({**TASK, "TimeoutSeconds": HOUR, "HeartbeatSeconds": 120})
        assert (world.engine.live, world.engine.parked) == (1, 0)

    run(main)


def test_a_sign_of_life_that_nobody_asked_for_wakes_nobody() -> None:
    async def main() -> None:
        world, _ = await begun(TASK)
        [(_, task)] = world.driver.running
        world.driver.report(UID, Heartbeat(task))
        await asyncio.sleep(1)
        assert world.engine.parked == 1

    run(main)


def test_a_task_that_this_process_looks_after_keeps_its_execution_in_memory() -> None:
    async def main() -> None:
        world, _ = await begun(TASK, Long)
        assert (world.engine.live, world.engine.parked) == (1, 0)

    run(main)


def test_a_parked_execution_whose_task_a_worker_has_can_be_stopped_and_deleted() -> None:
    async def main() -> None:
        world, stored = await begun(TASK)
        stop(world)
        await asyncio.sleep(1)
        assert types(stored)[-1] == "ExecutionAborted"
        assert len(world.driver.stopped) == 1

        world, stored = await begun(TASK)
        del world.journal.stored[UID]
        await world.engine.deleted(stored.loaded.ref)
        assert (world.engine.live, len(world.driver.stopped)) == (0, 1)

    run(main)


def test_another_engine_goes_on_with_a_parked_execution_and_its_task() -> None:
    async def main() -> None:
        world, stored = await begun(TASK)
        await world.engine.let_go(UID)
        assert (world.engine.live, world.driver.forgotten, world.driver.stopped) == (0, [UID], [])

        world.engine.adopt(stored.loaded)
        await world.idle()
        assert output(stored) == '{"kept":1.0}'

    run(main)
