"""The oldest Kubernetes that the README promises: its own API server takes all that is installed, and an operator carries
executions on it. What it makes of objects and policies one by one, tests/cluster/resources asks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from stepwright.cluster.resources import API_VERSION
from stepwright.kube.api import MERGE_PATCH
from stepwright.kube.api_errors import BadRequest, Forbidden, TooLarge
from stepwright.kube.connection import connect
from stepwright.kube.informer import UNKNOWN_FIELD
from stepwright.kube.paths import path_of
from tests.cluster.resources.helm_found import of_kind, template
from tests.on_cluster.kubectl import Kube, Object, condition, one
from tests.on_cluster.played_jobs import SLOW_SECONDS, TASK, complete, job_of
from tests.processes.fixtures import with_resources
from tests.processes.operators import ROOT, OperatorProcess
from tests.testcluster import Cluster, binaries
from tests.testcluster.alone import control_plane_of_its_own, kubernetes_version

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

DEPLOY = ROOT / "deploy"
EVERYTHING = (
    "watchNamespaces={default}",
    "requireServiceAccount=true",
    "impersonate[0].namespace=default",
    "impersonate[0].serviceAccounts={orders}",
    "taskServiceAccounts[0].namespace=default",
    "taskServiceAccounts[0].serviceAccounts={charges}",
    "policies.writers={admin}",
    "policies.servers={admin}",
    "policies.podReporters={admin}",
    "policies.jobControllers={admin}",
    "policies.jobPods=true",
    "policies.namespaceSelector.matchLabels.team=orders",
    "metrics.authorization=true",
    "hostUsers=false",
    "image.digest=sha256:" + 64 * "0",
)
"""What can be switched on in the chart, but for what needs kinds of other people's."""


@pytest.fixture(scope="module")
def oldest() -> Iterator[Cluster]:
    with control_plane_of_its_own(apiserver=binaries.OLDEST_APISERVER) as plane:
        plane.kubectl("create", "namespace", "stepwright-system")
        # Pods need it, and the controller that makes it is not there.
        plane.kubectl("create", "serviceaccount", "default", "--namespace=default")
        yield with_resources(plane)


def refusals(cluster: Cluster, objects: list[Object]) -> str:
    """What the API server says against them; empty where it would take them all. Fields that it does not know are
    refused, not dropped."""
    said = cluster.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--filename=-",
        input=yaml.safe_dump_all(objects),
        check=False,
    )
    taken = [line for line in said.splitlines() if line.endswith(" serverside-applied (server dry run)")]
    left = [line for line in said.splitlines() if line not in taken]
    assert left or len(taken) == len(objects), said
    return "\n".join(left)


def test_it_is_the_one_that_the_readme_the_pages_and_the_chart_name(oldest: Cluster) -> None:
    version = re.match(r"v(\d+\.\d+)\.", kubernetes_version(oldest))
    assert version is not None
    chart = yaml.safe_load((ROOT / "charts/stepwright/Chart.yaml").read_text(encoding="utf-8"))

    assert chart["kubeVersion"] == f">={version[1]}.0-0"
    assert f"({version[1]} or later)" in chart["description"]
    for page in (ROOT / "README.md", ROOT / "docs/operations.md"):
        assert f"Kubernetes {version[1]} or later" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("settings", [(), EVERYTHING], ids=["as it comes", "with everything switched on"])
def test_it_takes_every_object_of_the_chart(oldest: Cluster, settings: tuple[str, ...]) -> None:
    objects = template(*settings)

    assert len(of_kind(objects, "ValidatingAdmissionPolicy")) > 5
    assert refusals(oldest, objects) == ""


@pytest.mark.parametrize("folder", [DEPLOY, DEPLOY / "crds"], ids=lambda folder: folder.name)
def test_it_takes_every_object_of_the_kustomization(oldest: Cluster, folder: Path) -> None:
    names = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
    texts = [(folder / name).read_text(encoding="utf-8") for name in names]
    objects = [item for text in texts for item in yaml.safe_load_all(text)]

    assert refusals(oldest, objects) == ""


def newer(kind: str, change: Callable[[Object], object]) -> Object:
    """An object of the chart with something that later versions know."""
    found = of_kind(template(), kind)[0]
    change(found["spec"])
    return found


QUOTA: Object = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "full"},
    "spec": {"hard": {"count/configmaps": "1"}},
}
NEWER: dict[str, tuple[str, Callable[[], Object]]] = {
    "a field": (
        "resources: field not declared in schema",
        lambda: newer("Deployment", lambda spec: spec["template"]["spec"].update(resources={})),
    ),
    "a function of CEL": (
        "undeclared reference to 'semver'",
        lambda: newer(
            "ValidatingAdmissionPolicy",
            lambda spec: spec["validations"].append({"expression": "semver('1.0.0').major() == 1"}),
        ),
    ),
    "a version of an API": (
        'no matches for kind "MutatingAdmissionPolicy"',
        lambda: {
            "apiVersion": "admissionregistration.k8s.io/v1beta1",
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": "x"},
        },
    ),
}


@pytest.mark.parametrize("what", NEWER)
def test_what_is_newer_would_be_refused(oldest: Cluster, what: str) -> None:
    complaint, made = NEWER[what]

    assert complaint in refusals(oldest, [made()])


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # it is
async def test_what_it_says_when_it_refuses_is_understood(oldest: Cluster) -> None:
    """Some reasons can be told apart only by its sentences."""
    maps = path_of("v1", "configmaps", "default")

    def config_map(name: str, text: str = "") -> Object:
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"text": text}}

    async with await connect(oldest.kubeconfig) as api:
        with pytest.raises(Forbidden) as no_right:
            await api.as_service_account("default", "nobody").create(maps, config_map("a"))
        with pytest.raises(TooLarge):
            await api.create(maps, config_map("b", 4_000_000 * "x"))
        with pytest.raises(BadRequest) as unknown:
            await api.get(path_of(API_VERSION, "executions"), {"fieldSelector": "status.color=red"})
        await api.create(path_of("v1", "resourcequotas", "default"), QUOTA)
        used = {"status": {"hard": QUOTA["spec"]["hard"], "used": {"count/configmaps": "1"}}}
        await api.patch(path_of("v1", "resourcequotas", "default", "full") + "/status", used, MERGE_PATCH)
        with pytest.raises(Forbidden) as full:
            for number in range(300):  # until the API server has heard of the quota
                await api.create(maps, config_map(f"d{number}"))
                await asyncio.sleep(0.1)
        await api.delete(path_of("v1", "resourcequotas", "default", "full"))
    other = oldest.kubeconfig.with_name("scheduler.kubeconfig")
    async with await connect(other) as scheduler:
        with pytest.raises(Forbidden) as no_other:
            await scheduler.as_service_account("default", "nobody").create(maps, config_map("e"))

    assert no_right.value.by_rbac
    assert not no_right.value.may_not_impersonate
    assert UNKNOWN_FIELD in unknown.value.message
    assert full.value.quota_exceeded
    assert no_other.value.may_not_impersonate


def test_an_operator_carries_an_execution_through_a_task_and_stops_another(
    oldest: Cluster, tmp_path: Path
) -> None:
    kube = Kube(oldest, "default")
    operator = OperatorProcess(oldest, tmp_path / "operator.log")
    operator.start(ready_seconds=SLOW_SECONDS)
    try:
        kube.machine("task", {"StartAt": "Charge", "States": {"Charge": {**TASK, "End": True}}})
        kube.machine("wait", one({"Type": "Wait", "Seconds": 3600, "End": True}))
        kube.start("order", "task")
        kube.start("pause", "wait")
        complete(kube, job_of(kube, "order", "Charge"))
        order = kube.ended("order", seconds=SLOW_SECONDS)
        kube.until("execution", "pause", _waits, seconds=SLOW_SECONDS)
        kube("patch", "execution", "pause", "--type=merge", "-p", '{"spec":{"stop":{}}}')
        pause = kube.ended("pause", seconds=SLOW_SECONDS)
        machine = kube.get("statemachine", "task")
    finally:
        operator.stop()

    assert condition(machine, "Ready")["status"] == "True"
    assert (order["status"]["phase"], pause["status"]["phase"]) == ("Succeeded", "Aborted")
    assert [event["type"] for event in kube.history("order")][-1] == "ExecutionSucceeded"


def _waits(found: Object) -> Any:
    return (found.get("status") or {}).get("waitingUntil")
