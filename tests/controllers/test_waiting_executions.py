"""Executions that wait for their state machine: what is kept of them, and what is said."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from stepwright.cluster import reading
from stepwright.controllers import beginning
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.known_machines import Known
from stepwright.engine.ports import Unavailable
from tests.simulation.api_server import Request
from tests.simulation.client import Fate
from tests.simulation.scene import Scene, play

INPUT: list[dict[str, Any]] = [{}] * 20_000
EXECUTION = "/apis/stepwright.dev/v1/namespaces/default/executions/e0"
NAMES = [f"e{number}" for number in range(5)]


class _Missing(Scene):
    """A state machine that is not there yet."""

    machine: Mapping[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}

    def take_away(self) -> None:
        self.known: dict[tuple[str, str], Known] = dict(self.setting.machines)
        self.setting.machines.clear()  # type: ignore[attr-defined]

    def make(self) -> None:
        self.setting.machines.update(self.known)  # type: ignore[attr-defined]
        self.operator.executions.machine_changed(("default", "m0"))


class _Waiting(_Missing):
    async def script(self) -> None:
        self.take_away()
        self.begin_operator()
        for name in NAMES:
            self.create(name, INPUT)
        await asyncio.sleep(20)
        kept = self.operator.executions
        self.seen = [seen for those in kept._waiting._of.values() for seen in those.values()]
        self.texts = kept.counts["texts of new executions"]
        self.said = self.condition("e0", "Reconciling")
        self.make()
        await asyncio.sleep(20)


@pytest.fixture(scope="module")
def scene() -> _Waiting:
    return play(_Waiting)


def test_of_an_execution_that_waits_nothing_is_kept_but_what_the_watch_keeps(scene: _Waiting) -> None:
    """Fifteen of a megabyte and a half ended the operator of all tenants."""
    assert [type(seen) for seen in scene.seen] == [Seen] * 5
    assert max(len(msgspec.json.encode(seen)) for seen in scene.seen) < 400
    assert scene.texts == 0


def test_it_is_read_again_when_it_starts(scene: _Waiting) -> None:
    assert [scene.phase(name) for name in NAMES] == ["Succeeded"] * 5
    output = scene.server.get("executionhistories", "default", scene.status("e3")["outputRef"]["name"])
    assert output is not None
    assert msgspec.json.decode(output["payload"]) == INPUT


def test_it_says_what_it_waits_for(scene: _Waiting) -> None:
    assert scene.said["reason"] == "WaitingForStateMachine"
    assert scene.said["message"] == (
        "The state machine does not exist; the execution starts when it does: there is no StateMachine 'm0' in "
        "namespace 'default'"
    )


class _MadeMeanwhile(_Missing):
    """The state machine is there in the moment in which it is written that it is not."""

    async def script(self) -> None:
        self.take_away()
        self.most = 0
        self.server.observers.append(self._observe)
        self.begin_operator()
        self.create("e0")
        await asyncio.sleep(20)

    def _observe(self, kind: str, key: tuple[str, str, str], *_: Any) -> None:
        if key[0] == "executions" and kind == "MODIFIED" and not self.setting.machines:
            self.operator.process.context.run(self.make)
            tasks = [task for task in self.operator.process.tasks if task.get_name().startswith("take up")]
            self.most = sum(not task.done() for task in tasks)


def test_one_whose_wait_is_being_written_is_taken_up_once_and_starts() -> None:
    """Both were started, and only one of them ended with the operator."""
    scene = play(_MadeMeanwhile)

    assert scene.most == 1
    assert scene.phase("e0") == "Succeeded"


class _ReadyWhileItIsToBeSaidAgain(_Missing):
    """That it waits does not arrive; when it is to be said again the state machine is known, and the news of it come while
    its first commit is under way."""

    machine = Scene.machine
    said = reads = 0

    def fate(self, request: Request, fate: Fate) -> Fate:
        if request.path == EXECUTION:
            self.reads += 1
        if request.path != f"{EXECUTION}/status":
            return fate
        self.said += 1
        if self.said > 1:
            return replace(fate, back=1)
        self.setting.machines.update(self.known)  # type: ignore[attr-defined]
        return replace(fate, lost="request", gives_up=0.1)

    async def script(self) -> None:
        self.take_away()
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.phase("e0") == "Running", 10)
        self.reads = 0
        self.make()
        await asyncio.sleep(10)


def test_one_that_has_begun_while_its_wait_was_to_be_said_again_waits_no_more() -> None:
    """It was opened once more from before its first commit, and its next write looked like another writer's."""
    scene = play(_ReadyWhileItIsToBeSaidAgain)

    assert scene.phase("e0") == "Succeeded"
    assert scene.reads == 0
    assert scene.result.violations == []


class _TooLarge(_Missing):
    async def script(self) -> None:
        self.take_away()
        self.begin_operator()
        self.create("large", [{}] * 480_000)
        self.create("small")
        await asyncio.sleep(20)


def test_an_execution_that_cannot_run_whatever_it_waits_for_fails_at_sight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its input is never decoded."""
    decoded: list[int] = []
    for reads in (reading, beginning):
        monkeypatch.setattr(reads, "as_needed", lambda text: decoded.append(len(text)))
    scene = play(_TooLarge)

    assert scene.status("large")["error"] == "InvalidExecutionInput"
    assert scene.status("large")["cause"] == (
        "spec.input has 1,440,001 bytes, more than the 262,144 (256 KiB) that are allowed"
    )
    assert scene.phase("small") == "Pending"
    assert decoded == []


class _Refused(Scene):
    """The API server does not say what the state machine is."""

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(2)

        async def refused(_: Any) -> Known | None:
            raise Unavailable("statemachines is forbidden")

        machines: Any = self.operator.executions._machines
        machines.newest = refused
        self.create("e0")
        await asyncio.sleep(30)


def test_an_execution_that_cannot_be_started_says_why() -> None:
    """Where the operator lacked a right it waited without a word."""
    scene = play(_Refused)

    assert scene.phase("e0") == "Pending"
    reconciling = scene.condition("e0", "Reconciling")
    assert (reconciling["status"], reconciling["reason"]) == ("True", "Delayed")
    assert reconciling["message"] == (
        "The execution could not be started yet and is tried again: statemachines is forbidden"
    )
