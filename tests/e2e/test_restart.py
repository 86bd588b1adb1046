"""The operator dies in the middle of a workflow: everything goes on, and no task runs twice."""

from __future__ import annotations

import time
from collections import Counter

import pytest

from tests.cluster.audit import Audit
from tests.kube import Kube, output
from tests.operator_process import ROOT, OperatorProcess

pytestmark = pytest.mark.cluster

ORDER = ROOT / "examples" / "order-processing"


@pytest.mark.parametrize("seconds", [0.2, 1.0, 1.5, 2.5, 4.5, 6.0])
def test_killed_in_the_middle_of_an_order_it_is_processed_all_the_same(
    kube: Kube, own_operator: OperatorProcess, audit: Audit, seconds: float
) -> None:
    since = audit.mark()
    own_operator.start()
    kube("apply", "-f", str(ORDER / "statemachine.yaml"))
    kube("wait", "--for=condition=Ready", "sm/order-processing", "--timeout=20s")
    kube("apply", "-f", str(ORDER / "execution.yaml"))
    time.sleep(seconds)
    own_operator.kill()
    before = kube.get("execution", "order-7")["status"].get("seq", 0)
    own_operator.start()
    ended = kube.ended("order-7")

    assert before > 0
    assert ended["status"]["phase"] == "Succeeded", ended["status"].get("cause")
    assert output(ended) == {"orderId": "order-7", "amount": 84, "tracking": "SW-order-7", "notified": True}
    history = kube.history("order-7")
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    scheduled = [event for event in history if event["type"] == "TaskScheduled"]
    jobs = [
        write.name
        for write in audit.writes(since, namespace=kube.namespace)
        if (write.verb, write.resource) == ("create", "jobs") and write.code < 300
    ]
    assert len(scheduled) == 5
    assert len(jobs) == 5
    assert max(Counter(jobs).values()) == 1
    kube.until("execution", "order-7", lambda found: found["status"].get("settled"))
