"""The cluster is restored to a time before executions began: what they are to run may be gone with what came after the
backup."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.simulation.backups import BackedUp, Lost, tasks
from tests.simulation.jobs import Habits
from tests.simulation.scene import TASK, play


class _WaitedMeanwhile(Lost):
    """Restored to a time before it began, an execution waits for its state machine, which is not ready any more; a later
    backup has it running."""

    machine = tasks()

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        self.create("e0")
        earlier = self.save()
        await self.until(lambda: self.phase("e0") == "Running")
        later = self.save()
        await self.until(self.has_settled)
        machines: Any = self.operator.executions._machines
        machines.known = {}
        await self.restore(earlier, 1)
        await self.until(lambda: bool(self.operator.left_over().get("waiting executions")))
        await self.restore(later, 1)
        await self.until(self.has_ended)


def test_an_execution_that_runs_again_waits_for_its_state_machine_no_more() -> None:
    """It hung without a word."""
    scene = play(_WaitedMeanwhile)

    assert scene.phase("e0") == "Succeeded"


class _InDoubt(Lost):
    """What is known of a state machine is in doubt when an execution asks, what is read says nothing yet, and nothing more is
    heard of it."""

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        machines: Any = self.operator.executions._machines
        unread = [None]

        async def newest(key: tuple[str, str]) -> Any:
            return unread.pop() if unread else machines.known.get(key)

        machines.newest, machines.find = newest, lambda _: None
        self.create("e0")
        await self.until(self.has_ended, 100)


def test_before_an_execution_waits_for_its_state_machine_that_is_read_once_more() -> None:
    """It waited for ever for one that was ready."""
    assert play(_InDoubt).phase("e0") == "Succeeded"


class _NotBegun(Lost):
    """The backup has the execution as it was before its operator, which runs on, had begun it."""

    machine: Mapping[str, Any] = tasks()
    commits = 3

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        self.create("e0")
        saved = self.save()
        await self.until(lambda: self.has_written(self.commits))
        await self.restore(saved, 1)
        await self.settles()


def test_what_had_not_begun_begins_again() -> None:
    """It failed: "status.seq is not what Stepwright wrote there"."""
    scene = play(_NotBegun)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []
    assert scene.events()[0].startswith("default/e0 was restored, from ")


class _NotBegunAndParked(_NotBegun):
    """It is not in memory, since it only waits."""

    machine: Mapping[str, Any] = {
        "StartAt": "First",
        "States": {"First": {"Type": "Wait", "Seconds": 40, "Next": "Do"}, "Do": {**TASK, "End": True}},
    }
    commits = 1


def test_what_only_waited_and_had_not_begun_begins_again() -> None:
    """It failed when it was due: "was never started"."""
    scene = play(_NotBegunAndParked)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []


class _BegunNoMore(BackedUp):
    """Whoever is about to take up an execution has heard that it runs, and waits until it may."""

    async def script(self) -> None:
        self.jobs.habits = Habits({"output": 1}, longer_seconds=30)
        self.begin_operator()
        await self.until(lambda: self.operator.has_begun)
        self.create("e0")
        saved = self.save()
        executions, membership = self.operator.executions, self.operator.membership
        await self.until(lambda: any(seen.pinned for seen in self.operator.watch.all()))
        may_act = membership.held
        membership.held = lambda uid: False  # type: ignore[method-assign] # noqa: ARG005
        [seen] = self.operator.watch.all()
        await self.operator.engine.let_go(seen.uid)
        executions.observe("MODIFIED", seen)
        assert executions._taking_up
        self.put_back(saved)
        key = "default", "m0"
        self.setting.machines[key] = replace(self.setting.machines[key], uid="another")  # type: ignore[index]
        membership.held = may_act  # type: ignore[method-assign]
        await self.until(lambda: self.phase("e0") == "Succeeded")


def test_one_that_was_restored_to_before_its_beginning_runs_what_there_is_now() -> None:
    """It began with a revision of a state machine that was gone with what came after the backup."""
    scene = play(_BegunNoMore)

    assert scene.status("e0")["stateMachine"]["uid"] == "another"
