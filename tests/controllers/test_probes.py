"""Why a kubelet is to start an operator again, and why it is to send it no work: the whole table."""

from __future__ import annotations

import pytest

from stepwright.controllers import probes
from stepwright.controllers.probes import Life, Work

STUCK = "a step of execution shop/order-7 has not ended for 301 s"


@pytest.mark.parametrize(
    ("life", "reason"),
    [
        (Life(), None),
        (Life(held=59.0, step=250.0, silent=300.0), None),
        (Life(hung=True, held=61.4), "the engine's loop has not turned for 61 s"),
        (Life(stuck="shop/order-7", step=301.2), STUCK),
        (Life(kopf_ended=True), "kopf has ended"),
        (Life(silent=300.1), "no event of Jobs, Pods or Executions, not even a bookmark, for 300 s"),
    ],
)
def test_why_an_operator_is_not_alive(life: Life, reason: str | None) -> None:
    assert probes.not_alive(life) == reason


@pytest.mark.parametrize(
    ("work", "life", "reason"),
    [
        (Work(synced=True), Life(), None),
        (Work(synced=False, own_lease="lapsed"), Life(), "the list of Jobs and Pods is not complete yet"),
        (Work(synced=True, own_lease="it has no Lease yet", neighbours="another"), Life(), "it has no Lease yet"),
        (Work(synced=True, neighbours="another serves it"), Life(), "another serves it"),
        (Work(synced=True), Life(stuck="shop/order-7", step=301), STUCK),
    ],
)  # fmt: skip
def test_why_an_operator_is_not_ready(work: Work, life: Life, reason: str | None) -> None:
    assert probes.not_ready(work, life) == reason
