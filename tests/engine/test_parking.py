"""Executions that only wait leave memory, and are there again when something happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

from stepwright.asl.signals import Millis
from stepwright.engine.parking import PARKS_FROM_SECONDS, Parked
from stepwright.engine.ports import ExecutionRef, Loaded, Uid
from tests.engine.memory import Stored, World, loaded, output, stop, types
from tests.engine.virtual_loop import VirtualClock, run

DAY = 86_400
UID = Uid("uid-1")
TASK = {"Type": "Task", "Resource": "k8s:job", "End": True}


def waits(seconds: int, **fields: Any) -> dict[str, Any]:
    return {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": seconds, "End": True}}, **fields}


async def begun(world: World, machine: Any, *, after: float = 5.0) -> Stored:
    world.engine.adopt(world.journal.add(loaded(machine, {"kept": 1.0})))
    await asyncio.sleep(after)
    return world.journal.stored[UID]


def test_a_long_wait_leaves_memory_and_ends_in_time() -> None:
    async def main() -> None:
        world = World()
        began = VirtualClock().now()
        stored = await begun(world, waits(DAY))
        assert (world.engine.live, world.engine.parked, len(world.engine.timers)) == (1, 1, 1)
        assert stored.commits[-1].waiting_until == began + DAY * 1000

        await world.idle()
        assert types(stored)[-2:] == ["WaitStateExited", "ExecutionSucceeded"]
        assert output(stored) == '{"kept":1.0}'
        assert VirtualClock().now() - began < DAY * 1000 + 1000
        assert (world.engine.live, len(world.engine.timers)) == (0, 0)

    run(main)


def test_a_short_wait_stays() -> None:
    async def main() -> None:
        world = World()
        await begun(world, waits(20))
        assert (world.engine.live, world.engine.parked) == (1, 0)

    run(main)


def test_what_is_parked_can_be_stopped() -> None:
    async def main() -> None:
        world = World()
        stored = await begun(world, waits(DAY))
        stop(world)
        await asyncio.sleep(1)

        assert types(stored)[-1] == "ExecutionAborted"
        assert (world.engine.live, len(world.engine.timers)) == (0, 0)

    run(main)


def test_the_time_out_of_a_parked_execution_fires() -> None:
    async def main() -> None:
        world = World()
        stored = await begun(world, waits(DAY, TimeoutSeconds=3600))
        assert world.engine.parked == 1
        await world.idle()

        assert types(stored)[-1] == "ExecutionTimedOut"

    run(main)


def test_nothing_is_parked_while_a_task_runs() -> None:
    machine = {
        "StartAt": "P",
        "States": {
            "P": {
                "Type": "Parallel",
                "Branches": [waits(DAY), {"StartAt": "T", "States": {"T": TASK}}],
                "End": True,
            }
        },
    }

    async def main() -> None:
        world = World(lambda task: (60.0, task.input))
        stored = await begun(world, machine, after=55)
        assert world.engine.parked == 0
        task = world.driver.created[0][1]
        assert world.engine.has_open(UID, task) is True
        assert stored.commits[-1].waiting_until is None
        await asyncio.sleep(10)
        assert world.engine.parked == 1
        assert not world.driver.running  # its Job was released before
        assert world.engine.has_open(UID, task) is False
        await world.idle()

        assert types(stored)[-1] == "ExecutionSucceeded"

    run(main)


def test_an_attempt_after_a_long_interval_is_made_once() -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": DAY, "MaxAttempts": 1}
    machine = {"StartAt": "T", "States": {"T": {**TASK, "Retry": [retry]}}}

    async def main() -> None:
        answers: list[Any] = [("Custom", "no"), {"done": True}]
        world = World(lambda _: (1.0, answers.pop(0)))
        stored = await begun(world, machine)
        assert world.engine.parked == 1
        await world.idle()

        assert len(world.driver.created) == 2
        assert types(stored)[-1] == "ExecutionSucceeded"

    run(main)


def test_a_deleted_one_is_forgotten() -> None:
    async def main() -> None:
        world = World()
        stored = await begun(world, waits(DAY))
        world.journal.delete(UID)
        await world.engine.deleted(stored.loaded.ref)

        assert (world.engine.live, len(world.engine.timers)) == (0, 0)
        await world.idle()

    run(main)


def test_one_deleted_unseen_is_forgotten_when_its_time_comes() -> None:
    async def main() -> None:
        world = World()
        await begun(world, waits(DAY))
        world.journal.delete(UID)
        await world.idle()

        assert (world.engine.live, len(world.engine.timers)) == (0, 0)

    run(main)


def test_after_a_restart_it_waits_without_being_read() -> None:
    async def main() -> None:
        world = World()
        stored = await begun(world, waits(DAY))
        until = stored.commits[-1].waiting_until
        assert until is not None
        await world.crash()
        world.begin()
        world.engine.park(Parked(stored.loaded.ref, until, stored.loaded.seq))
        await world.idle()

        assert types(stored)[-1] == "ExecutionSucceeded"
        assert len(stored.commits) == 2

    run(main)


def test_of_many_that_are_due_at_once_each_is_read_before_then_at_a_moment_of_its_own() -> None:
    async def main() -> None:
        world = World()
        due = Millis(VirtualClock().now() + DAY * 1000)
        read: list[int] = []
        load = world.journal.load

        async def noted(ref: ExecutionRef, at_least: int | None = None) -> Loaded:
            read.append(VirtualClock().now())
            return await load(ref, at_least)

        world.journal.load = noted  # type: ignore[method-assign]
        stored = await begun(world, waits(DAY))
        for number in range(2, 202):
            other = replace(stored.loaded.ref, uid=Uid(f"uid-{number}"))
            world.journal.add(replace(stored.loaded, ref=other))
            world.engine.park(Parked(other, due, stored.loaded.seq))
        await world.idle()

        assert len(read) == 201
        assert max(read) <= due
        assert min(read) >= due - PARKS_FROM_SECONDS * 1000
        seconds = Counter(moment // 1000 for moment in read)
        assert len(seconds) > 15
        assert max(seconds.values()) < 30
        ended = [entry.commits[-1].now for entry in world.journal.stored.values()]
        assert all(due <= moment < due + 1000 for moment in ended)

    run(main)


def test_what_was_written_since_is_read_at_once() -> None:
    """A restarted operator parks by an old list; the event of the newer write comes later."""
    machine = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": DAY, "Next": "T"}, "T": TASK}}

    async def main() -> None:
        world = World(lambda task: (600.0, task.input))
        stored = await begun(world, machine)
        ref, seq = stored.loaded.ref, stored.loaded.seq
        await asyncio.sleep(DAY)
        await world.crash()
        assert stored.loaded.seq > seq
        world.begin()
        world.engine.park(Parked(ref, Millis(VirtualClock().now() + DAY * 1000), seq))
        world.engine.written(UID, seq)
        assert world.engine.parked == 1
        world.engine.written(UID, stored.loaded.seq)
        assert world.engine.parked == 0
        await world.idle()

        assert types(stored)[-1] == "ExecutionSucceeded"
        assert len(world.driver.created) == 1

    run(main)


def test_what_an_older_reading_does_not_know_of_is_not_stopped() -> None:
    """It is read from the API server's memory when its time comes. What was written since it was parked, by this process
    itself before it let go of the execution, may not be there yet: the Job was stopped as unwanted."""
    machine = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": DAY, "Next": "T"}, "T": TASK}}

    async def main() -> None:
        world = World(lambda task: (600.0, task.input))
        stored = await begun(world, machine)
        older = stored.loaded
        await asyncio.sleep(DAY)
        await world.crash()
        load = world.journal.load

        async def from_memory(ref: ExecutionRef, at_least: int | None = None) -> Loaded:
            return await load(ref) if at_least is None else older

        world.journal.load = from_memory  # type: ignore[method-assign]
        world.begin()
        world.engine.park(Parked(older.ref, Millis(VirtualClock().now() + 40_000), older.seq))
        await world.idle()

        assert types(stored)[-1] == "ExecutionSucceeded"
        assert len(world.driver.created) == 1
        assert world.driver.stopped == []

    run(main)
