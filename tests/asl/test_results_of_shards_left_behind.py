"""A Map in shards that does not succeed: each shard leaves what it has, and what no shard has is listed."""

from __future__ import annotations

import random
from itertools import chain
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stepwright.asl.checkpoint.parts import Shard
from stepwright.asl.limits import Limits
from stepwright.asl.map_data import requests
from stepwright.asl.resource import ITEM_READER, MAP_SHARD, RESULT_WRITER
from stepwright.asl.signals import Signal, Stop, TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from tests.asl.test_distributed_map import TASK, each, map_run
from tests.asl.test_map_readers_and_writers import READER
from tests.asl.test_map_shards import Sharded
from tests.asl.test_results_left_behind import WRITER, Bucket, flat, inputs
from tests.asl.virtual_time import begin

LIMITS = Limits(shard_items=3, child_executions=2, shards=2)
COUNT = 20


class Pieces(Bucket):
    """Reads numbers, in windows of two pieces; ``lost``: the window that cannot be read."""

    def __init__(self, *failing: Any, lost: int | None = None) -> None:
        super().__init__(*failing)
        self.lost = lost

    def __call__(self, task: StartTask) -> Signal:
        if task.resource is not ITEM_READER:
            return super().__call__(task)
        wanted = requests.reading(task.parameters)
        if wanted.piece is not None:
            return TaskSucceeded(task.task, {"items": wanted.piece["numbers"]})
        assert wanted.window is not None
        first = wanted.window.after or 0
        if first == self.lost:
            return TaskFailed(task.task, "States.ItemReaderFailed", "gone")
        numbers = [list(range(COUNT))[at : at + 3] for at in (first, first + 3)]
        pieces: list[Any] = [{"count": len(some), "piece": {"numbers": some}} for some in numbers if some]
        return TaskSucceeded(task.task, {"pieces": pieces, "after": first + 6 if first + 6 < COUNT else None})


def begun(seed: int = 0, *, reads: bool = False, **fields: Any) -> Sharded:
    more: dict[str, Any] = {"ItemReader": READER} if reads else {"ItemsPath": "$.items"}
    definition = each(TASK, ResultWriter=WRITER, **more, **fields)
    given: Any = {"bucket": "b", "items": list(range(COUNT))}
    return Sharded(begin(definition, given, LIMITS), random=random.Random(seed))


def named(bucket: Bucket, redrive: int = 0) -> dict[str, list[Any]]:
    return inputs(bucket.named(redrive))


@pytest.mark.parametrize("reads", [False, True], ids=["items", "pieces"])
@pytest.mark.parametrize("seed", range(6))
def test_each_item_is_in_one_file_when_a_map_fails_and_when_it_is_redriven(reads: bool, seed: int) -> None:
    bucket = Pieces(4, 7)
    sharded = begun(seed, reads=reads, ToleratedFailureCount=1).to_end(bucket)
    play = sharded.parent

    assert play.outcome is not None
    assert play.outcome.error == "States.ExceedToleratedFailureThreshold"
    assert play.types[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    found = named(bucket)
    assert sorted(chain.from_iterable(found.values())) == list(range(COUNT))
    assert {4, 7} <= set(found["FAILED"])
    assert found["PENDING"]
    run = map_run(play)
    assert (run.status, run.items.total, run.items.running, run.items.failed) == ("FAILED", COUNT, 0, 2)
    assert run.items.succeeded == len(found["SUCCEEDED"])
    assert run.items.aborted == len(found["FAILED"]) - 2
    assert all(shard.outcome is not None for shard in sharded.shards.values())
    done = {child.name for child in sharded.children.values() if child.status == "SUCCEEDED"}
    events = {name: len(history) for name, history in sharded.child_events.items()}
    before = dict(bucket.files)

    bucket.failing = ()
    play.redrive()
    sharded.to_end(bucket)

    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"
    again = named(bucket, redrive=1)
    assert sorted(chain.from_iterable(again.values())) == list(range(COUNT))
    assert again["PENDING"] == []
    assert {key: bucket.files[key] for key in before} == before
    assert all(len(sharded.child_events[name]) == events[name] for name in done)
    run = map_run(play)
    assert (run.status, run.items.succeeded + run.items.failed, run.redrives) == ("SUCCEEDED", COUNT, 1)
    assert run.executions.total == COUNT


@pytest.mark.parametrize("reads", [False, True], ids=["items", "pieces"])
@pytest.mark.parametrize("seed", range(6))
def test_each_item_is_in_one_file_when_a_map_is_stopped(reads: bool, seed: int) -> None:
    bucket = Pieces()
    sharded = begun(seed, reads=reads)
    sharded.parent.go_on()
    for _ in range(3 + 4 * seed):
        sharded.begin()
        sharded.one(bucket)
    sharded.parent.send(Stop("S", "c"))
    sharded.to_end(bucket)

    assert sharded.parent.outcome is not None
    assert (sharded.parent.outcome.status, sharded.parent.outcome.error) == ("ABORTED", "S")
    assert map_run(sharded.parent).status == "ABORTED"
    assert sorted(chain.from_iterable(named(bucket).values())) == list(range(COUNT))

    sharded.parent.redrive()
    sharded.to_end(bucket)
    assert sharded.parent.outcome.status == "SUCCEEDED"
    assert sorted(named(bucket, redrive=1)["SUCCEEDED"]) == list(range(COUNT))


def test_items_that_cannot_be_read_are_all_that_the_files_lack() -> None:
    bucket = Pieces(lost=12)
    sharded = begun(reads=True).to_end(bucket)

    assert sharded.parent.outcome is not None
    assert (sharded.parent.outcome.error, sharded.parent.outcome.cause) == ("States.ItemReaderFailed", "gone")
    assert sorted(chain.from_iterable(named(bucket).values())) == list(range(12))

    bucket.lost = None
    sharded.parent.redrive()
    sharded.to_end(bucket)
    assert sharded.parent.outcome.status == "SUCCEEDED"
    assert sorted(named(bucket, redrive=1)["SUCCEEDED"]) == list(range(COUNT))


def test_a_failure_stays_what_it_is_though_the_rest_cannot_be_read() -> None:
    bucket = Pieces(0, lost=18)
    sharded = begun(reads=True).to_end(bucket)

    assert sharded.parent.outcome is not None
    assert sharded.parent.outcome.error == "States.ExceedToleratedFailureThreshold"
    assert sharded.parent.outcome.cause is not None
    assert sharded.parent.outcome.cause.endswith(" Its other items could not be read: gone")


def test_neither_the_map_nor_a_shard_grows_with_the_items_that_are_listed() -> None:
    bucket = Pieces(0)
    sharded = begun(reads=True)
    parts, opened = 0, 0
    sharded.parent.go_on()
    while sharded.parent.outcome is None:
        sharded.begin()
        shards = [part for part in sharded.parent.checkpoint.parts.values() if isinstance(part, Shard)]
        parts, opened = max(parts, len(sharded.parent.journal)), max(opened, len(shards))
        sharded.one(bucket)

    assert opened <= 2 * LIMITS.shards
    assert parts <= 14
    assert all(task.resource in (MAP_SHARD, ITEM_READER, RESULT_WRITER) for task in sharded.parent.started)


@given(
    st.integers(1, COUNT),
    st.sets(st.integers(0, COUNT - 1), max_size=5),
    st.integers(0, 3),
    st.booleans(),
    st.integers(1, 4),
    st.one_of(st.none(), st.integers(0, 60)),
    st.integers(0, 2**32),
)
@settings(max_examples=80, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_whatever_happens_each_item_is_in_one_file(
    concurrency: int,
    failing: set[int],
    tolerated: int,
    reads: bool,
    batch: int,
    stopped: int | None,
    seed: int,
) -> None:
    fields: dict[str, Any] = {"ItemBatcher": {"MaxItemsPerBatch": batch}} if batch > 1 and not reads else {}
    bucket = Pieces()

    def answer(task: StartTask) -> Signal:
        given: Any = task.input
        if task.resource.text == "k8s:job":
            numbers = given["Items"] if isinstance(given, dict) else [given]
            if failing & set(numbers):
                return TaskFailed(task.task, "E", "c")
        return bucket(task)

    sharded = begun(seed, reads=reads, MaxConcurrency=concurrency, ToleratedFailureCount=tolerated, **fields)
    play = sharded.parent
    play.go_on()
    for _ in range(stopped or 0):
        if play.outcome is None:
            sharded.begin()
            sharded.one(answer)
    if stopped is not None and play.outcome is None:
        play.send(Stop())
    sharded.to_end(answer)

    assert play.outcome is not None
    [run] = play.map_runs.values()
    if run.items.total:
        assert flat(chain.from_iterable(named(bucket).values())) == list(range(COUNT))
    if play.outcome.status == "SUCCEEDED":
        return
    failing.clear()
    play.redrive()
    sharded.to_end(answer)
    run = list(play.map_runs.values())[-1]
    assert run.items.succeeded + run.items.failed == COUNT
    if run.redrives:
        assert flat(chain.from_iterable(named(bucket, redrive=1).values())) == list(range(COUNT))
