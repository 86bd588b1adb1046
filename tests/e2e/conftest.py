"""Operators that are struck down, and the namespaces they serve."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from tests.processes.account import OperatorAccount
from tests.processes.nursery import Nursery
from tests.testcluster import Cluster

#: As many operators are at work at the same time, each in a namespace of its own.
NAMESPACES = 4


@pytest.fixture
async def api(cluster: Cluster) -> AsyncIterator[Api]:
    """A connection for many small requests: kubectl's start alone takes longer than they do."""
    async with await connect(cluster.kubeconfig, user_agent="stepwright-test") as connected:
        yield connected


@pytest.fixture
async def nursery(
    cluster: Cluster, operator_account: OperatorAccount, tmp_path: Path
) -> AsyncIterator[Nursery]:
    async with Nursery(cluster, operator_account, tmp_path) as started:
        yield started


@pytest.fixture
def namespaces(
    installed: Cluster, new_namespace: Callable[[], str], request: pytest.FixtureRequest
) -> Iterator[list[str]]:
    """Fresh ones that no operator serves yet."""
    if os.environ.get("STEPWRIGHT_TEST_OPERATOR") != "own":
        request.getfixturevalue("shared_operator").stop()
    names = [new_namespace() for _ in range(NAMESPACES)]
    yield names
    for name in names:
        # There is no operator any more that would let its state machines go.
        for found in installed.kubectl("get", "statemachines", "-n", name, "-o", "name").split():
            installed.kubectl(
                "patch", found, "-n", name, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
            )
