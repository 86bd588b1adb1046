"""The operator's life: connect, become a member, run the executions that belong to it
(``assembly.in_cluster``), release them, leave.

Two threads do that, each with a loop: this one acts; the *lifeline* renews the Lease and answers probes and Prometheus,
which must not wait for the other. kopf has a third.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from stepwright.assembly import process
from stepwright.assembly.in_cluster import InCluster, Made, Settings
from stepwright.cluster.installation import Installation
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revisions
from stepwright.controllers import probes
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.kopf_thread import KopfThread
from stepwright.controllers.logs import Transitions
from stepwright.controllers.loop_thread import LoopThread
from stepwright.controllers.membership import Membership
from stepwright.controllers.metrics import Metrics
from stepwright.controllers.metrics_access import MetricsAccess
from stepwright.controllers.notice import Notice
from stepwright.controllers.own_lease import Removed
from stepwright.controllers.pulse import Pulse
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.server import Server
from stepwright.controllers.signals import Signals
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.taking_part import TakingPart
from stepwright.engine.clock import SteadyClock
from stepwright.engine.engine import Engine
from stepwright.engine.garbage import Garbage
from stepwright.engine.looking_through import LookingThrough
from stepwright.engine.stepping import Stepping
from stepwright.kube.api import Api
from stepwright.kube.connection import Connection, connect
from stepwright.kube.informer import Informer

log = structlog.get_logger(__name__)

LEASE_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. A port of 0 leaves its server out."""

    settings: Settings
    kubeconfig: Path | None = None
    lease_namespace: str | None = None
    lease_seconds: int = 15
    installation: str | None = None
    """Its name; without one, the Leases' namespace."""
    take_over: Sequence[str] = ()
    """Names of installations that are gone, whose executions continue here."""
    host: str = "0.0.0.0"  # noqa: S104 - probes and Prometheus come from outside the pod
    metrics_port: int = 8080
    health_port: int = 8081
    state_machine_durations: bool = False
    metrics_authorization: bool = False
    log_execution_data: bool = False


class Lost(Exception):  # noqa: N818 - it names a condition
    """The operator must end: its Lease or kopf is gone. The sentence says which."""


async def run(options: Options) -> None:
    """Run until SIGTERM or SIGINT. Raises Lost, ApiError, NoCluster."""
    stopped = process.begin()
    loop = asyncio.get_running_loop()
    lifeline = LoopThread("lifeline")
    lifeline.start()
    Signals({"engine": loop, "lifeline": lifeline.loop}, lifeline.loop).install()
    try:
        async with await connect(options.kubeconfig) as api:
            # Its own connections: a Lease would expire while its renewal waits behind thousands of other
            # requests.
            clock = SteadyClock()
            leases = await lifeline.call(
                connect(options.kubeconfig, connections=LEASE_CONNECTIONS, on_date=clock.hear)
            )
            try:
                await Operator(api, leases, clock, lifeline, options).serve(stopped)
            finally:
                await lifeline.call(leases.close())
    finally:
        await lifeline.stop()


class Operator:
    """One operator process, put together from its parts."""

    def __init__(
        self, api: Connection, leases: Api, clock: SteadyClock, lifeline: LoopThread, options: Options
    ) -> None:
        self._options = options
        self._lifeline = lifeline
        loop = asyncio.get_running_loop()
        stepping = Stepping()
        lease_namespace = options.lease_namespace or api.default_namespace
        shares_changed: Notice[[]] = Notice()
        suspects: Notice[[]] = Notice()
        changed = partial(_in_loop, loop, shares_changed)
        quarantine = Quarantine(leases, lease_namespace, changed)
        self._membership = Membership(
            leases,
            lease_namespace,
            duration=options.lease_seconds,
            clock=clock,
            changed=changed,
            skew=lambda: clock.skew_seconds,
        )
        looked_through = LookingThrough()
        metrics = Metrics(durations_by_state_machine=options.state_machine_durations)
        failures = FailureEvents(api, self._membership.identity, clock, metrics.event_dropped)
        transitions = Transitions(with_data=options.log_execution_data)
        self._parts = InCluster(
            api,
            clock,
            self._membership,
            Revisions(api, looked_through),
            Installation(options.installation or lease_namespace, frozenset(options.take_over)),
            quarantine,
            failures,
            (metrics, transitions, failures),
            options.settings,
            shares_changed,
            Made(
                journal=partial(ClusterJournal, stored=metrics.history_stored),
                engine=partial(Engine, stepping=stepping),
                state_machines=partial(
                    StateMachines,
                    on_gone=lambda key: metrics.forget(*key),
                    looked_through=looked_through,
                ),
            ),
        )
        self._pulse = Pulse(
            loop,
            threading.get_ident(),
            stepping=stepping,
            news=suspects,
            handed_over=self._parts.handed_over,
        )
        self._taking_part = TakingPart(self._membership, quarantine, self._pulse)
        suspects.listen(self._taking_part.hear)
        self._kopf = KopfThread(
            loop,
            {"statemachines": self._parts.state_machines.observe},
            namespaces=options.settings.namespaces,
            kubeconfig=options.kubeconfig,
        )
        _show(metrics, self._parts, self._membership, quarantine, self._pulse, clock)
        checks = {
            "/healthz": lambda: probes.not_alive(self._life()),
            "/readyz": lambda: probes.not_ready(self._work_at_hand(), self._life()),
        }
        if options.metrics_authorization:
            self._server = Server(metrics, checks, MetricsAccess(leases).admit)
        else:
            self._server = Server(metrics, checks)

    # --- Life ----------------------------------------------------------------------------------------------------

    async def serve(self, stopped: asyncio.Event) -> None:
        options = self._options
        server = self._server.start(options.host, options.metrics_port, options.health_port)
        await self._lifeline.call(server)
        taking_part = asyncio.create_task(self._lifeline.call(self._take_part()), name="membership")
        working = asyncio.create_task(self._work(), name="work")
        stopping = asyncio.create_task(stopped.wait(), name="stop")
        tasks = (stopping, working, taking_part)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                working.result()
            if taking_part.done():
                taking_part.result()
            log.info("stopping")
            # While the Lease is still renewed: nobody else may continue what is being written.
            await self._drain(working, taking_part)
        except Removed as removed:
            name = self._membership.name
            raise Lost(f"Lease {name} was deleted: others may have taken over its executions") from removed
        finally:
            # The Lease last: until then nobody else continues.
            for task in tasks:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await self._lifeline.call(self._taking_part.leave())
            await self._lifeline.call(self._server.stop())

    async def _drain(self, *living: asyncio.Task[None]) -> None:
        """Also over once one of these is: then nothing can be written any more."""
        draining = asyncio.create_task(self._parts.drain(), name="drain")
        await asyncio.wait((draining, *living), return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)

    async def _take_part(self) -> None:
        """Runs in the lifeline. Raises Removed."""
        pulse = asyncio.create_task(self._pulse.run(), name="pulse")
        try:
            await self._taking_part.run()
        finally:
            pulse.cancel()
            await asyncio.gather(pulse, return_exceptions=True)

    async def _work(self) -> None:
        """What a member does, until cancelled. Raises Lost."""
        try:
            await self._parts.run(self._joined, self._watch_state_machines)
        except* Lost as lost:
            raise lost.exceptions[0] from None

    async def _joined(self) -> None:
        await self._lifeline.call(self._membership.joined.wait())

    async def _watch_state_machines(self) -> None:
        """Raises Lost if nothing reports them any more."""
        self._kopf.start()
        garbage = asyncio.create_task(Garbage().run(), name="garbage")
        try:
            await self._kopf.ended.wait()
            raise Lost("kopf has ended")
        finally:
            garbage.cancel()
            await self._kopf.stop()

    # --- What the probes ask, in the lifeline ------------------------------------------------------------------------

    def _life(self) -> probes.Life:
        parts, pulse, stuck = self._parts, self._pulse, self._pulse.stuck
        informers: tuple[Informer[Any], ...] = (parts.driver.jobs, parts.driver.pods, parts.watch)
        heard = [informer.last_activity for informer in informers if informer.last_activity is not None]
        return probes.Life(
            pulse.hung,
            pulse.held_seconds,
            None if stuck is None else str(stuck),
            pulse.step_seconds,
            self._kopf.ended.is_set(),
            time.monotonic() - min(heard) if heard else 0.0,
        )

    def _work_at_hand(self) -> probes.Work:
        parts = self._parts
        return probes.Work(parts.synced, self._membership.obstacle, parts.neighbours.obstacle)


def _show(
    metrics: Metrics,
    parts: InCluster,
    membership: Membership,
    quarantine: Quarantine,
    pulse: Pulse,
    clock: SteadyClock,
) -> None:
    """Values that are read when somebody asks for the metrics."""
    metrics.show("stepwright_executions_live", lambda: parts.engine.live)
    metrics.show("stepwright_timers", lambda: len(parts.engine.timers))
    metrics.show("stepwright_loop_lag_seconds", lambda: pulse.lag_seconds)
    metrics.show("stepwright_step_seconds", lambda: pulse.step_seconds)
    metrics.show("stepwright_executions_for_newer_version", lambda: len(parts.executions.for_newer_version))
    metrics.show("stepwright_lease_valid", lambda: membership.valid)
    metrics.show("stepwright_executions_elsewhere", lambda: parts.neighbours.carried)
    metrics.show("stepwright_clock_skew_seconds", lambda: clock.skew_seconds)
    metrics.show(
        "stepwright_executions_quarantined",
        lambda: sum(membership.owns(uid) and found.quarantined for uid, found in quarantine.suspects.items()),
    )
    metrics.show_work(parts.external.counting.numbers)


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(call)
