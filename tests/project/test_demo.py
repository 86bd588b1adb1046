"""``make demo`` where no cluster can be had: the last rung of its ladder."""

from __future__ import annotations

import pytest

from examples import demo
from tests.testcluster import ClusterUnavailable, ladder


def test_without_a_cluster_the_demo_processes_its_order_in_the_embedded_mode(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def unavailable() -> None:
        raise ClusterUnavailable("this machine has no Go")

    monkeypatch.setattr(ladder, "join", unavailable)

    assert demo.main() == 0
    said = capfd.readouterr()
    assert "no cluster: this machine has no Go" in said.err
    assert "stepwright run examples/order-processing/statemachine.yaml" in said.out
    assert '{"orderId":"order-7","amount":84,"tracking":"SW-order-7","notified":true}' in said.out
