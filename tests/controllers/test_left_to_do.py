"""What is left to do about an execution that has ended: the whole table, without a loop."""

from __future__ import annotations

import pytest

from stepwright.controllers import execution_watch
from stepwright.controllers.ending import Left, left_to_do
from stepwright.controllers.execution_watch import Seen


def ended(*, acknowledged: bool = True, began: bool = True) -> Seen:
    metadata = {
        "name": "order-7",
        "namespace": "shop",
        "uid": "4711",
        "resourceVersion": "9",
        "generation": 2,
    }
    pinned = {"stateMachine": {"name": "orders", "uid": "1", "revision": "orders-1"}} if began else {}
    observed = {"observedGeneration": 2 if acknowledged else 1}
    status = {"phase": "Succeeded", "endTime": "2026-11-01T00:00:00Z", **pinned, **observed}
    return execution_watch.of(
        {"metadata": metadata, "spec": {"stateMachineRef": {"name": "orders"}}, "status": status}
    )


@pytest.mark.parametrize(
    ("seen", "busy", "holds", "left"),
    [
        pytest.param(ended(), False, False, Left.NOTHING, id="nothing"),
        pytest.param(ended(), False, True, Left.SWEEP, id="its operator ended before it released its Jobs"),
        pytest.param(ended(began=False), False, True, Left.NOTHING, id="it never began, so nothing is its own"),
        pytest.param(ended(acknowledged=False), False, False, Left.ACKNOWLEDGE, id="its spec was changed since"),
        pytest.param(ended(acknowledged=False), False, True, Left.ACKNOWLEDGE, id="first what tools wait for"),
        pytest.param(ended(acknowledged=False), True, True, Left.LATER, id="somebody is busy with it"),
    ],
)  # fmt: skip
def test_what_is_left_to_do(seen: Seen, busy: bool, holds: bool, left: Left) -> None:
    assert left_to_do(seen, busy=busy, holds=holds) is left
