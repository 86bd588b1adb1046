"""Copies of executions: they come back from a backup, or are applied as they were read, without the status of the first."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.simulation.scene import Scene, play

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
        self.operator.executions._beginning._restarts_restored = self.restarts
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
