"""Stepwright as `kubectl apply -k deploy/` brings it: the same run-through as by the chart."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.on_cluster import rights
from tests.on_cluster.installed_chart import IMAGE, OF_THE_CLUSTER, Requests, await_answer
from tests.on_cluster.kubectl import Kube, Object, output, phase
from tests.processes.operators import ROOT
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

ORDER = ROOT / "examples" / "order-processing"
SYSTEM = "stepwright-system"
USER = f"system:serviceaccount:{SYSTEM}:stepwright"


def overlay(folder: Path, namespace: str) -> Path:
    """What a user keeps in a repository of his own: another image, and this one namespace, where others may test."""
    shutil.copytree(ROOT / "deploy", folder / "base", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    argument = [
        {"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": f"--namespace={namespace}"}
    ]
    selector = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    bounded = [{"op": "add", "path": "/spec/matchResources", "value": selector}]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": ["base"],
        "images": [
            {"name": "ghcr.io/stepwright/stepwright", "newName": IMAGE["repository"], "newTag": IMAGE["tag"]}
        ],
        "patches": [
            {"target": {"kind": "Deployment"}, "patch": yaml.safe_dump(argument)},
            {"target": {"kind": "ValidatingAdmissionPolicyBinding"}, "patch": yaml.safe_dump(bounded)},
        ],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


@pytest.fixture(scope="module")
def applied(vacant: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kube, int]]:
    """kubectl in the namespace that is served, and where the audit log stood before."""
    cluster = vacant
    since = Audit(cluster.audit_log).mark()
    kube = Kube(cluster, f"test-kustomize-{time.time_ns() % 10**8:08}")
    folder = overlay(tmp_path_factory.mktemp("kustomize"), kube.namespace)
    system = Kube(cluster, SYSTEM)
    # Of a run before this one it may be on its way out, which takes Kubernetes half a minute.
    cluster.kubectl("wait", "--for=delete", f"namespace/{SYSTEM}", "--timeout=90s")
    try:
        cluster.kubectl("create", "namespace", kube.namespace)
        crds = str(ROOT / "deploy" / "crds")
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", crds)
        cluster.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(folder))
        try:
            system("rollout", "status", "deployment/stepwright", "--timeout=90s")
        except Exception as error:
            log = system("logs", "-l", "app.kubernetes.io/name=stepwright", "--tail=40", check=False)
            raise AssertionError(f"{error}\n{system('get', 'pods,events', check=False)}\n{log}") from error
        yield kube, since
    finally:
        kube("delete", "executions,statemachines", "--all", "--timeout=20s", check=False)
        ours = f"app.kubernetes.io/name=stepwright,{NOT_BY_HELM}"
        cluster.kubectl("delete", ",".join(OF_THE_CLUSTER), "-l", ours, check=False)
        for namespace in (kube.namespace, SYSTEM):
            cluster.kubectl(
                "delete", "namespace", namespace, "--ignore-not-found", "--wait=false", check=False
            )


NOT_BY_HELM = "app.kubernetes.io/managed-by!=Helm"


def test_an_order_is_processed(applied: tuple[Kube, int]) -> None:
    kube, _ = applied
    kube("apply", "-f", str(ORDER / "statemachine.yaml"), "-f", str(ORDER / "execution.yaml"))
    ended = kube.ended("order-7", seconds=120)

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    assert output(ended) == {"orderId": "order-7", "amount": 84, "tracking": "SW-order-7", "notified": True}


def test_a_bad_order_is_rejected(applied: tuple[Kube, int]) -> None:
    kube, _ = applied
    kube("apply", "-f", str(ORDER / "statemachine.yaml"))
    body = yaml.safe_load((ORDER / "execution.yaml").read_text())
    kube.start("order-8", "order-processing", input={**body["spec"]["input"], "total": 5000})
    ended = kube.ended("order-8", seconds=120)

    assert (phase(ended), ended["status"]["error"]) == ("Failed", "Order.Rejected")
    assert "a total of 5000 needs a person" in ended["status"]["cause"]


def test_the_policies_are_in_force(applied: tuple[Kube, int]) -> None:
    kube, _ = applied
    page: Object = {
        "apiVersion": "stepwright.dev/v1",
        "kind": "ExecutionHistory",
        "metadata": {"name": "forged"},
        "executionRef": {"name": "a", "uid": "0"},
        "content": "Payload",
    }

    await_answer(
        lambda: kube("create", "--dry-run=server", "-f", "-", input=yaml.safe_dump(page), check=False),
        "only the Stepwright operator writes them",
    )


def test_nothing_is_refused_to_the_operator_and_all_it_used_is_granted(
    applied: tuple[Kube, int], audit: Audit
) -> None:
    _, since = applied
    requests = Requests(audit, USER, since)

    assert requests.refused() == []
    assert requests.used() - rights.granted(*rights.shipped()) == set()


def test_applying_it_again_changes_nothing(applied: tuple[Kube, int], tmp_path: Path) -> None:
    kube, _ = applied
    folder = overlay(tmp_path / "again", kube.namespace)

    assert kube.cluster.kubectl("diff", "--server-side", "--force-conflicts", "-k", str(folder)) == ""
