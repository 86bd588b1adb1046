"""Executions that an error of the operator itself keeps from being taken up: none of them waits in silence."""

from __future__ import annotations

import asyncio
import sys
from types import FrameType
from typing import Any

from tests.simulation.operator import Operator
from tests.simulation.scene import Scene, play
from tests.simulation.world import NAMESPACE


class _Broken(Scene):
    machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}  # noqa: RUF012 - nobody changes it
    times = 1_000
    and_its_end = False

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(2)
        self.broken = 0
        self._break()
        self.create("e0")
        await asyncio.sleep(300)
        self.create("other")
        await asyncio.sleep(20)

    def _break(self) -> None:
        journal: Any = self.operator.journal
        refusals: Any = self.operator.executions._failing._refusals
        opens, ends = journal.open, refusals.fail

        async def open(body: Any, *given: Any) -> Any:
            if body.name == "e0" and self.broken < self.times:
                self.broken += 1
                raise KeyError("secret")
            return await opens(body, *given)

        async def fail(*_: Any) -> bool:
            raise KeyError("secret")

        journal.open = open
        refusals.fail = fail if self.and_its_end else ends


def test_one_that_cannot_be_taken_up_twice_fails() -> None:
    """It was tried again for ever, Pending, and nothing but the log said why."""
    scene = play(_Broken)

    status = scene.status("e0")
    assert (status["phase"], status["error"], status["settled"]) == ("Failed", "States.Runtime", True)
    assert status["cause"].startswith(
        "An internal error of Stepwright (KeyError) kept the execution from going on. Its log says more at error_id "
    )
    assert "secret" not in str(status)
    assert scene.broken == 2
    assert scene.phase("other") == "Succeeded"


class _Passing(_Broken):
    times = 1


def test_what_fails_once_is_tried_again() -> None:
    scene = play(_Passing)

    assert (scene.phase("e0"), scene.broken) == ("Succeeded", 1)


class _Endless(_Broken):
    and_its_end = True


def test_one_that_cannot_even_be_failed_is_stalled() -> None:
    scene = play(_Endless)

    assert scene.phase("e0") == "Pending"
    stalled = scene.condition("e0", "Stalled")
    assert (stalled["status"], stalled["reason"]) == ("True", "InternalError")
    assert stalled["message"].startswith(
        "Stepwright cannot go on with the execution: An internal error of Stepwright (KeyError)"
    )
    assert scene.broken == 2
    assert scene.phase("other") == "Succeeded"


class _Released(_Endless):
    async def script(self) -> None:
        await super().script()
        self.times = 0
        self.change("e0", lambda body: body["spec"].update(restart=True))
        await asyncio.sleep(20)


def test_one_that_is_stalled_is_looked_at_again_when_its_spec_has_changed() -> None:
    scene = play(_Released)

    assert scene.phase("e0") == "Succeeded"


class _Unseen(_Broken):
    """What the watch says of it cannot be taken in, and so often."""

    def _break(self) -> None:
        carried: Any = self.operator.executions
        may_begin = carried._neighbours.has

        def has(seen: Any) -> bool:
            if seen.metadata.name == "e0" and self.broken < self.times:
                self.broken += 1
                raise KeyError("secret")
            return bool(may_begin(seen))

        carried._neighbours.has = has


def test_one_whose_event_cannot_be_taken_in_is_looked_at_again() -> None:
    """It stayed Pending until somebody changed it, and nothing counted that."""

    class Once(_Unseen):
        times = 1

    scene = play(Once)

    assert (scene.phase("e0"), scene.broken) == ("Succeeded", 1)
    assert scene.phase("other") == "Succeeded"


def test_one_whose_event_can_never_be_taken_in_fails() -> None:
    scene = play(_Unseen)

    status = scene.status("e0")
    assert (status["phase"], status["error"]) == ("Failed", "States.Runtime")
    assert "secret" not in str(status)
    assert scene.phase("other") == "Succeeded"


class _ByTheWay(Scene):
    """The first look at an execution that comes by ``way``, a function, fails."""

    machine = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 600, "End": True}}}  # noqa: RUF012 - as above
    way = ""
    broken = 0

    def _break(self, operator: Operator) -> None:
        neighbours: Any = operator.neighbours
        taking_up: Any = operator.executions._taking_up
        has, take_up = neighbours.has, taking_up.take_up

        def breaks() -> None:
            if not self.broken and self._is_by_the_way():
                self.broken += 1
                raise KeyError("secret")

        def neighbour_has(seen: Any) -> bool:
            breaks()
            return bool(has(seen))

        def takes_up(seen: Any, *text: Any) -> None:
            breaks()
            take_up(seen, *text)

        neighbours.has = neighbour_has
        taking_up.take_up = takes_up

    @property
    def operators_lost(self) -> list[str]:
        return [line for line in self.result.violations if " ended with " in line]

    def _is_by_the_way(self) -> bool:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_name != self.way:
            frame = frame.f_back
        return frame is not None


class _TakenOver(_ByTheWay):
    """Another operator takes up what the one before it had."""

    way = "_take_up_own"
    names = tuple(f"e{number}" for number in range(6))

    async def script(self) -> None:
        self.begin_operator(0)
        for name in self.names:
            self.create(name)
        await asyncio.sleep(5)
        self.begin_operator(1)
        first, second = self.operators.values()
        self._break(second)
        await asyncio.sleep(5)
        first.end()
        await asyncio.sleep(900)


def test_one_that_cannot_be_looked_at_when_operators_have_gone_is_looked_at_again_and_the_others_are_taken_up() -> (
    None
):
    scene = play(_TakenOver)

    assert scene.broken == 1
    assert {scene.phase(name) for name in scene.names} == {"Succeeded"}
    assert scene.operators_lost == []


class _Edited(_ByTheWay):
    """Somebody has edited what had ended, which a round through all of those finds."""

    way = "astray"
    machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}  # noqa: RUF012 - as above

    async def script(self) -> None:
        self.begin_operator()
        names = ("e0", "e1")
        for name in names:
            self.create(name)
        await self.until(lambda: all(self.status(name).get("settled") for name in names))
        await asyncio.sleep(5)
        self._break(self.operator)
        watch: Any = self.operator.watch
        watch._on_text = watch._on_change = None  # otherwise it may be the first to report it
        for name in names:
            self.change(name, lambda body: body["status"].update(phase="Failed"))
        self.operator.parts.wanted_rounds.look_at(None)
        await asyncio.sleep(900)


def test_one_astray_that_cannot_be_looked_at_is_looked_at_again_and_so_are_the_others() -> None:
    scene = play(_Edited)

    assert scene.broken == 1
    assert [scene.phase(name) for name in ("e0", "e1")] == ["Succeeded", "Succeeded"]
    assert scene.operators_lost == []


class _WhileTakenUp(_ByTheWay):
    """Somebody stops an execution while it is found out what it is to run, and nothing more is heard of it."""

    way = "_taken_up"

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        self._break(self.operator)
        self._create_execution("e0", {"stateMachineRef": {"name": "absent"}, "input": {}})
        await asyncio.sleep(0.5)
        self.change("e0", lambda body: body["spec"].update(stop={"error": "Why", "cause": "because"}))
        await self.until(lambda: self.broken > 0)
        watch: Any = self.operator.watch
        watch._on_text = watch._on_change = None
        await asyncio.sleep(60)


def test_one_that_changes_while_it_is_taken_up_is_looked_at_again() -> None:
    scene = play(_WhileTakenUp)

    assert (scene.broken, scene.phase("e0")) == (1, "Aborted")


class _GetsItsMachine(_ByTheWay):
    """Executions wait for a state machine that comes."""

    way = "machine_changed"

    async def script(self) -> None:
        self.begin_operator()
        carried: Any = self.operator.executions
        known, carried._machines.known = carried._machines.known, {}
        for name in ("e0", "e1"):
            self.create(name)
        await asyncio.sleep(5)
        self._break(self.operator)
        carried._machines.known = known
        carried.machine_changed((NAMESPACE, "m0"))
        await asyncio.sleep(900)


def test_one_that_cannot_be_begun_when_its_state_machine_comes_is_looked_at_again_and_the_others_begin() -> (
    None
):
    scene = play(_GetsItsMachine)

    assert scene.broken == 1
    assert [scene.phase(name) for name in ("e0", "e1")] == ["Succeeded"] * 2


class _WhileItEnds(_ByTheWay):
    """What somebody has changed while it was carried is looked at when it has ended."""

    way = "finished"
    machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}  # noqa: RUF012 - as above

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        self._break(self.operator)
        self.create("e0")
        await self.until(lambda: self.phase("e0") == "Succeeded")
        await asyncio.sleep(60)


def test_one_that_changes_while_it_ends_is_looked_at_again() -> None:
    scene = play(_WhileItEnds)

    assert scene.broken == 1
    assert any("execution cannot be taken up" in line for line in scene.result.violations)
