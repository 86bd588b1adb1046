"""Prometheus metrics of the operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from stepwright import __version__
from stepwright.controllers.named_series import MOST_MACHINES, NamedSeries, Removed
from stepwright.engine.ports import Commit, ExecutionRef

# Executions last from milliseconds to months.
_DURATION_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 86400, 7 * 86400)


_GAUGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stepwright_executions_live": "Executions this operator carries",
        "stepwright_timers": "Armed timers",
        "stepwright_loop_lag_seconds": "Longest time within the last minute for which the engine's loop did not turn",
        "stepwright_step_seconds": "How long the step under way lasts that is computed beside the engine's loop; 0 without one",
        "stepwright_executions_quarantined": "Executions that wait because operators died under them",
        "stepwright_executions_elsewhere": "Executions under way that another installation carries",
        "stepwright_clock_skew_seconds": "How far this operator's time is ahead of the API server's for certain",
        "stepwright_executions_for_newer_version": "Executions that wait for a newer version of Stepwright",
        "stepwright_lease_valid": "1 while this operator may act by its Lease",
    }
)
"""Gauges that are read when somebody asks for them."""


class _Numbers(Collector):
    """A gauge with labels, whose values are read when somebody asks for them."""

    def __init__(self, name: str, text: str, labels: Sequence[str]) -> None:
        self._name = name
        self._text = text
        self._labels = labels
        self.look: Callable[[], Mapping[tuple[str, str, str], int]] = dict

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
        for values, number in self.look().items():
            family.add_metric(values, number)
        yield family


class Metrics:
    """Implements ``engine.observer.Observer``. Labels hold names that users gave to objects, never data.

    ``durations_by_state_machine``: sixteen more series for each state machine. ``most_machines``: how many have their own.
    """

    def __init__(
        self, *, durations_by_state_machine: bool = False, most_machines: int = MOST_MACHINES
    ) -> None:
        self._by_state_machine = durations_by_state_machine
        self._series = NamedSeries(most_machines)
        self.registry = CollectorRegistry()
        Gauge("stepwright_info", "Version of the operator", ["version"], registry=self.registry).labels(
            __version__
        ).set(1)
        self._gauges = {name: Gauge(name, text, registry=self.registry) for name, text in _GAUGES.items()}
        self._work = _Numbers(
            "stepwright_worker_tasks",
            "ExternalTasks that wait for workers (Scheduled) or that workers have (Taken)",
            ["namespace", "task_template", "state"],
        )
        self.registry.register(self._work)
        self._ended = Counter(
            "stepwright_executions_ended",
            "Executions that ended, by how",
            ["namespace", "state_machine", "status"],
            registry=self.registry,
        )
        self._duration = Histogram(
            "stepwright_execution_duration_seconds",
            "From start to end of an execution",
            ["namespace", *(["state_machine"] if durations_by_state_machine else [])],
            buckets=_DURATION_BUCKETS,
            registry=self.registry,
        )
        self._states = Counter(
            "stepwright_states",
            "Visits of states that ended, by how",
            ["type", "outcome"],
            registry=self.registry,
        )
        self._commits = Counter("stepwright_commits", "Writes of execution status", registry=self.registry)
        self._events = Counter("stepwright_history_events", "History events recorded", registry=self.registry)
        self._events_dropped = Counter(
            "stepwright_failure_events_dropped",
            "Kubernetes Events about failures that were not posted, since too many were on their way",
            registry=self.registry,
        )
        self._stalled = Counter(
            "stepwright_executions_stalled", "Executions that could not go on", registry=self.registry
        )
        labels = ["namespace", "content"]
        self._stored = Counter(
            "stepwright_history_objects",
            "ExecutionHistory objects stored: pages of events, long payloads",
            labels,
            registry=self.registry,
        )
        self._stored_bytes = Counter(
            "stepwright_history_object_bytes",
            "Bytes of ExecutionHistory objects stored",
            labels,
            registry=self.registry,
        )
        self._errors = Counter(
            "stepwright_engine_errors",
            "Internal errors at executions, each in the log",
            registry=self.registry,
        )

    def show(self, gauge: str, look: Callable[[], float]) -> None:
        """``look`` is called in the thread that serves the metrics."""
        self._gauges[gauge].set_function(look)

    def show_work(self, look: Callable[[], Mapping[tuple[str, str, str], int]]) -> None:
        """Likewise; the numbers of ExternalTasks by namespace, TaskTemplate and state."""
        self._work.look = look

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        self._commits.inc()
        self._events.inc(len(commit.events))
        for visit in commit.visits:
            if visit.outcome is not None:
                self._states.labels(visit.type, visit.outcome).inc()
        if commit.outcome is not None:
            machine = self._series.name_of(ref.namespace, ref.state_machine)
            self._ended.labels(ref.namespace, machine, commit.outcome.status).inc()
            seconds = (commit.now - commit.started) / 1000
            self._duration.labels(*self._of_duration(ref.namespace, machine)).observe(seconds)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:  # noqa: ARG002 - the log has them
        self._stalled.inc()

    def history_stored(self, namespace: str, content: str, size_bytes: int) -> None:
        self._stored.labels(namespace, content).inc()
        self._stored_bytes.labels(namespace, content).inc(size_bytes)

    def broke(self, ref: ExecutionRef) -> None:  # noqa: ARG002 - the log has it
        self._errors.inc()

    def event_dropped(self) -> None:
        self._events_dropped.inc()

    def forget(self, namespace: str, state_machine: str) -> None:
        """The state machine was deleted, and its series with it."""
        removed = self._series.remove(namespace, state_machine)
        if removed is not Removed.NONE:
            self._ended.remove_by_labels({"namespace": namespace, "state_machine": state_machine})
            if self._by_state_machine:
                self._duration.remove_by_labels({"namespace": namespace, "state_machine": state_machine})
        if removed is Removed.ALL_OF_THE_NAMESPACE:
            for metric in (self._ended, self._duration, self._stored, self._stored_bytes):
                metric.remove_by_labels({"namespace": namespace})

    def _of_duration(self, namespace: str, state_machine: str) -> tuple[str, ...]:
        return (namespace, state_machine) if self._by_state_machine else (namespace,)
