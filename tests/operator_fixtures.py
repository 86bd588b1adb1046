"""Fixtures that run Stepwright itself on the test cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import Cluster
from tests.kube import Kube
from tests.operator_process import ROOT, OperatorProcess


@pytest.fixture(scope="session")
def installed(cluster: Cluster) -> Cluster:
    """The cluster with the CRDs and admission policies applied."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    cluster.kubectl(
        "wait",
        "--for=condition=Established",
        "--timeout=30s",
        "crd",
        "-l",
        "app.kubernetes.io/part-of=stepwright",
    )
    return cluster


@pytest.fixture(scope="session")
def operator(installed: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """One operator for all namespaces, for all tests that do not disturb it."""
    process = OperatorProcess(installed, tmp_path_factory.mktemp("operator") / "operator.log")
    with process:
        yield process


@pytest.fixture
def kube(installed: Cluster, namespace: str) -> Kube:
    """kubectl in the test's own namespace, without an operator."""
    return Kube(installed, namespace)


@pytest.fixture
def stepwright(kube: Kube, operator: OperatorProcess, request: pytest.FixtureRequest) -> Iterator[Kube]:
    """kubectl in the test's own namespace, with the operator at work."""
    assert operator.alive, f"the operator has ended:\n{operator.log_tail()}"
    yield kube
    assert operator.alive, f"the operator has ended:\n{operator.log_tail()}"


@pytest.fixture
def own_operator(installed: Cluster, namespace: str, tmp_path: Path) -> Iterator[OperatorProcess]:
    """An operator for the test's namespace only, with its own lease: to be killed, stopped, started again."""
    process = OperatorProcess(
        installed, tmp_path / "operator.log", f"--namespace={namespace}", lease_namespace=namespace
    )
    yield process
    process.stop()
