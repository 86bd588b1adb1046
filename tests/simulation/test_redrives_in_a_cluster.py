"""Executions that go on after an end without success, in a cluster in which only what a test says happens."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import pytest

from stepwright.asl.limits import Limits
from stepwright.controllers.retention import HORIZON_MILLISECONDS
from tests.simulation import scene
from tests.simulation.api_server import Request
from tests.simulation.client import Fate, Moment
from tests.simulation.scene import TASK, Scene
from tests.simulation.test_shards_of_maps import ITEMS, PASS, Sharded, each

LONG = 60


def states(**made: Mapping[str, Any]) -> dict[str, Any]:
    """One after the other."""
    names = [*made, None]
    follows = [{"End": True} if name is None else {"Next": name} for name in names[1:]]
    return {
        "StartAt": names[0],
        "States": {name: {**made[name], **then} for name, then in zip(made, follows, strict=True)},
    }


class Stopped(Scene):
    """An execution that is stopped in its second state, and goes on."""

    machine: Mapping[str, Any] = states(First=TASK, Waits={"Type": "Wait", "Seconds": LONG}, Last=TASK)
    operators_begun = 1
    spec: Mapping[str, Any] = {}

    async def script(self) -> None:
        for slot in range(self.operators_begun):
            self.begin_operator(slot)
        await asyncio.sleep(5)
        self._create_execution("e", {"stateMachineRef": {"name": "m0"}, "input": {}, **self.spec})
        await self.until(lambda: self.status("e").get("currentState") == "Waits")
        self.change("e", lambda body: body["spec"].update(stop={"error": "Enough"}))
        await self.until(lambda: self.is_settled("Aborted"))
        await self.then()
        assert not self.access.missing, self.access.missing

    async def then(self) -> None:
        self.ask("once")
        await self.until(lambda: self.is_settled("Succeeded"))

    def is_settled(self, phase: str) -> bool:
        status = self.status("e")
        return bool(status.get("settled")) and status["phase"] == phase

    def ask(self, request: str) -> None:
        """As by ``kubectl patch``."""

        def edit(body: dict[str, Any]) -> None:
            body["spec"].pop("stop", None)
            body["spec"]["redrive"] = {"requestId": request}

        self.change("e", edit)

    def recorded(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(text) for text in self.status("e")["history"]]

    def types(self) -> list[str]:
        return [event["type"] for event in self.recorded()]

    def has_gone_on(self, times: int = 1) -> bool:
        status = self.status("e")
        requests = [request for request in status.get("redrives", ()) if "refused" not in request]
        events = self.types().count("ExecutionRedriven")
        return {status.get("redriveCount", 0), len(requests), events} == {times}


def test_what_was_done_before_the_end_is_not_done_again() -> None:
    played = scene.play(Stopped)

    assert played.has_gone_on()
    assert len(played.jobs.notes) == 2
    assert played.types().count("ExecutionAborted") == 1
    assert played.condition("e", "Redriven")["status"] == "True"
    assert "error" not in played.status("e")


def killed_while_it_is_written(of: type[Stopped], moment: Moment) -> Stopped:
    """Played; whoever writes that it goes on is killed once, then."""

    class Killed(of):  # type: ignore[misc, valid-type]
        operators_begun = 2
        killed = 0

        def fate(self, request: Request, fate: Fate) -> Fate:
            if (
                request.method == "PATCH"
                and b"ExecutionRedriven" in (request.body or b"")
                and not self.killed
            ):
                self.killed += 1
                return replace(fate, strikes=(moment, "killed"))
            return fate

    played = scene.play(Killed)

    assert played.killed == 1
    return played


@pytest.mark.parametrize("moment", ["before", "sent", "landed", "answered"])
def test_it_goes_on_once_whoever_is_killed_while_that_is_written(moment: Moment) -> None:
    played = killed_while_it_is_written(Stopped, moment)

    assert played.has_gone_on()
    assert len(played.jobs.notes) == 2


def test_a_request_that_was_made_while_no_operator_ran_is_found() -> None:
    class Away(Stopped):
        async def then(self) -> None:
            self.operator.process.kill()
            self.ask("once")
            self._replace(self.operator)
            await self.until(lambda: self.is_settled("Succeeded"))

    assert scene.play(Away).has_gone_on()


def test_a_second_request_is_refused_while_it_runs_and_when_it_has_succeeded() -> None:
    class Again(Stopped):
        async def then(self) -> None:
            self.ask("once")
            await self.until(lambda: self.status("e")["phase"] == "Running")
            self.ask("too early")
            await self.until(lambda: self.is_settled("Succeeded"))
            assert self.refusals() == ["Execution is RUNNING and cannot be redriven"]
            self.ask("too late")
            await self.until(lambda: len(self.refusals()) == 2)
            generation = self.execution("e")["metadata"]["generation"]
            assert self.status("e")["observedGeneration"] == generation

        def refusals(self) -> list[str]:
            return [each["refused"] for each in self.status("e")["redrives"] if "refused" in each]

    played = scene.play(Again)

    assert played.has_gone_on()
    assert played.refusals()[1] == "Execution is SUCCEEDED and cannot be redriven"
    assert played.condition("e", "Redriven")["reason"] == "NotRedrivable"


def test_one_that_goes_on_is_deleted_after_its_next_end_alone() -> None:
    class Kept(Stopped):
        spec: Mapping[str, Any] = {"ttlSecondsAfterFinished": 20}

        async def then(self) -> None:
            await asyncio.sleep(15)
            self.ask("once")
            await asyncio.sleep(15)
            assert self.status("e")["phase"] == "Running"
            await self.until(lambda: self.is_settled("Succeeded"))
            await self.until(lambda: not self.server.all("executions"), 60)

    scene.play(Kept)


def test_one_that_is_stopped_right_after_its_redrive_ends_again() -> None:
    class Twice(Stopped):
        async def then(self) -> None:
            self.ask("once")
            self.change("e", lambda body: body["spec"].update(stop={"error": "Again"}))
            await self.until(lambda: self.status("e").get("redriveCount") == 1 and self.is_settled("Aborted"))
            self.ask("twice")
            await self.until(lambda: self.is_settled("Succeeded"))

    played = scene.play(Twice)

    assert played.has_gone_on(2)
    assert played.types().count("ExecutionAborted") == 2


# --- Maps in shards -----------------------------------------------------------------------------------------------------


def without_end(machine: Mapping[str, Any]) -> dict[str, Any]:
    """Its only state, to go on from."""
    [state] = machine["States"].values()
    return {name: value for name, value in state.items() if name != "End"}


class StoppedMap(Sharded):
    """A Map in shards that is stopped when some of its items are done."""

    machine: Mapping[str, Any] = each({**TASK, "ResultPath": None}, PASS)
    place: Mapping[str, str] = {}
    limits = Limits(child_executions=3, shard_items=4, shards=2)

    async def then(self) -> None:
        await self.until(lambda: len(self.jobs.recorded) > 5)
        await self.end_and_go_on("once")

    async def end_and_go_on(self, request: str) -> None:
        self.change("parent", lambda body: body["spec"].update(stop={"error": "E"}))
        await self.until_settled()
        await asyncio.sleep(300)  # longer than what has ended and was started by a task stays
        assert self.shards()

        def edit(body: dict[str, Any]) -> None:
            del body["spec"]["stop"]
            body["spec"]["redrive"] = {"requestId": request, **self.place}

        self.change("parent", edit)
        await self.until(lambda: self.status("parent")["phase"] == "Running")
        await self.until_settled()


def test_a_map_in_shards_goes_on_with_what_was_not_done() -> None:
    played = scene.play(StoppedMap)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    assert played.shards() == []
    assert (played.map_run["phase"], played.map_run["redriveCount"]) == ("Succeeded", 1)
    runs = Counter(notes.token for notes in played.jobs.notes.values())
    assert set(runs.values()) == {1}
    assert ITEMS < len(runs) <= ITEMS + 6


def struck(of: type[StoppedMap], seed: int) -> StoppedMap:
    """Played, while operators die and others take their places."""

    class Struck(of):  # type: ignore[misc, valid-type]
        operators_begun = 2

        async def until_settled(self) -> None:
            random = Random(seed)
            while not self.status("parent").get("settled", False):
                await asyncio.sleep(random.uniform(0.2, 6))
                for operator in [*self.operators.values()][: random.choice((0, 1, 2))]:
                    self._strike(operator, random.choice(("killed", "killed", "paused", "ended")))
            await super().until_settled()

    return scene.play(Struck, seed)


@pytest.mark.parametrize("seed", range(2))
def test_a_map_in_shards_goes_on_whoever_is_killed_meanwhile(seed: int) -> None:
    played = struck(StoppedMap, seed)

    assert played.output() == [{"item": number} for number in range(ITEMS)]
    assert played.map_run["redriveCount"] == 1


# --- From a state of one's choice -----------------------------------------------------------------------------------------


class FromAState(Stopped):
    place: Mapping[str, str] = {"from": "Last", "inputJson": '{"by": "hand"}'}

    def ask(self, request: str) -> None:
        super().ask(request)
        self.change("e", lambda body: body["spec"]["redrive"].update(self.place))


def test_it_goes_on_at_the_state_that_is_asked_for_with_that_input() -> None:
    played = scene.play(FromAState)

    assert played.has_gone_on()
    assert len(played.jobs.notes) == 2
    assert "WaitStateExited" not in played.types()
    [request] = played.status("e")["redrives"]
    assert (request["requestId"], request["from"]) == ("once", "Last")
    entered = [
        event
        for event in played.recorded()
        if event.get("stateEnteredEventDetails", {}).get("name") == "Last"
    ]
    assert [event["stateEnteredEventDetails"]["input"] for event in entered] == ['{"by": "hand"}']


@pytest.mark.parametrize("moment", ["before", "sent", "landed", "answered"])
def test_it_goes_on_there_whoever_is_killed_while_that_is_written(moment: Moment) -> None:
    played = killed_while_it_is_written(FromAState, moment)

    assert played.has_gone_on()
    assert len(played.jobs.notes) == 2


@pytest.mark.parametrize(
    ("place", "why"),
    [
        (
            {"from": "Nowhere"},
            "The definition that it runs has no state 'Nowhere', or only in a Parallel or a Map",
        ),
        ({"from": "Last", "inputJson": "{"}, "spec.redrive.inputJson is not JSON: "),
        (
            {"from": "Last", "inputJson": f'"{"x" * 262_144}"'},
            "spec.redrive.inputJson has 262,146 bytes, more than ",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_another_request_goes_on(place: Mapping[str, str], why: str) -> None:
    class Refused(FromAState):
        async def then(self) -> None:
            self.place = place
            self.ask("wrong")
            await self.until(lambda: bool(self.status("e").get("redrives")))
            self.place = {}
            self.ask("once")
            await self.until(lambda: self.is_settled("Succeeded"))

    played = scene.play(Refused)

    assert played.has_gone_on()
    wrong, once = played.status("e")["redrives"]
    assert wrong["refused"].startswith(why)
    assert "from" not in once


class LeftMap(StoppedMap):
    """Somebody has the items done by hand, and goes on behind their Map."""

    machine: Mapping[str, Any] = {
        "StartAt": "Each",
        "States": {
            "Each": {**without_end(each({**TASK, "ResultPath": None}, PASS)), "Next": "Last"},
            "Last": {**TASK, "Next": "End"},
            "End": {"Type": "Pass", "Result": "by hand", "End": True},
        },
    }
    place: Mapping[str, str] = {"from": "Last", "inputJson": "[]"}

    async def then(self) -> None:
        await super().then()
        await self.until(lambda: not self.shards(), 2 * HORIZON_MILLISECONDS // 1000)


def test_shards_of_a_map_that_is_left_are_taken_away() -> None:
    played = scene.play(LeftMap)

    assert played.output() == "by hand"
    assert played.shards() == []
    assert played.map_run["phase"] == "Aborted"


@pytest.mark.parametrize("seed", range(2))
def test_shards_of_a_map_that_is_left_are_taken_away_whoever_is_killed_meanwhile(seed: int) -> None:
    played = struck(LeftMap, seed)

    assert played.output() == "by hand"
    assert played.shards() == []
