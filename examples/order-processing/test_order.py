"""The same workflow tested with pytest: `pytest examples/order-processing`."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.testing import TaskError, after, in_turn

ORDER = {"orderId": "order-7", "item": "lamp", "quantity": 2, "total": 84}


@pytest.fixture
def order(workflow: Any) -> Any:
    return (
        workflow("statemachine.yaml")
        .mock("ValidatePayment", lambda given: {"authorized": True, "amount": given["total"]})
        .mock("CheckInventory", lambda given: {"available": given["quantity"] <= 10})
        .mock("Ship", {"tracking": "SW-7"})
        .mock("Notify", {"sent": True})
    )


def test_a_busy_carrier_is_called_again(order: Any) -> None:
    order.mock("Ship", in_turn(TaskError("Job.Failed", "no answer"), after(45, {"tracking": "SW-7"})))

    result = order.run(ORDER)

    assert result.output["tracking"] == "SW-7"
    assert result.states == ["CheckOrder", "InStock", "Ship", "Notify", "Receipt"]
    assert result.inputs_of("Ship") == [{"orderId": "order-7"}] * 2
    assert result.seconds == 46


@pytest.mark.parametrize(("quantity", "error"), [(10, None), (11, "Order.OutOfStock")])
def test_what_is_in_stock_can_be_ordered(order: Any, quantity: int, error: str | None) -> None:
    assert order.run({**ORDER, "quantity": quantity}).error == error
