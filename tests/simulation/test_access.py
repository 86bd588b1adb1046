"""The simulated cluster gives each account what the shipped rules give it, and nothing more."""

from __future__ import annotations

import pytest

from stepwright.cluster.resources import API_VERSION
from stepwright.kube.paths import path_of
from tests.on_cluster import rights
from tests.on_cluster.rights import Right
from tests.simulation import access, preparing, seeds
from tests.simulation.access import Access


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", path_of("v1", "pods"), Right("served", "", "pods", "list")),
        ("GET", path_of("v1", "pods", "shop", "a") + "/log", Right("served", "", "pods/log", "get")),
        ("GET", "/api/v1/namespaces/shop", Right("served", "", "namespaces", "get")),
        ("POST", path_of("batch/v1", "jobs", "shop"), Right("served", "batch", "jobs", "create")),
        (
            "PATCH",
            path_of(API_VERSION, "executions", "shop", "a") + "/status",
            Right("served", "stepwright.dev", "executions/status", "patch"),
        ),
        (
            "PUT",
            path_of("coordination.k8s.io/v1", "leases", "ours", "a"),
            Right("own", "coordination.k8s.io", "leases", "update"),
        ),
    ],
)
def test_a_request_needs_a_right(method: str, path: str, right: Right) -> None:
    assert rights.needed(method, path, "ours") == right


def test_an_account_of_a_state_machine_may_less_than_the_operator() -> None:
    found = Access("ours")
    create, read = (
        ("POST", path_of("batch/v1", "jobs", "shop")),
        ("GET", path_of("batch/v1", "jobs", "shop", "a")),
    )

    assert found.allows(*create, "shop:orders")
    assert found.allows(*read, None)
    assert not found.allows(*read, "shop:orders")
    assert found.missing == {Right("served", "batch", "jobs", "get")}


def test_a_right_that_is_not_shipped_fails_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Right("served", "stepwright.dev", "executions/status", "patch")
    rest = access.of_the_operator() - {lost}
    monkeypatch.setattr(access, "of_the_operator", lambda: rest)
    with preparing.prepared():
        result = seeds.play(0)

    assert f"the shipped rules do not give {lost}" in result.violations
