"""Fixtures that run Stepwright itself on the test cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.on_cluster.kubectl import Kube
from tests.processes.account import OperatorAccount
from tests.processes.operators import ROOT, OperatorProcess
from tests.testcluster import Cluster


@pytest.fixture(scope="session")
def installed(cluster: Cluster) -> Cluster:
    """The cluster with the CRDs and admission policies applied."""
    return with_resources(cluster)


def with_resources(cluster: Cluster) -> Cluster:
    """The cluster, which knows the CRDs when this returns."""
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    cluster.kubectl(
        "wait",
        "--for=condition=Established",
        "--timeout=30s",
        "crd",
        "-l",
        "app.kubernetes.io/part-of=stepwright",
    )
    # Whoever asks first for a kind that is new gets 429, "storage is (re)initializing". kubectl asks again.
    cluster.kubectl(
        "get", "statemachines,executions,executionhistories,tasktemplates,connections", "--all-namespaces"
    )
    return cluster


class SharedOperator:
    """One operator for all namespaces: started when the first test needs it, away while a test has its own."""

    def __init__(self, cluster: Cluster, log_path: Path, account: OperatorAccount) -> None:
        self._process = OperatorProcess(cluster, log_path, account=account)

    def at_work(self) -> OperatorProcess:
        if not self._process.alive:
            self._process.start()
        return self._process

    def stop(self) -> None:
        self._process.stop()


@pytest.fixture(scope="session")
def shared_operator(
    installed: Cluster, operator_account: OperatorAccount, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SharedOperator]:
    log_path = tmp_path_factory.mktemp("operator") / "operator.log"
    shared = SharedOperator(installed, log_path, operator_account)
    yield shared
    shared.stop()


@pytest.fixture
def kube(installed: Cluster, namespace: str) -> Kube:
    """kubectl in the test's own namespace, without an operator."""
    return Kube(installed, namespace)


@pytest.fixture
def operator(request: pytest.FixtureRequest) -> OperatorProcess:
    """The operator at work: the shared one, or with STEPWRIGHT_TEST_OPERATOR=own one for the test's namespace only,
    so that several people can test on one cluster."""
    if os.environ.get("STEPWRIGHT_TEST_OPERATOR") == "own":
        own: OperatorProcess = request.getfixturevalue("own_operator")
        own.start()
        return own
    shared: SharedOperator = request.getfixturevalue("shared_operator")
    return shared.at_work()


@pytest.fixture
def stepwright(kube: Kube, operator: OperatorProcess) -> Iterator[Kube]:
    """kubectl in the test's own namespace, with the operator at work."""
    yield kube
    assert operator.alive, f"the operator has ended:\n{operator.log_tail()}"


@pytest.fixture
def own_operator(
    installed: Cluster,
    operator_account: OperatorAccount,
    namespace: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[OperatorProcess]:
    """An operator for the test's namespace only, not started yet: to be killed, stopped, started again. The shared
    one is away meanwhile. `@pytest.mark.operator_arguments(...)` gives it more arguments."""
    marker = request.node.get_closest_marker("operator_arguments")
    if os.environ.get("STEPWRIGHT_TEST_OPERATOR") != "own":
        request.getfixturevalue("shared_operator").stop()
    process = OperatorProcess(
        installed,
        tmp_path / "operator.log",
        f"--namespace={namespace}",
        *(marker.args if marker else ()),
        lease_namespace=namespace,
        account=operator_account,
    )
    yield process
    if not process.alive:
        process.start()  # state machines leave the namespace only with an operator's consent
    # With their executions: they would wait for those to end.
    installed.kubectl(
        "delete", "executions,statemachines", "--all", "-n", namespace, "--timeout=20s", check=False
    )
    process.stop()
