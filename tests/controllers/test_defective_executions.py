"""Executions that an error of the operator itself keeps from being taken up: none of them waits in silence."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.simulation.scene import Scene, play


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
        carried: Any = self.operator.executions
        opens, ends = carried._journal.open, carried._refusals.fail

        async def open(body: Any, pinned: Any) -> Any:
            if body["metadata"]["name"] == "e0" and self.broken < self.times:
                self.broken += 1
                raise KeyError("secret")
            return await opens(body, pinned)

        async def fail(*_: Any) -> bool:
            raise KeyError("secret")

        carried._journal.open = open
        carried._refusals.fail = fail if self.and_its_end else ends


def test_one_that_cannot_be_taken_up_twice_fails() -> None:
    """It was tried again for ever, Pending, and nothing but the log said why."""
    scene = play(_Broken)

    status = scene.status("e0")
    assert (status["phase"], status["error"], status["settled"]) == ("Failed", "States.Runtime", True)
    assert status["cause"].startswith(
        "An internal error of Stepwright (KeyError) kept the execution from going on. Its log says more beside error_id "
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
