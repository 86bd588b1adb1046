"""Kubernetes Events: for failures, and only for them."""

from __future__ import annotations

import time

import pytest

from tests.on_cluster.kubectl import Kube, Object, one

pytestmark = pytest.mark.cluster


def test_a_failed_execution_has_an_event_and_one_that_succeeded_has_none(stepwright: Kube) -> None:
    stepwright.run("well", one({"Type": "Succeed"}))
    failed = stepwright.run("badly", one({"Type": "Fail", "Error": "Shop.Closed", "Cause": "at night"}))
    event = _events(stepwright, "badly", seconds=10)[0]

    assert failed["status"]["error"] == "Shop.Closed"
    assert (event["type"], event["reason"]) == ("Warning", "Failed")
    assert event["message"] == "The execution failed with Shop.Closed; status.cause says more"
    assert event["involvedObject"]["uid"] == failed["metadata"]["uid"]
    assert _events(stepwright, "well", seconds=0) == []


def _events(kube: Kube, execution: str, *, seconds: float) -> list[Object]:
    selector = f"involvedObject.kind=Execution,involvedObject.name={execution}"
    deadline = time.monotonic() + seconds
    while True:
        found = kube.list("events", "--field-selector", selector)
        if found or time.monotonic() >= deadline:
            return found
        time.sleep(0.1)
