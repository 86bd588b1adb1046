"""The cluster is restored to a time before executions began: what they are to run may be gone with what came after the
backup."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stepwright.asl.text import jsontext
from stepwright.cluster import revisions
from stepwright.cluster.resources import API_VERSION
from stepwright.controllers.known_machines import Known
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
        assert executions._busy.taking_up()
        self.put_back(saved)
        key = "default", "m0"
        self.setting.machines[key] = replace(self.setting.machines[key], uid="another")  # type: ignore[index]
        membership.held = may_act  # type: ignore[method-assign]
        await self.until(lambda: self.phase("e0") == "Succeeded")


def test_one_that_was_restored_to_before_its_beginning_runs_what_there_is_now() -> None:
    """It began with a revision of a state machine that was gone with what came after the backup."""
    scene = play(_BegunNoMore)

    assert scene.status("e0")["stateMachine"]["uid"] == "another"


KEY = "default", "m0"
NEWER: Any = {"StartAt": "Newer", "States": {"Newer": {**TASK, "End": True}}}


class _BegunInAnOutage(Lost):
    """The first commit of an execution names a definition that came after the backup; it is tried again and again while etcd
    is away, and lands when the backup has been restored."""

    commits_payload = False

    async def script(self) -> None:
        self.begin_operator()
        await self.until(lambda: self.operator.has_begun)
        before = self.known[KEY]
        self.known.clear()
        self.create("e0")
        await self.until(lambda: bool(self.condition("e0", "Reconciling")))
        saved = self.save()
        self.are_lost = (("PATCH", "/e0/status"),)
        self.known[KEY] = self._changed(before)
        self.operator.process.context.run(self.operator.executions.machine_changed, KEY)
        await self.until(lambda: self.operator.engine.live == 1)
        await self.restore(saved)
        self.known[KEY] = before
        self.are_lost = ()
        await self.until(lambda: bool(self.status("e0").get("settled")), 60)

    @property
    def known(self) -> dict[tuple[str, str], Known]:
        machines: Any = self.setting.machines
        return machines  # type: ignore[no-any-return]

    def _changed(self, before: Known) -> Known:
        """Its definition becomes another one."""
        data = {"definition": str(jsontext.dump(NEWER)), "settings": dict(self.settings)}
        metadata = {"name": KEY[1], "namespace": KEY[0], "uid": before.uid}
        machine: Mapping[str, Any] = {"apiVersion": API_VERSION, "kind": "StateMachine", "metadata": metadata}
        made = self.server.create("controllerrevisions", KEY[0], revisions.manifest(machine, data, 2))
        return replace(before, generation=2, revision=made["metadata"]["name"])


def test_an_execution_begins_with_what_there_is_after_the_restore() -> None:
    """It began with a revision that was gone, and the next operator failed it."""
    scene = play(_BegunInAnOutage)

    pinned = scene.status("e0")["stateMachine"]["revision"]
    assert scene.server.get("controllerrevisions", "default", pinned) is not None
    assert scene.phase("e0") == "Succeeded"
    assert scene.result.violations == []
    assert scene.events() == [], "nothing that was committed is lost"
