"""Executions that fill the largest object that etcd takes, on an API server and an etcd of their own: the operator has
hardly room to say a word, or none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.on_cluster.kubectl import Kube, Object, execution, one
from tests.processes.operators import ROOT, OperatorProcess
from tests.testcluster import Cluster, CommandFailed
from tests.testcluster.alone import ControlPlane, control_plane_of_its_own

pytestmark = pytest.mark.cluster

#: Between them lies how long an input can be. etcd takes requests of 1.5 MiB.
FITS, TOO_LONG = 1_500_000, 1_600_000
#: More than the smallest status takes, and less than a whole one.
ROOM = 900


@pytest.fixture(scope="module")
def plane(cluster: Cluster) -> Iterator[ControlPlane]:  # noqa: ARG001 - its servers are built with it
    with control_plane_of_its_own() as plane:
        plane.kubectl("apply", "--server-side", "-f", str(ROOT / "crds"))
        plane.kubectl("wait", "--for=condition=Established", "crd", "executions.stepwright.dev")
        yield plane


@pytest.fixture(scope="module")
def longest(plane: ControlPlane) -> int:
    """How many characters the input of an Execution can have."""
    fits, too_long = FITS, TOO_LONG
    while too_long - fits > 8:
        middle = (fits + too_long) // 2
        try:
            create(plane, "probe", middle)
        except CommandFailed as error:
            assert "too large" in str(error), error
            too_long = middle
        else:
            fits = middle
            plane.kubectl("delete", "execution", "probe")
    return fits


def create(plane: ControlPlane, name: str, characters: int) -> None:
    body = execution(name, "missing", input={"text": "x" * characters})
    plane.kubectl("create", "-f", "-", input=json.dumps(body))


@pytest.fixture(scope="module")
def kube(plane: ControlPlane, longest: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """Two that are nearly full, a small one beside them, and an operator that finds them there."""
    kube = Kube(plane, "default")
    create(plane, "little", longest - ROOM)
    create(plane, "full0", longest)
    log: Path = tmp_path_factory.mktemp("operator") / "operator.log"
    operator = OperatorProcess(plane, log)
    operator.start(ready_seconds=200)
    try:
        kube.machine("small", one({"Type": "Pass", "End": True}))
        kube.start("small", "small")
        yield kube
    finally:
        operator.stop()


def test_one_without_room_for_a_whole_status_gets_the_smallest(kube: Kube) -> None:
    status = kube.ended("little")["status"]

    assert (status["phase"], status["error"], status["settled"]) == ("Failed", "InvalidExecutionInput", True)
    assert [each["type"] for each in status["conditions"]] == ["Complete"]


def test_one_without_room_for_any_status_is_told_by_an_event(kube: Kube) -> None:
    def told(found: Object) -> bool:
        return any("so large" in each["note"] for each in _events(kube, found["metadata"]["uid"]))

    found = kube.until("execution", "full0", told)
    assert (found["status"]["phase"], found["status"]["seq"]) == ("Pending", 0)  # as a CRD's defaults have it


def test_others_run_beside_them(kube: Kube) -> None:
    assert kube.ended("small")["status"]["phase"] == "Succeeded"


def _events(kube: Kube, uid: str) -> list[Object]:
    events: list[Object] = json.loads(kube("get", "events.events.k8s.io", "-o", "json"))["items"]
    return [each for each in events if each["regarding"].get("uid") == uid]
