"""A Map with a ResultWriter that fails or is stopped leaves each of its items in exactly one file, whenever the engine is killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from stepwright.asl.limits import Limits
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import parse
from stepwright.engine.ports import StopRequest
from tests.engine.memory import loaded
from tests.engine.shards import ShardWorld
from tests.engine.test_map_pieces_through_kills import EveryDriver, Files
from tests.engine.virtual_loop import run

WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}
READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "Parameters": {"Bucket": "b", "Key": "k"},
    "ReaderConfig": {"InputType": "JSON"},
}


def machine(*, reads: bool, **fields: Any) -> dict[str, Any]:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Job",
        "States": {"Job": {"Type": "Task", "Resource": "k8s:job", "End": True}},
    }
    each = {"Type": "Map", "ItemProcessor": processor, "ResultWriter": WRITER, "End": True, **fields}
    return {"StartAt": "Each", "States": {"Each": {**each, "ItemReader": READER} if reads else each}}


class Failing(Files):
    def __init__(self, count: int, seed: int, failing: set[int]) -> None:
        super().__init__(count, seed)
        self.failing = failing

    def answer(self, task: StartTask) -> tuple[float, Any]:
        seconds, answer = super().answer(task)
        return (seconds, ("E", "c")) if task.input in self.failing else (seconds, answer)

    def named(self) -> dict[str, list[int]]:
        [key] = [key for key in self.written if key.endswith("/manifest.json")]
        manifest: Any = parse(self.written[key])
        files = {status: [file["Key"] for file in named] for status, named in manifest["ResultFiles"].items()}
        every = [key for named in files.values() for key in named]
        assert sorted([*every, key]) == sorted(self.written)
        return {
            status: [int(child["Input"]) for key in keys for child in parse(self.written[key])]  # type: ignore[union-attr, index, call-overload, arg-type]
            for status, keys in files.items()
        }


@pytest.mark.parametrize("shards", [False, True], ids=["one checkpoint", "shards"])
@pytest.mark.parametrize("seed", range(30))
def test_each_item_is_in_one_file_whatever_is_lost(shards: bool, seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        count = random.randint(20, 70)
        stops, reads = random.random() < 0.4, random.random() < 0.5
        files = Failing(count, seed, set() if stops else set(random.sample(range(count), 6)))
        limits = Limits(
            shard_items=random.randint(2, 12) if shards else None,
            child_executions=random.randint(1, 5),
            shards=random.randint(1, 3),
        )
        world = ShardWorld(
            seed, limits, files.answer, trouble=random.choice([0, 0.05, 0.2]), driver=EveryDriver
        )
        execution = loaded(
            machine(reads=reads and shards, ToleratedFailureCount=3),
            None if reads and shards else list(range(count)),
        )
        world.engine.adopt(world.journal.add(execution))
        for _ in range(random.randint(0, 6)):
            await asyncio.sleep(random.random() * 3)
            await world.kill()
        if stops:
            await asyncio.sleep(random.random() * 3)
            world.stop(execution, StopRequest("Stopped", "by hand"))
        for _ in range(random.randint(0, 6)):
            await asyncio.sleep(random.random() * 2)
            await world.kill()
        stored = await world.rest(execution)

        assert stored.outcome is not None
        assert all(other.loaded.ended and other.loaded.settled for other in world.journal.stored.values())
        assert not any(job.result is None for job in world.jobs.running.values())
        last = [runs[-1] for commit in world.commits if (runs := commit.map_runs)][-1]
        assert last.items.running == last.executions.running == 0
        if stops and last.items.total == 0:
            return  # before anything was read
        assert (stored.outcome.error == "Stopped") == (stored.outcome.status == "ABORTED")
        named = files.named()
        assert sorted(item for found in named.values() for item in found) == list(range(count))
        assert last.items.succeeded == len(named["SUCCEEDED"])
        assert last.items.failed + last.items.aborted == len(named["FAILED"])
        if stored.outcome.status == "FAILED":
            assert stored.outcome.error == "States.ExceedToleratedFailureThreshold"
            assert len(files.failing & set(named["FAILED"])) > 3
        ends = Counter(
            event.event["type"]
            for commit in world.commits
            for event in commit.child_histories.events()
            if event.event["type"] in ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted")
        )
        assert ends["ExecutionSucceeded"] == len(named["SUCCEEDED"])
        assert ends["ExecutionFailed"] + ends["ExecutionAborted"] == len(named["FAILED"])

    run(main)
