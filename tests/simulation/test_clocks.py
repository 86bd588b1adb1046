"""Clocks that are set, and machines that stand still."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from stepwright.kube import timestamps
from tests.simulation import scene
from tests.simulation.api_server import OUTSIDE, Request
from tests.simulation.client import Fate
from tests.simulation.scene import TASK, Scene

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000


class WallClockSet(Scene):
    machine: Mapping[str, Any] = {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "End": True,
                "Branches": [
                    {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 300, "End": True}}},
                    {"StartAt": "Do", "States": {"Do": {**TASK, "TimeoutSeconds": 600, "End": True}}},
                ],
            }
        },
    }
    jump_ms = HOUR_MS

    async def script(self) -> None:
        self.begin_operator(0)
        await asyncio.sleep(5)
        self.create("e0")
        await asyncio.sleep(20)
        self.operators[0].clock.offset_ms += self.jump_ms
        await asyncio.sleep(100)
        self.operators[0].clock.offset_ms -= self.jump_ms
        await self.until(lambda: self.phase("e0") != "Running", 5_000)


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
def test_a_wait_of_300_s_lasts_300_s_whoever_sets_the_wall_clock(jump_ms: int) -> None:
    class World(WallClockSet):
        pass

    World.jump_ms = jump_ms
    world = scene.play(World)
    status = world.execution("e0")["status"]

    assert status["phase"] == "Succeeded", status
    assert 300_000 <= took_ms(status) < 302_000


def took_ms(status: dict[str, Any]) -> int:
    return timestamps.millis(status["endTime"]) - timestamps.millis(status["startTime"])


class OtherTime(Scene):
    """The second operator's clock is four seconds behind the first's, and it goes on where the first has ended."""

    machine: Mapping[str, Any] = {
        "StartAt": "Do",
        "States": {"Do": {**TASK, "Next": "Again"}, "Again": {**TASK, "End": True}},
    }
    off_ms = 0

    def _wall_clock_off(self) -> int:
        return self.off_ms

    async def script(self) -> None:
        self.off_ms = 4_000
        self.begin_operator(0)
        await asyncio.sleep(5)
        self.create("e0")
        await self.until(lambda: self.phase("e0") == "Running")
        self.off_ms = 0
        self._strike(self.operators[0], "ended")
        self.begin_operator(1)
        await self.until(lambda: self.phase("e0") == "Succeeded")


def test_timestamps_of_an_execution_never_go_back() -> None:
    status = scene.play(OtherTime).execution("e0")["status"]
    times = [timestamps.millis(msgspec.json.decode(event)["timestamp"]) for event in status["history"]]

    assert times == sorted(times)
    assert timestamps.millis(status["endTime"]) >= times[-1]


class Paused(Scene):
    """The machine of the operator that has just committed the start of a task stands still; another one runs the task
    to its end, and the Job is deleted at once."""

    settings: Mapping[str, Any] = {"taskDefaults": {"ttlSecondsAfterFinished": 0}}
    struck = False
    jobs_made = 0

    async def script(self) -> None:
        for slot in range(2):
            self.begin_operator(slot)
        await asyncio.sleep(5)
        for number in range(4):
            self.create(f"e{number}")
        await self.until(lambda: all(self.phase(f"e{number}") == "Succeeded" for number in range(4)))
        await asyncio.sleep(100)

    def fate(self, request: Request, fate: Fate) -> Fate:
        if request.method == "POST" and request.path.endswith("/jobs"):
            self.jobs_made += 1
        body = request.body or b""
        if not self.struck and request.method == "PATCH" and b"TaskScheduled" in body:
            self.struck = True
            return Fate(fate.there, fate.back, strikes=("landed", "paused"))
        return fate

    def _pause(self, operator: Any, _seconds: float) -> None:  # type: ignore[override]
        super()._pause(operator, 40)


def test_a_machine_that_stood_still_makes_no_job_again() -> None:
    world = scene.play(Paused)

    assert world.struck
    assert world.result.violations == []
    assert world.jobs_made == 4


def test_a_machine_whose_clocks_all_stood_still_does_nothing_from_the_next_answer_on() -> None:
    """Nothing on the machine shows it, but the API server's answers do."""

    class World(Scene):
        async def script(self) -> None:
            self.begin_operator(0)
            await asyncio.sleep(5)
            operator = self.operators[0]
            self._pause(operator, 8)
            loop = asyncio.get_running_loop()
            loop.call_later(7.9, lambda: setattr(operator.clock, "offset_ms", -8_000), context=OUTSIDE)
            await asyncio.sleep(20)
            assert operator.membership.skewed
            self.create("e0")
            await asyncio.sleep(60)
            assert self.phase("e0") == "Pending"
            operator.clock.offset_ms = 0
            await self.until(lambda: self.phase("e0") == "Succeeded")

    scene.play(World)
