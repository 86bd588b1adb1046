"""Metrics: what is counted, by what, and for how long."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome, Visit
from stepwright.controllers.metrics import Metrics
from stepwright.controllers.named_series import NamedSeries, Removed
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


def test_beyond_many_state_machines_the_rest_is_counted_together() -> None:
    metrics = Metrics(most_machines=3)
    for number in range(5):
        end(metrics, f"m{number}")

    assert shown(metrics).count("stepwright_executions_ended_total{") == 4
    assert 'state_machine="_others",status="SUCCEEDED"} 2.0' in shown(metrics)


def test_what_an_operator_does_is_counted() -> None:
    metrics = Metrics()
    ref = ExecutionRef(Uid("u"), "shop", "order-7", "orders")
    visits = (
        Visit(3, "Charge", "Charge", "Task", Millis(0), outcome="Succeeded"),
        Visit(9, "Ship", "Ship", "Task", Millis(0)),
    )
    events = ({"type": "TaskStateExited"}, {"type": "TaskStateEntered"})
    metrics.committed(ref, Commit("c", 1, Millis(2_000), Millis(0), {}, events=events, visits=visits))
    metrics.stalled(ref, "InternalError")
    metrics.broke(ref)
    metrics.event_dropped()
    metrics.history_stored("shop", "Payload", 9_000)

    lines = shown(metrics).splitlines()

    for line in (
        "stepwright_commits_total 1.0",
        "stepwright_history_events_total 2.0",
        'stepwright_states_total{outcome="Succeeded",type="Task"} 1.0',
        "stepwright_executions_stalled_total 1.0",
        "stepwright_engine_errors_total 1.0",
        "stepwright_failure_events_dropped_total 1.0",
        'stepwright_history_objects_total{content="Payload",namespace="shop"} 1.0',
        'stepwright_history_object_bytes_total{content="Payload",namespace="shop"} 9000.0',
    ):
        assert line in lines
    assert not any(line.startswith("stepwright_executions_ended_total{") for line in lines)


def test_a_gauge_shows_what_holds_when_somebody_asks() -> None:
    metrics = Metrics()
    timers = [3]
    metrics.show("stepwright_timers", lambda: timers[0])
    assert "stepwright_timers 3.0" in shown(metrics)
    timers[0] = 4
    assert "stepwright_timers 4.0" in shown(metrics)


# --- Which state machines have series of their own ---------------------------------------------------------------------


def test_a_state_machine_that_is_deleted_makes_room_for_another() -> None:
    series = NamedSeries(most=2)
    names = [series.name_of("shop", name) for name in ("a", "b", "c")]
    series.remove("shop", "a")

    assert names == ["a", "b", "_others"]
    assert series.name_of("shop", "c") == "c"
    assert series.name_of("shop", "a") == "_others"


@pytest.mark.parametrize(
    ("namespace", "machine", "removed"),
    [
        pytest.param("shop", "a", Removed.ITS_OWN, id="another one of the namespace has series"),
        pytest.param("bank", "a", Removed.ALL_OF_THE_NAMESPACE, id="it was the last of its namespace"),
        pytest.param("shop", "never", Removed.NONE, id="no execution of it has ended"),
        pytest.param("yard", "a", Removed.NONE, id="nor of any in its namespace"),
        pytest.param("shop", "c", Removed.NONE, id="it was counted with the others"),
    ],
)  # fmt: skip
def test_which_series_go_with_a_state_machine(namespace: str, machine: str, removed: Removed) -> None:
    series = NamedSeries(most=3)
    for counted in (("shop", "a"), ("shop", "b"), ("bank", "a"), ("shop", "c")):
        series.name_of(*counted)

    assert series.remove(namespace, machine) is removed


def test_tasks_of_workers_are_shown_as_they_are_when_somebody_asks() -> None:
    metrics, numbers = Metrics(), {("shop", "resize", "Scheduled"): 3, ("shop", "resize", "Taken"): 1}
    assert "stepwright_worker_tasks{" not in shown(metrics)
    metrics.show_work(lambda: numbers)

    sample = 'stepwright_worker_tasks{namespace="shop",state="Scheduled",task_template="resize"} 3.0'
    assert sample in shown(metrics)
    del numbers["shop", "resize", "Scheduled"]
    assert sample not in shown(metrics)
