"""A shard whose child executions only compute is written once, at its end: whoever takes it up before then does it again, and
nobody can tell."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from stepwright.asl.checkpoint import shards
from stepwright.asl.checkpoint.parts import ROOT, Branch, Fork, MapRun, branch_id, fork_id
from stepwright.asl.json_types import Pointer
from stepwright.asl.limits import Limits
from stepwright.asl.map_data import requests, result_files
from stepwright.asl.resource import RESULT_WRITER
from stepwright.asl.signals import Millis
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import parse
from stepwright.asl.text.payload import NULL
from stepwright.engine.ports import StopRequest
from tests.engine.memory import loaded
from tests.engine.shards import ShardWorld
from tests.engine.test_map_pieces_through_kills import EveryDriver, Files
from tests.engine.test_map_readers_through_kills import MACHINE
from tests.engine.virtual_loop import run

PASS: dict[str, Any] = {"Type": "Pass", "End": True}
EACH: dict[str, Any] = MACHINE["States"]["Each"]


def machine(**states: Any) -> dict[str, Any]:
    processor = {**EACH["ItemProcessor"], "StartAt": next(iter(states)), "States": states}
    return {"StartAt": "Each", "States": {"Each": {**EACH, "ItemProcessor": processor}}}


def _list(text: bytes) -> list[Any]:
    found = parse(text)
    assert isinstance(found, list)
    return found


class Rewritten(Files):
    """Files may be written again with other times in them."""

    def _answer(self, task: StartTask) -> Any:
        if task.resource == RESULT_WRITER:
            found = result_files.of(requests.writing(task.parameters))
            self.written |= dict(found.files)
            return dict(found.details)
        return super()._answer(task)

    def items(self, manifest_key: str) -> list[Any]:
        """What all files hold together that the manifest names."""
        manifest: Any = parse(self.written[manifest_key])
        named = manifest["ResultFiles"]
        assert named["FAILED"] == named["PENDING"] == []
        assert len({file["Key"] for file in named["SUCCEEDED"]}) == len(named["SUCCEEDED"])
        texts = [self.written[file["Key"]] for file in named["SUCCEEDED"]]
        assert [len(text) for text in texts] == [file["Size"] for file in named["SUCCEEDED"]]
        described: list[Any] = [each for text in texts for each in _list(text)]
        return [parse(each["Output"]) for each in described]


def test_it_is_written_when_it_begins_and_when_it_ends() -> None:
    async def main() -> None:
        files = Rewritten(100, 0)
        limits = Limits(shard_items=10, child_executions=4, shards=3)
        world = ShardWorld(0, limits, files.answer, trouble=0, driver=EveryDriver)
        stored = await world.to_end(loaded(machine(P=PASS)))

        assert stored.outcome is not None
        assert stored.outcome.status == "SUCCEEDED"
        own = len(stored.commits)
        assert len(world.shards_of) == 10
        assert len(world.commits) - own == 10
        assert {ended.child for commit in world.commits for ended in commit.child_histories.events()} != set()

    run(main)


@pytest.mark.parametrize(
    ("state", "most"), [(PASS, 2), ({"Type": "Task", "Resource": "k8s:job", "End": True}, 3)]
)
def test_fewer_of_them_are_open_at_once(state: dict[str, Any], most: int) -> None:
    async def main() -> None:
        files = Rewritten(100, 0)
        limits = Limits(shard_items=10, child_executions=4, shards=3, computing_shards=2)
        world = ShardWorld(0, limits, files.answer, trouble=0, driver=EveryDriver)
        stored = await world.to_end(loaded(machine(S=state)))

        assert stored.outcome is not None
        assert stored.outcome.status == "SUCCEEDED"
        open_now: set[str] = set()
        at_once = []
        for commit in stored.commits:
            open_now |= {name for name, part in commit.parts.items() if part and part["kind"] == "shard"}
            open_now -= {name for name, part in commit.parts.items() if part is None}
            at_once.append(len(open_now))
        assert max(at_once) == most

    run(main)


@pytest.mark.parametrize("seed", range(60))
def test_each_item_is_in_one_file_whenever_the_engine_is_killed(seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        files = Rewritten(random.randint(0, 150), seed)
        limits = Limits(
            shard_items=random.randint(2, 12),
            child_executions=random.randint(1, 5),
            shards=random.randint(1, 3),
        )
        world = ShardWorld(
            seed, limits, files.answer, trouble=random.choice([0, 0.05, 0.3]), driver=EveryDriver
        )
        stored = await world.to_end(
            loaded(machine(P=PASS)), kills=random.randint(1, 9), within_seconds=random.uniform(3, 30)
        )

        assert stored.outcome is not None
        assert stored.outcome.status == "SUCCEEDED", stored.outcome
        output: Any = parse(stored.outcome.output or "null")
        assert files.items(output["ResultWriterDetails"]["Key"]) == list(range(files.count))
        told = [runs[-1] for commit in world.commits if (runs := commit.map_runs)][-1]
        assert (told.items.succeeded, told.executions.succeeded) == (files.count, files.count)
        assert not any(job.result is None for job in world.jobs.running.values())

    run(main)


@pytest.mark.parametrize("seed", range(20))
def test_a_stop_ends_it_before_anything_of_it_was_written(seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        files = Rewritten(60, seed)
        limits = Limits(shard_items=12, child_executions=3, shards=3)
        world = ShardWorld(seed, limits, files.answer, driver=EveryDriver)
        execution = loaded(machine(P=PASS))
        world.engine.adopt(world.journal.add(execution))
        await asyncio.sleep(random.uniform(0.5, 3))
        world.stop(execution, StopRequest("Stopped", "by hand"))
        if seed % 2:
            await asyncio.sleep(random.random() * 0.02)
            await world.kill()
        stored = await world.rest(execution)

        assert stored.outcome is not None
        assert stored.outcome.status == "ABORTED"
        assert all(each.loaded.ended and each.loaded.settled for each in world.journal.stored.values())
        assert not any(job.result is None for job in world.jobs.running.values())

    run(main)


CHOICE = {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "P"}], "Default": "P"}
TASK = {"Type": "Task", "Resource": "k8s:job", "End": True}
RETRY = [{"ErrorEquals": ["States.ALL"]}]


def nested(state: dict[str, Any], name: str = "N") -> dict[str, Any]:
    return {"StartAt": name, "States": {name: state}}


@pytest.mark.parametrize(
    ("states", "computes"),
    [
        ({"C": CHOICE, "P": PASS}, True),
        ({"P": {**PASS, "End": False, "Next": "F"}, "F": {"Type": "Fail"}}, True),
        ({"T": TASK}, False),
        ({"W": {"Type": "Wait", "Seconds": 1, "End": True}}, False),
        ({"M": {"Type": "Map", "ItemProcessor": nested(PASS), "End": True}}, True),
        ({"M": {"Type": "Map", "ItemProcessor": nested(TASK), "End": True}}, False),
        ({"L": {"Type": "Parallel", "Branches": [nested(PASS), nested(PASS, "O")], "End": True}}, True),
        ({"L": {"Type": "Parallel", "Branches": [nested(PASS), nested(TASK, "O")], "End": True}}, False),
        ({"L": {"Type": "Parallel", "Branches": [nested(PASS)], "Retry": RETRY, "End": True}}, False),
        (
            {
                "M": {
                    "Type": "Map",
                    "ItemProcessor": {
                        **nested(PASS),
                        "ProcessorConfig": EACH["ItemProcessor"]["ProcessorConfig"],
                    },
                    "End": True,
                }
            },
            False,
        ),
    ],
)
def test_what_calls_or_waits_does_more_than_compute(states: dict[str, Any], *, computes: bool) -> None:
    whole = loaded(machine(**states)).machine
    root = Branch(number=ROOT, scope=Pointer(""), state="Each", input=NULL, previous=0)
    run_of = MapRun(arn="a", started=Millis(0), max_concurrency=0, is_shard=True)
    fork = Fork(branch=ROOT, width=1, limit=1, previous=0, run=run_of)

    assert shards.is_repeatable(whole, {branch_id(ROOT): root, fork_id(ROOT): fork}) is computes
    assert not shards.is_repeatable(whole, {branch_id(ROOT): root})
