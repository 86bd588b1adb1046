"""A Map whose shards read their items piece by piece, and write what these gave, does each once, whenever the engine is killed."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.limits import Limits
from stepwright.asl.map_data import requests, result_files
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER, Resource
from stepwright.asl.step import StartTask
from stepwright.asl.text.jsontext import parse
from tests.engine.memory import MemoryDriver, loaded
from tests.engine.shards import ShardWorld
from tests.engine.test_map_readers_through_kills import MACHINE
from tests.engine.virtual_loop import run


class EveryDriver(MemoryDriver):
    def serves(self, resource: Resource) -> bool:
        return super().serves(resource) or resource in (ITEM_READER, RESULT_WRITER)


class Files:
    """``count`` numbers to be read, and what is written. Reading and writing may happen more than once."""

    def __init__(self, count: int, seed: int) -> None:
        self.count = count
        self.random = Random(seed)
        self.written: dict[str, bytes] = {}

    def answer(self, task: StartTask) -> tuple[float, Any]:
        return self.random.uniform(0.1, 1.0), self._answer(task)

    def _answer(self, task: StartTask) -> Any:
        if task.resource == RESULT_WRITER:
            found = result_files.of(requests.writing(task.parameters))
            for key, content in found.files:
                assert (
                    self.written.setdefault(key, content) == content
                )  # nothing is written a second time that differs
            return dict(found.details)
        if task.resource != ITEM_READER:
            return task.input
        wanted = requests.reading(task.parameters)
        if wanted.piece is not None:
            return {"items": list(range(*wanted.piece["numbers"]))}
        window = wanted.window
        assert window is not None
        first, pieces = window.after or 0, list[Json]()
        while first < self.count and len(pieces) < window.pieces:
            end = min(self.count, first + window.items)
            pieces.append({"count": end - first, "piece": {"numbers": [first, end]}})
            first = end
        return {"pieces": pieces, "after": first if first < self.count else None}


@pytest.mark.parametrize("seed", range(12))
def test_each_item_is_done_once_and_is_in_one_file(seed: int) -> None:
    async def main() -> None:
        random = Random(seed)
        files = Files(random.randint(0, 150), seed)
        limits = Limits(
            shard_items=random.randint(2, 12),
            child_executions=random.randint(1, 5),
            shards=random.randint(1, 3),
        )
        world = ShardWorld(seed, limits, files.answer, driver=EveryDriver)
        stored = await world.to_end(loaded(MACHINE), kills=6, within_seconds=random.uniform(3, 30))

        assert stored.outcome is not None
        assert stored.outcome.status == "SUCCEEDED", stored.outcome
        output: Any = parse(stored.outcome.output or "null")
        manifest: Any = parse(files.written[output["ResultWriterDetails"]["Key"]])
        keys = [file["Key"] for file in manifest["ResultFiles"]["SUCCEEDED"]]
        assert len(keys) == len(set(keys)) == len(files.written) - 1
        found: list[Any] = [child for key in keys for child in parse(files.written[key])]  # type: ignore[union-attr]
        assert [int(child["Output"]) for child in found] == list(range(files.count))
        assert set(Counter(child["Name"] for child in found).values()) <= {1}
        last = [runs[-1] for commit in world.commits if (runs := commit.map_runs)][-1]
        assert (last.status, last.items.total, last.items.succeeded) == (
            "SUCCEEDED",
            files.count,
            files.count,
        )
        assert set(world.journal.stored) == {stored.loaded.ref.uid} | world.left_behind()

    run(main)
