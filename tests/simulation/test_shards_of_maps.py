"""Distributed Maps that run in shards, in a cluster in which only what a test says happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import msgspec
import pytest

from stepwright.asl.limits import Limits
from tests.simulation import scene
from tests.simulation.scene import TASK, Scene
from tests.simulation.world import NAMESPACE

ITEMS = 30
UNDER_WAY = ("Pending", "Running")
WAIT = {"Type": "Wait", "Seconds": 2}
PASS = {"Type": "Pass", "Parameters": {"item.$": "$"}}


def each(*states: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """A Map whose child executions have these states, one after the other."""
    names = [f"S{number}" for number in range(len(states))]
    follows = [{"Next": name} for name in names[1:]] + [{"End": True}]
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "S0",
        "States": {name: {**state, **then} for name, state, then in zip(names, states, follows, strict=True)},
    }
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True, **fields}
    return {"StartAt": "Each", "States": {"Each": state}}


class Sharded(Scene):
    machine: Mapping[str, Any] = each(WAIT, PASS)
    limits = Limits(child_executions=3, shard_items=4, shards=2)
    operators_begun = 1

    async def script(self) -> None:
        self.most_shards = 0
        for slot in range(self.operators_begun):
            self.begin_operator(slot)
        await asyncio.sleep(5)
        self.create("parent", {"items": list(range(ITEMS))})
        await self.then()
        assert not self.access.missing, self.access.missing

    async def then(self) -> None:
        await self.until_settled()

    async def until_settled(self) -> None:
        await self.until(self._has_settled, 600)
        await self.until(lambda: not any(each.left_over() for each in self.operators.values()))

    def _has_settled(self) -> bool:
        running = [shard for shard in self.shards() if shard["status"]["phase"] in UNDER_WAY]
        self.most_shards = max(self.most_shards, len(running))
        return bool(self.status("parent").get("settled", False))

    def shards(self) -> list[dict[str, Any]]:
        return [body for body in self.server.all("executions") if body["metadata"]["name"] != "parent"]

    def ask_for(self, **bounds: Any) -> None:
        """As by ``kubectl patch``."""
        entry = {"mapRunArn": self.map_run["mapRunArn"], **bounds}
        self.change("parent", lambda body: body["spec"].update(mapRuns=[entry]))

    @property
    def map_run(self) -> dict[str, Any]:
        """The Map Run, as the status tells it."""
        [found] = self.status("parent").get("mapRuns") or [{}]
        return dict(found)

    def limits_of_shards(self) -> list[int]:
        """How many child executions each that is open may run at once, the first of their items first."""
        specs = [
            shard["spec"]["mapShard"] for shard in self.shards() if shard["status"]["phase"] in UNDER_WAY
        ]
        return [
            spec["bounds"]["maxConcurrency"] for spec in sorted(specs, key=lambda spec: int(spec["first"]))
        ]

    def under_way(self) -> int:
        """How many child executions run in shards."""
        told = [shard["status"].get("mapShard") or {} for shard in self.shards()]
        return sum(each.get("children", 0) - each.get("childrenEnded", 0) for each in told)

    def output(self) -> Any:
        status = self.status("parent")
        if "outputRef" not in status:
            return msgspec.json.decode(status["output"])
        history = self.server.get("executionhistories", NAMESPACE, status["outputRef"]["name"])
        assert history is not None
        return msgspec.json.decode(history["payload"])


def test_a_map_runs_in_shards_that_are_gone_when_it_is_done() -> None:
    played = scene.play(Sharded)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    assert played.most_shards == 2
    assert played.shards() == []
    assert {body["executionRef"]["name"] for body in played.server.all("executionhistories")} <= {"parent"}


def test_operators_share_the_shards_of_a_map() -> None:
    class Shared(Sharded):
        operators_begun = 3

        async def then(self) -> None:
            self.by: set[str] = set()
            self.server.observers.append(lambda *_: self.by.add(self.server.by))
            await self.until_settled()

    played = scene.play(Shared)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    assert len(played.by) > 1


def test_a_map_that_is_stopped_stops_its_shards() -> None:
    class Stopped(Sharded):
        machine = each({"Type": "Wait", "Seconds": 1000})

        async def then(self) -> None:
            await self.until(lambda: sum(shard["status"].get("seq", 0) > 0 for shard in self.shards()) == 2)
            self.change("parent", lambda body: body["spec"].update(stop={"error": "E"}))
            await self.until_settled()
            await self.until(lambda: all(shard["status"]["settled"] for shard in self.shards()))

    played = scene.play(Stopped)

    assert played.phase("parent") == "Aborted"
    assert {shard["status"]["phase"] for shard in played.shards()} <= {"Aborted"}


@pytest.mark.parametrize("seed", range(8))
def test_operators_that_are_killed_lose_no_item_and_do_none_twice(seed: int) -> None:
    class Killed(Sharded):
        machine = each({**TASK, "ResultPath": None}, PASS)
        operators_begun = 2

        async def then(self) -> None:
            random = Random(seed)
            while not self.status("parent").get("settled", False):
                await asyncio.sleep(random.uniform(0.2, 6))
                for operator in [*self.operators.values()][: random.choice((0, 1, 2))]:
                    self._strike(operator, random.choice(("killed", "killed", "paused", "ended")))
            await self.until_settled()

    played = scene.play(Killed, seed)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    runs = Counter(notes.token for notes in played.jobs.notes.values())
    assert len(runs) == ITEMS
    assert set(runs.values()) == {1}


# --- Other bounds -----------------------------------------------------------------------------------------------------

LONG = {"Type": "Wait", "Seconds": 20}


def test_bounds_that_somebody_asks_for_hold_in_all_shards() -> None:
    class Bounded(Sharded):
        machine = each(LONG, PASS)
        operators_begun = 2

        async def then(self) -> None:
            await self.until(lambda: self.under_way() == 6)
            self.ask_for(maxConcurrency=1)
            await self.until(
                lambda: self.map_run["maxConcurrency"] == 1 and self.limits_of_shards() == [1, 0], 5
            )
            await self.until(lambda: self.under_way() == 1)
            self.ask_for(maxConcurrency=4)
            await self.until(lambda: self.under_way() == 4)
            await self.until_settled()

    played = scene.play(Bounded)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    assert (played.map_run["phase"], played.map_run["maxConcurrency"]) == ("Succeeded", 4)


@pytest.mark.parametrize("seed", range(6))
def test_bounds_hold_whoever_is_killed_meanwhile(seed: int) -> None:
    class Killed(Sharded):
        machine = each(LONG, PASS)
        operators_begun = 2

        async def then(self) -> None:
            random = Random(seed)
            await self.until(lambda: self.under_way() == 6)
            self.ask_for(maxConcurrency=2)
            for _ in range(3):
                await asyncio.sleep(random.uniform(0, 2))
                for operator in [*self.operators.values()]:
                    self._strike(operator, "killed")
            await self.until(lambda: self.map_run["maxConcurrency"] == 2 == sum(self.limits_of_shards()))
            await self.until(lambda: self.under_way() == 2)
            self.ask_for(maxConcurrency=0)
            await self.until_settled()

    played = scene.play(Killed, seed)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    assert played.map_run["maxConcurrency"] == 0


def test_a_map_that_only_waits_hears_of_other_bounds() -> None:
    """Nothing of it is in memory then."""

    class Parked(Sharded):
        machine = each({"Type": "Wait", "Seconds": 100}, PASS)
        limits = Limits(child_executions=3)

        async def then(self) -> None:
            await self.until(lambda: bool(self.map_run) and self.operator.engine.parked == 1)
            writes = len(self.patches("parent"))
            self.ask_for(maxConcurrency=7, toleratedFailureCount=2)
            await self.until(lambda: self.map_run["maxConcurrency"] == 7, 5)
            assert self.map_run["toleratedFailureCount"] == 2
            # Whoever takes it up hears of them again, and has nothing to write.
            self._strike(self.operator, "killed")
            await asyncio.sleep(60)
            assert len(self.patches("parent")) == writes + 1
            await self.until(lambda: self.phase("parent") == "Succeeded", 1_500)

    assert scene.play(Parked).output() == [{"item": number} for number in range(ITEMS)]


def test_what_is_asked_for_map_runs_that_are_not_there_changes_nothing() -> None:
    class Unknown(Sharded):
        async def then(self) -> None:
            entries = [{"mapRunArn": "arn:of:none", "maxConcurrency": 1}]
            self.change("parent", lambda body: body["spec"].update(mapRuns=entries))
            await self.until_settled()
            entries.append({"mapRunArn": self.map_run["mapRunArn"], "maxConcurrency": 1})
            self.change("parent", lambda body: body["spec"].update(mapRuns=entries))
            await asyncio.sleep(60)

    played = scene.play(Unknown)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    assert played.map_run["maxConcurrency"] == 0
