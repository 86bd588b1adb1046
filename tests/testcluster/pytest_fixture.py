"""Fixtures for tests on a real cluster: one per run, a namespace per test, what is in it shown when a test fails.

Loaded by `pytest_plugins = ["tests.testcluster.pytest_fixture"]` in the top conftest.py.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from typing import Final

import pytest

from tests.on_cluster import api_requests
from tests.testcluster import ladder
from tests.testcluster.audit import Audit
from tests.testcluster.interface import Cluster, ClusterUnavailable
from tests.testcluster.workers import uses_cluster

#: Shown for the namespace of a failed test, where the cluster knows the kind.
_DUMPED = ("statemachines.stepwright.dev", "executions.stepwright.dev", "jobs", "pods")
_LOG_LINES = 40
_BRIEFLY = "--request-timeout=10s"
_failed = pytest.StashKey[bool]()
_broken = pytest.StashKey[str]()
_found = pytest.StashKey[Cluster]()
_prepared = pytest.StashKey[bool]()
_left = pytest.StashKey[list[str]]()
"""Namespaces of tests that have ended. They go with the cluster, or at the end of the run where that stays: for each that
is deleted Kubernetes asks twice for each of 35 kinds, and that was more than half of what the API server did."""
_AT_WORK: Final = ("execution", "statemachine", "cronjob", "deployment", "job", "pod")
"""What would go on running, and what it is made by."""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Build before the first test that will ask for the cluster, or starts servers of its own: no test's time limit covers
    minutes."""
    if item.get_closest_marker("cluster") and not item.config.stash.get(_prepared, False):
        item.config.stash[_prepared] = True
        # What is missing is reported by the fixture, to the tests that it concerns.
        with contextlib.suppress(ClusterUnavailable):
            ladder.prepare()
    return (yield)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """The cluster of this run: one that is up is used and left up, else one is started and ended.

    A cluster that cannot be had fails the test: a suite that skips itself in silence proves nothing.
    STEPWRIGHT_SKIP_CLUSTER=1 turns that into a skip with the reason.
    """
    try:
        found = ladder.join()
    except ClusterUnavailable as error:
        if os.environ.get("STEPWRIGHT_SKIP_CLUSTER") == "1":
            pytest.skip(f"no cluster: {error}")
        pytest.fail(f"no cluster: {error}", pytrace=False)
    request.config.stash[_found] = found
    request.config.stash[_left] = []
    yield found
    if ladder.leave() and (left := request.config.stash[_left]):
        found.kubectl("delete", "namespace", *left, "--wait=false", "--ignore-not-found", check=False)


@pytest.fixture
def new_namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Callable[[], str]]:
    """Makes a fresh namespace whose pods can start at once, and gives its name; emptied behind the test's back."""
    made: list[str] = []

    def make() -> str:
        made.append(f"test-{uuid.uuid4().hex[:10]}")
        _create_namespace(cluster, made[-1])
        _await_service_account(cluster, made[-1])
        return made[-1]

    yield make
    for name in made:
        if request.node.stash.get(_failed, False):
            request.node.add_report_section("teardown", f"namespace {name}", describe(cluster, name))
        _empty(cluster, name)
    request.config.stash[_left] += made


@pytest.fixture
def namespace(new_namespace: Callable[[], str]) -> str:
    return new_namespace()


@pytest.fixture
def audit(cluster: Cluster) -> Audit:
    """The API server's audit log; its methods raise Unsupported on a cluster that shows none."""
    return Audit(cluster.audit_log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
        if uses_cluster(item):
            _mend(item)
    return report


def _mend(item: pytest.Item) -> None:
    """After a failure, before the test's fixtures end: with a cluster that does not answer each of their requests, and
    every other test, would fail only after its time limit."""
    cluster = item.config.stash.get(_found, None)
    if cluster is None or _broken in item.config.stash:
        return
    try:
        cluster.mend()
    except ClusterUnavailable as error:
        item.config.stash[_broken] = f"the cluster broke in {item.nodeid}: {error}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    broken = item.config.stash.get(_broken, None)
    if broken and uses_cluster(item):
        pytest.fail(broken, pytrace=False)


def describe(cluster: Cluster, namespace: str) -> str:
    """Objects, events and the ends of pod logs of a namespace, for people to read."""
    parts = []
    for kind in _DUMPED:
        shown = cluster.kubectl("get", kind, "-n", namespace, "-o", "yaml", _BRIEFLY, check=False)
        if "items: []" not in shown and "have a resource type" not in shown:
            parts.append(f"--- {kind}\n{shown}")
    events = cluster.kubectl(
        "get", "events", "-n", namespace, "--sort-by=.lastTimestamp", _BRIEFLY, check=False
    )
    parts.append(f"--- events\n{events}")
    for pod in cluster.kubectl("get", "pods", "-n", namespace, "-o", "name", _BRIEFLY, check=False).split():
        log = cluster.kubectl(
            "logs", pod, "-n", namespace, "--all-containers", f"--tail={_LOG_LINES}", _BRIEFLY, check=False
        )
        parts.append(f"--- logs of {pod}\n{log}")
    return "\n".join(parts)


def _create_namespace(cluster: Cluster, name: str) -> None:
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    try:
        api_requests.of(cluster.kubeconfig).create("", body)
    except api_requests.Unanswered:
        cluster.kubectl("create", "namespace", name)


def _empty(cluster: Cluster, namespace: str) -> None:
    for kind in _AT_WORK:
        # What cannot be deleted now, because of the test's fault or because nobody knows the kind, is left.
        with contextlib.suppress(api_requests.Unanswered):
            api_requests.of(cluster.kubeconfig).delete_all(kind, namespace)


def _await_service_account(cluster: Cluster, namespace: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            api_requests.of(cluster.kubeconfig).get("serviceaccount", namespace, "default")
        except api_requests.Unanswered as error:
            if time.monotonic() > deadline:
                raise AssertionError(f"namespace {namespace} has no service account after 30 s") from error
            time.sleep(0.05)
        else:
            return
