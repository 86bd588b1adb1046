"""What an operator finds when it takes up an execution: also what the one before it had no more time to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from stepwright.cluster import stored
from stepwright.controllers import execution_watch
from tests.simulation import scene
from tests.simulation.api_server import Request
from tests.simulation.client import Fate
from tests.simulation.jobs import Habits, is_finished
from tests.simulation.loop import SimulationLoop
from tests.simulation.scene import TASK, Scene
from tests.simulation.world import NAMESPACE

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

    def fate(self, request: Request, fate: Fate) -> Fate:
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
        controller = self.operator.executions
        machines: Any = controller._machines
        machines.known = {}
        await controller._taking_up._start_or_wait(seen)


def test_what_has_been_refused_does_not_wait_again_where_nobody_has_heard_of_it() -> None:
    """It went from Failed to Pending."""
    world = scene.play(RefusedUnheard)

    assert world.phase("e0") == "Failed"
    assert world.result.violations == []


class BetweenRoundAndList(Scene):
    """An operator begins. Its list of the executions that are under way is long in coming, and what has settled is not in
    it."""

    machine: Mapping[str, Any] = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}
    list_seconds = 0.0
    """For how long lists for the watch of executions are under way."""

    def fate(self, request: Request, fate: Fate) -> Fate:
        selector = request.params.get("fieldSelector")
        return replace(fate, there=self.list_seconds) if selector == execution_watch.UNSETTLED else fate

    async def settle(self) -> None:
        """One is there that has settled, and no operator."""
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("settled") is True)
        self._leave()
        self.list_seconds = 5

    async def begin_again(self) -> None:
        await self.until(lambda: any(operator.has_begun for operator in self.operators.values()))
        await asyncio.sleep(2)

    def is_there(self, name: str) -> bool:
        return self.server.get("executions", NAMESPACE, name) is not None


class ChangedBeforeTheList(BetweenRoundAndList):
    async def script(self) -> None:
        await self.settle()
        await self.begin_again()
        self._stop_execution("e0")
        await self.until(lambda: stored.of(self.execution("e0")).is_acknowledged, 60)


def test_a_change_of_what_has_settled_is_acknowledged_though_it_came_as_an_operator_began() -> None:
    """It had looked through what has settled before it listed what has not; so nobody saw the change within the hour."""
    assert scene.play(ChangedBeforeTheList).result.violations == []


class ToBeDeletedBeforeTheList(BetweenRoundAndList):
    async def script(self) -> None:
        await self.settle()
        await self.begin_again()
        self.change("e0", lambda body: body["spec"].update(ttlSecondsAfterFinished=10))
        await self.until(lambda: not self.is_there("e0"), 60)


def test_a_time_to_live_counts_though_it_was_set_as_an_operator_began() -> None:
    assert scene.play(ToBeDeletedBeforeTheList).result.violations == []


class SettledBeforeTheList(BetweenRoundAndList):
    """The last write of an operator that was killed lands while the next one begins."""

    is_late = False

    async def script(self) -> None:
        self.begin_operator()
        spec = {"stateMachineRef": {"name": "m0"}, "ttlSecondsAfterFinished": 20}
        self._create_execution("e0", spec)
        await self.until(lambda: self.is_late)
        self.list_seconds = 15
        await self.begin_again()
        assert not self.status("e0").get("settled")
        await self.until(lambda: not self.is_there("e0"), 60)

    def fate(self, request: Request, fate: Fate) -> Fate:
        fate = super().fate(request, fate)
        if not self.is_late and request.method == "PATCH" and b'"settled"' in (request.body or b""):
            self.is_late = True
            return Fate(10, fate.back, "answer", 0.1, strikes=("sent", "killed"))
        return fate


def test_what_settled_as_an_operator_began_is_deleted_in_its_time() -> None:
    assert scene.play(SettledBeforeTheList).result.violations == []
