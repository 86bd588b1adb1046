"""Metrics: what is counted, by what, and for how long."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.controllers import metrics as metrics_module
from stepwright.controllers.metrics import Metrics
from stepwright.engine.ports import Commit, ExecutionRef, Uid


def end(metrics: Metrics, machine: str, namespace: str = "shop") -> None:
    commit = Commit("c", 1, Millis(2_000), Millis(0), {}, outcome=Outcome("SUCCEEDED"))
    metrics.committed(ExecutionRef(Uid("u"), namespace, "e", machine), commit)


def shown(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def test_durations_are_told_by_namespace_and_by_state_machine_where_that_is_asked_for() -> None:
    plain, fine = Metrics(), Metrics(durations_by_state_machine=True)
    end(plain, "orders")
    end(fine, "orders")

    assert 'stepwright_execution_duration_seconds_count{namespace="shop"} 1.0' in shown(plain)
    assert (
        'stepwright_execution_duration_seconds_count{namespace="shop",state_machine="orders"} 1.0'
        in shown(fine)
    )


@pytest.mark.parametrize("fine", [False, True])
def test_a_deleted_state_machine_takes_its_series_with_it(fine: bool) -> None:
    metrics = Metrics(durations_by_state_machine=fine)
    empty = shown(metrics).count("\n")
    for number in range(50):
        end(metrics, f"m{number}")
        metrics.history_stored("shop", "events", 1000)
    assert shown(metrics).count("\n") > empty + 50
    for number in range(50):
        metrics.forget("shop", f"m{number}")
    metrics.forget("shop", "m1")
    metrics.forget("other", "never-seen")

    assert shown(metrics).count("\n") == empty


def test_beyond_many_state_machines_the_rest_is_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "MOST_MACHINES", 3)
    metrics = Metrics()
    for number in range(5):
        end(metrics, f"m{number}")

    assert shown(metrics).count("stepwright_executions_ended_total{") == 4
    assert 'state_machine="_others",status="SUCCEEDED"} 2.0' in shown(metrics)
