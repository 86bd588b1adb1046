"""The cluster is restored to an earlier state, under an operator that runs on or is started anew."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest

from stepwright.asl import parts
from stepwright.cluster import seal
from tests.simulation.scene import TASK, Scene, play

STATES = 8


def _tasks() -> dict[str, Any]:
    states: dict[str, Any] = {
        f"T{number}": {**TASK, **({"Next": f"T{number + 1}"} if number + 1 < STATES else {"End": True})}
        for number in range(STATES)
    }
    return {"StartAt": "T0", "States": states}


class _Restored(Scene):
    machine = _tasks()
    kills = False

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) >= 3)
        saved = self.server.snapshot()
        self.before = self.status("e0")["seq"]
        await self.until(lambda: self.status("e0")["seq"] >= self.before + 4)
        if self.kills:
            self.operator.process.kill()
            self._replace(self.operator)
        self.server.restore(saved)
        self.jobs.begin_again()
        await self.until(lambda: self.phase("e0") not in ("Pending", "Running"), 900)


def test_under_an_operator_that_runs_on_executions_go_on_from_the_restored_state() -> None:
    """They failed: "status.seq is not what Stepwright wrote there"."""
    scene = play(_Restored)

    assert scene.phase("e0") == "Succeeded"
    assert len(scene.events()) == 1
    assert scene.events()[0].startswith("default/e0 was restored, from ")
    condition = scene.condition("e0", "Restored")
    assert (condition["status"], condition["reason"]) == ("True", "RestoredFromBackup")
    assert "tasks begun since may run again" in condition["message"]


def test_an_operator_that_is_started_after_it_goes_on_too() -> None:
    class Started(_Restored):
        kills = True

    assert play(Started).phase("e0") == "Succeeded"


class _Newer(Scene):
    """A newer version of Stepwright has written the execution last; this one is started in its place."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) >= 2)
        self.operator.process.kill()
        self._replace(self.operator)
        self._set_version(99)
        await asyncio.sleep(60)
        self.stalled = self.condition("e0", "Stalled")
        self.reconciling = self.condition("e0", "Reconciling")
        self.waiting = len(self.operator.executions.for_newer_version)
        self.writes = len(self.patches("e0"))
        await asyncio.sleep(60)
        self.later_writes = len(self.patches("e0")) - self.writes
        self._set_version(2)
        self.operator.end()
        await self.until(lambda: self.phase("e0") == "Succeeded")

    def _set_version(self, version: int) -> None:
        key = ("executions", "default", "e0")
        body = self.server.edited(key)
        assert body is not None
        status = body["status"]
        head = msgspec.json.decode(status["checkpoint"]["head"])
        status["checkpoint"]["head"] = msgspec.json.encode({**head, "version": version}).decode()
        status["seal"] = str(seal.of(body["metadata"]["uid"], status))
        self.server.change(key, body)


@pytest.fixture(scope="module")
def newer() -> _Newer:
    return play(_Newer)


def test_an_execution_that_a_newer_version_has_written_says_so(newer: _Newer) -> None:
    """It hung without a word."""
    assert (newer.stalled["status"], newer.stalled["reason"]) == ("True", "NewerVersion")
    assert newer.stalled["message"] == (
        "A newer version of Stepwright has to go on with the execution: the checkpoint has version 99, this engine "
        f"knows versions up to {parts.VERSION}"
    )
    assert newer.reconciling["status"] == "False"
    assert newer.waiting == 1
    assert newer.later_writes == 0


def test_it_goes_on_where_an_operator_can_read_it(newer: _Newer) -> None:
    assert newer.phase("e0") == "Succeeded"
    assert newer.condition("e0", "Stalled")["status"] == "False"
    assert Counter(newer.events()) == Counter()


# --- Copies ----------------------------------------------------------------------------------------------------------

STARTED = {"annotations": {"stepwright.dev/started": "uid-of-before"}}
VELERO = {"labels": {"velero.io/restore-name": "nightly-20261128"}}
APPLIED = {
    "annotations": {
        "kubectl.kubernetes.io/last-applied-configuration": '{"spec":{},"status":{"seq":4,"phase":"Succeeded"}}'
    }
}
WRITTEN = {
    "labels": {"app": "shop", "kustomize.toolkit.fluxcd.io/name": "apps"},
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"input":{"status":{}}}}'},
}


class _Copies(Scene):
    restarts = False

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(2)
        self.operator.executions._restarts_restored = self.restarts
        for name, marks in (("started", STARTED), ("velero", VELERO), ("applied", APPLIED), ("git", WRITTEN)):
            self.create(name, **msgspec.json.decode(msgspec.json.encode(marks)))
        await asyncio.sleep(60)
        self.phases = {name: self.phase(name) for name in ("started", "velero", "applied", "git")}
        self.stalled = self.condition("velero", "Stalled")
        self.restored = self.condition("started", "Restored")
        self.change("velero", lambda body: body["spec"].update(restart=True))
        await asyncio.sleep(60)


@pytest.fixture(scope="module")
def copies() -> _Copies:
    return play(_Copies)


def test_what_was_started_before_as_another_object_waits(copies: _Copies) -> None:
    """Each card of the last month was charged again."""
    waits = "Pending"
    assert copies.phases == {"started": waits, "velero": waits, "applied": waits, "git": "Succeeded"}
    assert (copies.stalled["status"], copies.stalled["reason"]) == ("True", "Restored")
    assert copies.stalled["message"] == (
        "The execution ran before it was restored; it starts again when spec.restart is true: Velero restored it "
        "(nightly-20261128)"
    )
    assert copies.restored["status"] == "True"
    assert copies.restored["message"].endswith("it was started as the Execution with uid uid-of-before")
    assert len(copies.patches("started")) == 1


def test_it_starts_again_when_somebody_wants_it(copies: _Copies) -> None:
    assert copies.phase("velero") == "Succeeded"
    assert copies.condition("velero", "Stalled")["status"] == "False"
    assert copies.phase("started") == "Pending"


def test_the_installation_may_want_all_of_them() -> None:
    class Wanted(_Copies):
        restarts = True

    assert set(play(Wanted).phases.values()) == {"Succeeded"}
