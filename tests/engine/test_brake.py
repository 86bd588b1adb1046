"""Executions that loop without a Wait: stopped at once, and no faster than the store can bear."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwright.asl.limits import Limits
from stepwright.asl.signals import Millis
from stepwright.engine.brake import Brake
from tests.engine.memory import Stored, World, loaded, stop, types
from tests.engine.virtual_loop import run

LOOP: dict[str, Any] = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "End"}],
            "Default": "A",
        },
        "End": {"Type": "Succeed"},
    },
}
KINDS = ["inline", "STANDARD", "EXPRESS"]


def looping(kind: str) -> dict[str, Any]:
    """The loop as the only iteration of a Map: an inline one, or a distributed one with child executions of a kind."""
    config = {"Mode": "INLINE"} if kind == "inline" else {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, **LOOP}
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}
    return {"StartAt": "Each", "States": {"Each": each}}


def recorded(stored: Stored) -> int:
    """How many events all histories have, those of child executions among them."""
    return len(stored.events) + sum(len(commit.child_histories) for commit in stored.commits)


BESIDE_A_TASK = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [
                LOOP,
                {
                    "StartAt": "T",
                    "States": {
                        "T": {"Type": "Task", "Resource": "k8s:job", "Next": "No"},
                        "No": {"Type": "Fail"},
                    },
                },
            ],
            "End": True,
        }
    },
}


@pytest.mark.parametrize("limits", [Limits(), Limits(events_per_second=100)], ids=["no brake", "brake"])
def test_a_loop_without_end_is_stopped_at_once(limits: Limits) -> None:
    """The stop was looked at when the loop had come to its end, hence never."""

    async def main() -> None:
        world = World(limits=limits)
        execution = world.journal.add(loaded(LOOP))
        world.engine.adopt(execution)
        await asyncio.sleep(0.2)
        stop(world)
        async with asyncio.timeout(0.1):
            await world.idle()

        assert types(world.journal.stored[execution.ref.uid])[-1] == "ExecutionAborted"

    run(main)


def test_a_task_that_fails_beside_a_loop_ends_it() -> None:
    async def main() -> None:
        world = World(lambda _: (0.3, ("Broken", "")))
        execution = world.journal.add(loaded(BESIDE_A_TASK))
        world.engine.adopt(execution)
        async with asyncio.timeout(1):
            await world.idle()

        assert types(world.journal.stored[execution.ref.uid])[-1] == "ExecutionFailed"

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_a_history_grows_as_fast_as_it_may_and_no_faster(kind: str) -> None:
    async def main() -> None:
        world = World(limits=Limits(events_per_second=500, events_per_step=100))
        execution = world.journal.add(loaded(looping(kind), {"items": [{}, {}]}))
        world.engine.adopt(execution)
        stored = world.journal.stored[execution.ref.uid]
        await asyncio.sleep(0.5)
        assert 5_000 <= recorded(stored) <= 5_700

        before, writes = recorded(stored), len(stored.commits)
        await asyncio.sleep(60)
        assert 29_000 <= recorded(stored) - before <= 31_000
        assert len(stored.commits) - writes <= 61

        stop(world)
        await world.idle()

    run(main)


@pytest.mark.parametrize("kind", KINDS)
def test_after_a_restart_a_braked_execution_goes_on(kind: str) -> None:
    """To the end of its history, or of that of its child execution."""

    async def main() -> None:
        limits = Limits(events_per_second=50, history_events=1_500)
        world = World(limits=limits)
        execution = world.journal.add(loaded(looping(kind), {"items": [{}]}))
        world.engine.adopt(execution)
        stored: Stored = world.journal.stored[execution.ref.uid]
        await asyncio.sleep(1)
        assert recorded(stored) < 1_000
        await world.crash()
        world.begin()
        world.adopt_all()
        await asyncio.sleep(1)
        assert recorded(stored) < 1_500
        await world.idle()

        assert 1_500 <= recorded(stored) <= 1_510
        assert types(stored)[-1] == "ExecutionFailed"

    run(main)


def test_a_brake_lets_go_on_when_events_of_a_second_are_saved() -> None:
    brake = Brake(100)
    assert brake.opens(Millis(0)) == 0
    brake.spend(1_050, Millis(0))

    assert brake.opens(Millis(0)) == 1_500
    assert brake.opens(Millis(600)) == 1_500
    assert brake.opens(Millis(1_500)) == 1_500
    brake.spend(40, Millis(1_500))
    assert brake.opens(Millis(1_500)) == 1_500


def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing() -> None:
    brake = Brake(100)
    brake.spend(1_000, Millis(10_000))

    assert brake.opens(Millis(2_000)) == 3_000
    assert brake.opens(Millis(3_000)) == 3_000
