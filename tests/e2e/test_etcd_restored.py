"""etcd is lost and restored from a snapshot, by etcd's own tools, while an operator runs on; and copies come back as
Velero makes them. On a control plane of its own: nothing here is shared with other tests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.on_cluster.kubectl import Kube, execution
from tests.on_cluster.played_jobs import SLOW_SECONDS, TASK, complete, job_of
from tests.processes.operators import ROOT, OperatorProcess
from tests.testcluster.lone_control_plane import LoneControlPlane

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

TASKS = {
    "StartAt": "First",
    "States": {
        "First": {**TASK, "Next": "Second"},
        "Second": {**TASK, "Next": "Third"},
        "Third": {**TASK, "End": True},
    },
}
WAITS = {
    "StartAt": "Wait",
    "States": {"Wait": {"Type": "Wait", "Seconds": 40, "Next": "Done"}, "Done": {"Type": "Succeed"}},
}
PASSES = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneControlPlane]:
    with LoneControlPlane(tmp_path_factory.mktemp("control-plane")) as started:
        for crd in sorted((ROOT / "crds").glob("*.yaml")):
            started.kubectl("apply", "--server-side", "-f", str(crd))
        started.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=120s")
        # Pods need it, and the controller that makes it is not there.
        started.kubectl("create", "serviceaccount", "default", "--namespace=default")
        yield started


@pytest.fixture(scope="module")
def kube(plane: LoneControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """With an operator that runs on whatever happens."""
    operator = OperatorProcess(plane, tmp_path_factory.mktemp("operator") / "operator.log")
    operator.start(ready_seconds=SLOW_SECONDS)
    yield Kube(plane, "default")
    operator.stop()


def test_executions_go_on_from_the_snapshot_under_an_operator_that_runs_on(
    plane: LoneControlPlane, kube: Kube
) -> None:
    kube.machine("tasks", TASKS)
    kube.machine("waits", WAITS)
    kube.start("order", "tasks")
    kube.start("pause", "waits")
    first = job_of(kube, "order", "First")
    kube.until(
        "execution", "pause", lambda found: found.get("status", {}).get("waitingUntil"), seconds=SLOW_SECONDS
    )

    snapshot = plane.save()
    complete(kube, first)
    complete(kube, job_of(kube, "order", "Second"))
    job_of(kube, "order", "Third")
    kube.start("later", "waits")
    plane.stop()
    plane.restore(snapshot)
    plane.start()

    assert not kube.exists("execution", "later")
    for state in ("First", "Second", "Third"):
        complete(kube, job_of(kube, "order", state))
    order = kube.ended("order", seconds=SLOW_SECONDS)
    pause = kube.ended("pause", seconds=SLOW_SECONDS)

    assert (order["status"]["phase"], pause["status"]["phase"]) == ("Succeeded", "Succeeded")
    [restored] = [each for each in order["status"]["conditions"] if each["type"] == "Restored"]
    assert (restored["status"], restored["reason"]) == ("True", "RestoredFromBackup")
    kinds = [event["type"] for event in kube.history("order")]
    assert kinds.count("TaskSucceeded") == 3
    assert "TaskFailed" not in kinds


def test_a_copy_that_velero_restored_waits_until_somebody_wants_it(kube: Kube) -> None:
    """Velero makes objects anew, without their status and with another uid, and labels them."""
    kube.machine("passes", PASSES)
    kube.start("charge", "passes")
    before = kube.ended("charge", seconds=SLOW_SECONDS)
    kube("delete", "execution", "charge")
    copy = execution("charge", "passes")
    copy["metadata"]["labels"] = {"velero.io/restore-name": "nightly"}
    kube("create", "-f", "-", input=json.dumps(copy))

    waits = kube.until(
        "execution", "charge", lambda found: _condition(found, "Restored"), seconds=SLOW_SECONDS
    )
    assert waits["metadata"]["uid"] != before["metadata"]["uid"]
    assert waits["status"]["phase"] == "Pending"
    assert _condition(waits, "Stalled")["reason"] == "Restored"

    kube("patch", "execution", "charge", "--type=merge", "-p", '{"spec":{"restart":true}}')
    assert kube.ended("charge", seconds=SLOW_SECONDS)["status"]["phase"] == "Succeeded"


def test_what_is_applied_anew_from_where_it_was_written_starts(kube: Kube) -> None:
    kube.machine("passes", PASSES)
    for _ in range(2):
        kube.start("report", "passes")
        assert kube.ended("report", seconds=SLOW_SECONDS)["status"]["phase"] == "Succeeded"
        kube("delete", "execution", "report")


def _condition(found: dict[str, Any], kind: str) -> dict[str, Any]:
    conditions = found.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind and each["status"] == "True"), {})
