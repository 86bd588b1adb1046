"""A Map that reads its items and writes its results elsewhere does both once, whenever the engine is killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import parse
from tests.engine.memory import MemoryDriver, World, loaded, stop, types
from tests.engine.virtual_loop import run

MACHINE: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "Parameters": {"Bucket": "b", "Key": "k"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "T",
                "States": {"T": {"Type": "Task", "Resource": "k8s:job", "End": True}},
            },
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}},
            "End": True,
        }
    },
}
DETAILS: dict[str, Any] = {"Bucket": "b", "Key": "k"}


class EveryDriver(MemoryDriver):
    def serves(self, resource: Resource) -> bool:
        return super().serves(resource) or resource in (ITEM_READER, RESULT_WRITER)


def answer(task: StartTask) -> tuple[float, Any]:
    if task.resource == ITEM_READER:
        return 1.0, {"items": [1, 2, 3]}
    if task.resource == RESULT_WRITER:
        return 1.0, DETAILS
    return 1.0, task.input


@pytest.mark.parametrize("seed", range(30))
def test_everything_is_read_and_written_once(seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        world = World(answer, driver=EveryDriver)
        execution = world.journal.add(loaded(MACHINE))
        world.engine.adopt(execution)
        for _ in range(4):
            await asyncio.sleep(random.uniform(0, 1.0))
            await world.crash()
            world.begin()
            world.adopt_all()
        await world.idle()
        stored = world.journal.stored[execution.ref.uid]

        assert stored.outcome is not None
        output: Any = parse(stored.outcome.output or "null")
        assert output["ResultWriterDetails"] == DETAILS
        assert set(Counter(world.driver.created).values()) == {1}
        assert len(world.driver.created) == 5
        assert world.driver.running == {}
        assert types(stored)[3:] == [
            "MapRunStarted",
            "MapRunSucceeded",
            "MapStateSucceeded",
            "MapStateExited",
            "ExecutionSucceeded",
        ]

    run(main)


@pytest.mark.parametrize("seconds", [0.5, 2.5])
def test_what_reads_or_writes_when_the_execution_is_stopped_is_stopped_after_a_kill(seconds: float) -> None:
    async def main() -> None:
        world = World(answer, driver=EveryDriver)
        execution = world.journal.add(loaded(MACHINE))
        world.engine.adopt(execution)
        await asyncio.sleep(seconds)
        await world.crash()
        world.begin()
        world.adopt_all()
        stop(world)
        await world.idle()

        assert types(world.journal.stored[execution.ref.uid])[-1] == "ExecutionAborted"
        assert world.driver.running == {}

    run(main)


def test_what_nothing_reads_fails_with_the_reason() -> None:
    async def main() -> None:
        world = World()
        stored = await world.complete(loaded(MACHINE))

        assert stored.outcome is not None
        assert stored.outcome.error == "States.Runtime"
        assert stored.outcome.cause is not None
        assert (
            "Nothing in this installation reads the items of state 'Each' (its ItemReader)."
            in stored.outcome.cause
        )

    run(main)
