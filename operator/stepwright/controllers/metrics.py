"""Prometheus metrics of the operator, and the server that shows them beside the probes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from stepwright import __version__
from stepwright.engine.ports import Commit, ExecutionRef

# Executions last from milliseconds to months.
_DURATION_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 86400, 7 * 86400)


_GAUGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stepwright_executions_live": "Executions this operator carries",
        "stepwright_timers": "Armed timers",
        "stepwright_loop_lag_seconds": "Longest time within the last minute for which the engine's loop did not turn",
        "stepwright_executions_quarantined": "Executions that wait because operators died under them",
        "stepwright_clock_skew_seconds": "How far this operator's time is ahead of the API server's for certain",
        "stepwright_lease_valid": "1 while this operator may act by its Lease",
    }
)
"""What is looked up when somebody asks for it."""


class Metrics:
    """Implements ``engine.observer.Observer``. Labels hold names that users gave to objects, never data."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        Gauge("stepwright_info", "Version of the operator", ["version"], registry=self.registry).labels(
            __version__
        ).set(1)
        self._gauges = {name: Gauge(name, text, registry=self.registry) for name, text in _GAUGES.items()}
        self._ended = Counter(
            "stepwright_executions_ended",
            "Executions that ended, by how",
            ["namespace", "state_machine", "status"],
            registry=self.registry,
        )
        self._duration = Histogram(
            "stepwright_execution_duration_seconds",
            "From start to end of an execution",
            ["namespace", "state_machine"],
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
        self._stalled = Counter(
            "stepwright_executions_stalled", "Executions that could not go on", registry=self.registry
        )
        self._errors = Counter(
            "stepwright_engine_errors",
            "Internal errors at executions, each in the log",
            registry=self.registry,
        )

    def show(self, gauge: str, look: Callable[[], float]) -> None:
        """``look`` is called in the thread of whoever asks for the metrics."""
        self._gauges[gauge].set_function(look)

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        self._commits.inc()
        self._events.inc(len(commit.events))
        for visit in commit.visits:
            if visit.outcome is not None:
                self._states.labels(visit.type, visit.outcome).inc()
        if commit.outcome is not None:
            self._ended.labels(ref.namespace, ref.state_machine, commit.outcome.status).inc()
            seconds = (commit.now - commit.started) / 1000
            self._duration.labels(ref.namespace, ref.state_machine).observe(seconds)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:  # noqa: ARG002 - the log has them
        self._stalled.inc()

    def broke(self, ref: ExecutionRef) -> None:  # noqa: ARG002 - the log has it
        self._errors.inc()


class Server:
    """``/metrics``, ``/healthz`` (alive), ``/readyz`` (has its Lease, and has synced).

    A check gives None when all is well, else a sentence.
    """

    def __init__(self, metrics: Metrics, checks: Mapping[str, Callable[[], str | None]]) -> None:
        self._metrics = metrics
        self._checks = checks
        self._runners: list[web.AppRunner] = []

    async def start(self, host: str, metrics_port: int, health_port: int) -> None:
        """Port 0 leaves a server out."""
        health = web.Application()
        for path, check in self._checks.items():
            health.router.add_get(path, self._answer(check))
        metrics = web.Application()
        metrics.router.add_get("/metrics", self._show)
        for application, port in ((health, health_port), (metrics, metrics_port)):
            if port:
                runner = web.AppRunner(application, access_log=None)
                await runner.setup()
                await web.TCPSite(runner, host, port).start()
                self._runners.append(runner)

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    async def _show(self, _request: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    def _answer(self, check: Callable[[], str | None]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handler(_request: web.Request) -> web.Response:
            problem = check()
            return web.Response(text=problem or "ok", status=503 if problem else 200)

        return handler
