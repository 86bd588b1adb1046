"""What an operator finds when it takes up an execution: also what the one before it had no more time to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from stepwright.controllers import execution_watch
from tests.simulation import scene
from tests.simulation.api_server import Request
from tests.simulation.client import Fate
from tests.simulation.jobs import Habits, is_finished
from tests.simulation.loop import SimulationLoop
from tests.simulation.scene import TASK, Scene

pytestmark = pytest.mark.slow


class KilledBeforeItStops(Scene):
    """A branch fails, so the other's task is no longer wanted. That is committed, and the operator dies before it has
    stopped the task's Job. The execution goes on for long without it."""

    machine: Mapping[str, Any] = {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Long", "States": {"Long": {**TASK, "End": True}}},
                    {
                        "StartAt": "Soon",
                        "States": {
                            "Soon": {"Type": "Wait", "Seconds": 3, "Next": "No"},
                            "No": {"Type": "Fail"},
                        },
                    },
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After"}],
                "Next": "After",
            },
            "After": {"Type": "Wait", "Seconds": 29, "End": True},
        },
    }
    killed = False
    left_running: list[str]

    def __init__(self, seed: int, loop: SimulationLoop) -> None:
        super().__init__(seed, loop)
        self.jobs.habits = Habits({"pending": 1})
        self.jobs._hang = self._hang  # type: ignore[method-assign, assignment] # whatever the pod

    async def _hang(self, *_: Any) -> None:
        """Far longer than the execution takes."""
        await asyncio.sleep(600)

    async def script(self) -> None:
        self.begin_operator(0)
        await asyncio.sleep(5)
        self.create("e0")
        await self.until(lambda: self.killed)
        await asyncio.sleep(20)
        assert self.phase("e0") == "Running"
        self.left_running = [
            job["metadata"]["name"]
            for job in self.server.all("jobs")
            if not is_finished(job) and "deletionTimestamp" not in job["metadata"]
        ]
        await self.until(lambda: self.phase("e0") == "Succeeded")

    def of(self, request: Request) -> Fate:
        fate = super().of(request)
        if not self.killed and request.method == "PATCH" and b"FailStateEntered" in (request.body or b""):
            self.killed = True
            return Fate(fate.there, fate.back, strikes=("landed", "killed"))
        return fate


def test_a_job_that_is_no_longer_wanted_is_stopped_by_whoever_takes_the_execution_up() -> None:
    """Not only when the execution has ended at last. Without the sweep at taking up it ran on until then."""
    world = scene.play(KilledBeforeItStops)

    assert world.killed
    assert world.left_running == []
    assert world.result.violations == []


class RefusedUnheard(Scene):
    """An execution was refused, which its operator has not heard of when it looks at it again, and its state machine is
    not there any more."""

    async def script(self) -> None:
        self.begin_operator(0)
        await asyncio.sleep(5)
        self._create_execution("e0", {"stateMachineRef": {"name": "m0"}, "input": {"a": "x" * 270_000}})
        seen = execution_watch.of(self.execution("e0"))
        await self.until(lambda: self.phase("e0") == "Failed")
        executions = self.operator.executions
        machines: Any = executions._machines
        machines.known = {}
        await executions._start_or_wait(seen)


def test_what_has_been_refused_does_not_wait_again_where_nobody_has_heard_of_it() -> None:
    """It went from Failed to Pending."""
    world = scene.play(RefusedUnheard)

    assert world.phase("e0") == "Failed"
    assert world.result.violations == []
