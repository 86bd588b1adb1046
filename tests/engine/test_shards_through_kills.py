"""A Map in shards comes to the same end, with each child execution and each Job once, however often the engine is killed and
whatever the store loses."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.limits import Limits
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import parse
from stepwright.engine.ports import StopRequest
from tests.engine.memory import Stored, loaded, types
from tests.engine.shards import ShardWorld
from tests.engine.virtual_loop import run


def each(**fields: Any) -> dict[str, Any]:
    """Every item that is even is given to a Job, all others pass."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Which",
        "States": {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.job", "BooleanEquals": True, "Next": "Job"}],
                "Default": "Pass",
            },
            "Job": {"Type": "Task", "Resource": "k8s:job", "End": True},
            "Pass": {"Type": "Pass", "End": True},
        },
    }
    return {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}},
    }


def items(count: int, every: int) -> list[Json]:
    return [{"n": number, "job": number % every == 0} for number in range(count)]


def answering(seed: int, *failing: int) -> Any:
    random = Random(seed)

    def answer(task: StartTask) -> tuple[float, Any]:
        assert isinstance(task.input, dict)
        seconds = random.uniform(0.1, 3)
        return (seconds, ("E", "c")) if task.input["n"] in failing else (seconds, task.input)

    return answer


def histories(world: ShardWorld) -> dict[str, list[str]]:
    """Of every child execution: the types of its events, as they were written."""
    found: dict[str, list[str]] = {}
    for commit in world.commits:
        for written in commit.child_histories.events():
            found.setdefault(written.child, []).append(written.event["type"])
    return found


def check_done_once(world: ShardWorld, stored: Stored, given: list[Json]) -> None:
    assert stored.outcome is not None
    assert stored.outcome.status == "SUCCEEDED", stored.outcome
    assert parse(stored.outcome.output or "") == given
    told = histories(world)
    assert len(told) == len(given)
    assert all(
        Counter(events)["ExecutionStarted"] == 1 and events[-1] == "ExecutionSucceeded"
        for events in told.values()
    )
    created = Counter(world.jobs.created)
    assert len(created) == sum(1 for item in given if isinstance(item, dict) and item["job"])
    assert set(created.values()) <= {1}
    assert not any(job.result is None for job in world.jobs.running.values())
    assert types(stored)[-4:] == [
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]
    last = [runs[-1] for commit in world.commits if (runs := commit.map_runs)][-1]
    assert (last.status, last.items.succeeded, last.items.failed) == ("SUCCEEDED", len(given), 0)
    assert (last.executions.total, last.executions.succeeded) == (len(given), len(given))


@pytest.mark.parametrize("seed", range(3))
def test_ten_thousand_items_are_done_once(seed: int) -> None:
    async def main() -> None:
        limits = Limits(shard_items=500, child_executions=40, shards=4)
        world = ShardWorld(seed, limits, answering(seed))
        given = items(10_000, every=50)
        stored = await world.to_end(loaded(each(), given), kills=12, within_seconds=12)

        check_done_once(world, stored, given)
        assert world.kills == 12
        assert world.seen.most_open == 4
        assert world.seen.most_live <= 160
        # Of none of them there is more than of a shard: its children, their results in chunks, and what is open.
        assert world.seen.most_parts < 200
        assert set(world.journal.stored) == {stored.loaded.ref.uid} | world.left_behind()

    run(main)


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_lost_each_item_is_done_once(seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        concurrency = random.choice([0, 1, 5, 12])
        limits = Limits(
            shard_items=random.randint(3, 40),
            child_executions=random.randint(1, 8),
            shards=random.randint(1, 4),
        )
        world = ShardWorld(seed, limits, answering(seed), trouble=random.choice([0, 0.05, 0.3]))
        given = items(random.randint(41, 150), every=random.randint(2, 9))
        stored = await world.to_end(
            loaded(each(MaxConcurrency=concurrency), given), kills=random.randint(0, 9), within_seconds=30
        )

        check_done_once(world, stored, given)
        assert world.seen.most_live <= (concurrency or limits.child_executions * limits.shards)
        assert world.seen.most_open <= limits.shards

    run(main)


@pytest.mark.parametrize("seed", range(20))
def test_however_often_a_map_is_updated_its_bounds_hold_and_each_item_is_done_once(seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        limits = Limits(
            shard_items=random.randint(3, 20),
            child_executions=random.randint(1, 8),
            shards=random.randint(1, 4),
        )
        world = ShardWorld(seed, limits, answering(seed), trouble=random.choice([0, 0.05, 0.3]))
        given = items(150, every=2)
        execution = loaded(each(MaxConcurrency=random.choice([0, 1, 5])), given)
        world.engine.adopt(world.journal.add(execution))
        for _ in range(random.randint(0, 5)):
            await world.update(execution, random.choice([0, 1, 2, 5, 12]))
            await asyncio.sleep(random.random() * 2)
            if random.random() < 0.5:
                await world.kill()
        last = random.choice([1, 2, 5])
        await world.update(execution, last)
        await asyncio.sleep(10)  # until what ran beyond that has ended
        world.seen.most_live = 0
        stored = await world.rest(execution)

        check_done_once(world, stored, given)
        assert world.seen.most_live <= last

    run(main)


@pytest.mark.parametrize("seed", range(40))
def test_a_failure_or_a_stop_ends_all_that_runs_in_shards(seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        limits = Limits(shard_items=random.randint(3, 20), child_executions=5, shards=3)
        failing = [] if seed % 2 else random.sample(range(0, 60, 2), 6)
        world = ShardWorld(seed, limits, answering(seed, *failing), trouble=random.choice([0, 0.05, 0.3]))
        execution = loaded(each(ToleratedFailureCount=3), items(60, every=2))
        world.engine.adopt(world.journal.add(execution))
        for _ in range(random.randint(0, 4)):
            await asyncio.sleep(random.random())
            await world.kill()
        if not failing:
            await asyncio.sleep(random.random())
            world.stop(execution, StopRequest("Stopped", "by hand"))
            await asyncio.sleep(random.random() * 0.02)
            await world.kill()
        stored = await world.rest(execution)

        assert stored.outcome is not None
        assert stored.outcome.error == ("States.ExceedToleratedFailureThreshold" if failing else "Stopped")
        assert all(other.loaded.ended and other.loaded.settled for other in world.journal.stored.values())
        assert not any(job.result is None for job in world.jobs.running.values())
        ends = [events[-1] for events in histories(world).values()]
        assert set(ends) <= {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted"}
        last = [runs[-1] for commit in world.commits if (runs := commit.map_runs)][-1]
        assert last.status == ("FAILED" if failing else "ABORTED")
        assert last.items.running == last.executions.running == 0

    run(main)
