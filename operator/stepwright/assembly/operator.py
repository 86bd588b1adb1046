"""The operator's life: connect, become a member, carry the executions that belong to it, let go, leave.

Two threads do that, each with a loop: this one acts; the *lifeline* renews the Lease and answers probes and Prometheus,
which must not wait for the other. kopf has a third.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from stepwright.asl.limits import CLUSTER, Limits
from stepwright.asl.signals import Signal
from stepwright.cluster.installation import Installation
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers import execution_watch
from stepwright.controllers.executions import Executions
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.kopf_thread import KopfThread
from stepwright.controllers.logs import Transitions
from stepwright.controllers.loop_thread import LoopThread
from stepwright.controllers.membership import Membership, Removed
from stepwright.controllers.metrics import Metrics
from stepwright.controllers.metrics_access import MetricsAccess
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.pulse import Pulse
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.retention import Retention
from stepwright.controllers.rounds import Rounds, Scope
from stepwright.controllers.server import Server
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.signals import Signals
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.vanished import Vanished
from stepwright.engine import garbage
from stepwright.engine.clock import SteadyClock
from stepwright.engine.engine import Engine
from stepwright.engine.garbage import Garbage
from stepwright.engine.looking_through import LookingThrough, take_short_turns
from stepwright.engine.observer import Observer
from stepwright.engine.ports import Commit, ExecutionRef, TaskDriver, Uid
from stepwright.engine.stepping import Stepping
from stepwright.kube.api import Api
from stepwright.kube.informer import Informer
from stepwright.tasks import table
from stepwright.tasks.job.driver import JobDriver
from stepwright.tasks.job.settings import BASELINE

log = structlog.get_logger(__name__)

# A watch gives a bookmark a minute. Silent for this long, it is dead, whatever its connection says.
SILENT_SECONDS = 300.0

LEASE_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. Without ``namespaces`` all of them; a port of 0 leaves its server out."""

    kubeconfig: Path | None = None
    namespaces: Sequence[str] = ()
    lease_namespace: str | None = None
    lease_seconds: int = 15
    installation: str | None = None
    """Its name; without one, the Leases' namespace."""
    take_over: Sequence[str] = ()
    """Names of installations that are gone, whose executions go on here."""
    host: str = "0.0.0.0"  # noqa: S104 - probes and Prometheus come from outside the pod
    metrics_port: int = 8080
    health_port: int = 8081
    state_machine_durations: bool = False
    metrics_authorization: bool = False
    log_execution_data: bool = False
    limits: Limits = CLUSTER
    restart_restored: bool = False
    retention: Policy = NOTHING_SAID
    """Of ended executions where neither they nor their state machine say anything."""
    task_pod_security: str = BASELINE


class Lost(Exception):  # noqa: N818 - it names a condition
    """The operator must end: its Lease or kopf is gone. The sentence says which."""


async def run(options: Options) -> None:
    """Run until SIGTERM or SIGINT. Raises Lost, ApiError, NoCluster."""
    garbage.take_over()
    take_short_turns()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    lifeline = LoopThread("lifeline")
    lifeline.start()
    Signals({"engine": loop, "lifeline": lifeline.loop}, lifeline.loop).install()
    try:
        async with await Api.connect(options.kubeconfig) as api:
            # Connections of its own: a Lease runs out while its renewal waits behind thousands of other requests.
            leases = await lifeline.call(Api.connect(options.kubeconfig, connections=LEASE_CONNECTIONS))
            try:
                await Operator(api, leases, lifeline, options).serve(stopped)
            finally:
                await lifeline.call(leases.close())
    finally:
        await lifeline.stop()


class Operator:
    """One operator process, put together from its parts."""

    def __init__(self, api: Api, leases: Api, lifeline: LoopThread, options: Options) -> None:
        self._options = options
        self._lifeline = lifeline
        clock = SteadyClock()
        leases.on_date = clock.hear
        loop = asyncio.get_running_loop()
        stepping = Stepping()
        lease_namespace = options.lease_namespace or api.default_namespace
        self._pulse = Pulse(loop, threading.get_ident(), stepping=stepping, news=self._pulse_has_news)
        changed = partial(_in_loop, loop, self._shares_changed)
        quarantine = Quarantine(leases, lease_namespace, changed)
        self._membership = Membership(
            leases,
            lease_namespace,
            duration=options.lease_seconds,
            clock=clock,
            changed=changed,
            pulse=self._pulse,
            quarantine=quarantine,
            skew=lambda: clock.skew_seconds,
        )
        owns, held = self._membership.owns, self._membership.held
        looked_through = LookingThrough()
        revisions = Revisions(api, looked_through)
        installation = Installation(options.installation or lease_namespace, frozenset(options.take_over))
        self._neighbours = Neighbours(installation, clock, self._shares_changed)
        metrics = Metrics(durations_by_state_machine=options.state_machine_durations)
        journal = ClusterJournal(api, revisions, self._restored, metrics.history_stored, installation)
        self._driver = JobDriver(
            api,
            self._report,
            clock=clock,
            namespaces=options.namespaces,
            held=held,
            pod_security=options.task_pod_security,
        )
        drivers: tuple[TaskDriver, ...] = (self._driver,)
        metrics.show("stepwright_executions_live", lambda: self._engine.live)
        metrics.show("stepwright_timers", lambda: len(self._engine.timers))
        metrics.show("stepwright_loop_lag_seconds", lambda: self._pulse.lag_seconds)
        metrics.show("stepwright_step_seconds", lambda: self._pulse.step_seconds)
        metrics.show(
            "stepwright_executions_for_newer_version", lambda: len(self._executions.for_newer_version)
        )
        metrics.show("stepwright_lease_valid", lambda: self._membership.valid)
        metrics.show("stepwright_executions_elsewhere", lambda: self._neighbours.carried)
        metrics.show("stepwright_clock_skew_seconds", lambda: clock.skew_seconds)
        metrics.show(
            "stepwright_executions_quarantined",
            lambda: sum(owns(uid) and found.quarantined for uid, found in quarantine.suspects.items()),
        )
        failures = FailureEvents(api, self._membership.identity, clock, metrics.event_dropped)
        transitions = Transitions(with_data=options.log_execution_data)
        self._observers: tuple[Observer, ...] = (metrics, transitions, failures)
        self._engine = Engine(
            journal,
            drivers,
            self._membership,
            clock=clock,
            observer=self,
            finished=self._finished,
            limits=options.limits,
            stepping=stepping,
        )
        self._retention = Retention(
            api, clock, self._policy_of, owns, default=options.retention, look_at=self._look_at_ended
        )
        refusals = Refusals(api, clock)
        self._executions = Executions(
            self._engine,
            journal,
            refusals,
            drivers,
            self._retention,
            failures,
            clock,
            SettingApart(api, quarantine, refusals, drivers),
            self._neighbours,
            owns=owns,
            held=held,
            restarts_restored=options.restart_restored,
            observer=self,
        )
        self._state_machines = StateMachines(
            api,
            revisions,
            drivers,
            table.check_for,
            clock,
            on_change=self._executions.machine_changed,
            on_retention=self._look_at_ended,
            under_way=self._executions.any_under_way,
            in_use=self._executions.revisions_of,
            on_gone=lambda key: metrics.forget(*key),
            owns=owns,
            looked_through=looked_through,
        )
        machines = self._state_machines
        self._vanished = Vanished(api, clock, machines.uids, machines.forget, options.namespaces)
        self._execution_watch = execution_watch.watch(api, options.namespaces, self._executions.observe)
        self._executions.use(self._state_machines, self._execution_watch)
        self._execution_watch.on_list = self._look_at_all
        self._rounds = Rounds(
            api,
            clock,
            self._retention,
            self._executions.astray,
            options.namespaces,
            self._executions.holds,
        )
        self._synced = False
        self._kopf: KopfThread | None = None
        checks = {"/healthz": self._alive, "/readyz": self._ready}
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
        except Removed as removed:
            name = self._membership.name
            raise Lost(f"Lease {name} was deleted: others may have taken over its executions") from removed
        finally:
            # The Lease last: until then nobody else goes on.
            for task in tasks:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            await self._lifeline.call(self._membership.leave())
            await self._lifeline.call(self._server.stop())

    async def _take_part(self) -> None:
        """Runs in the lifeline. Raises Removed."""
        pulse = asyncio.create_task(self._pulse.run(), name="pulse")
        try:
            await self._membership.take_part()
        finally:
            pulse.cancel()
            await asyncio.gather(pulse, return_exceptions=True)

    async def _work(self) -> None:
        """What a member does, until cancelled."""
        kopf_thread = self._kopf = KopfThread(
            asyncio.get_running_loop(),
            {"statemachines": self._state_machines.observe},
            namespaces=self._options.namespaces,
            kubeconfig=self._options.kubeconfig,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._driver.run(), name="job driver")
                await self._driver.jobs.synced.wait()
                await self._driver.pods.synced.wait()
                self._synced = True
                await self._lifeline.call(self._membership.joined.wait())
                group.create_task(self._engine.run(), name="engine")
                group.create_task(Garbage().run(), name="garbage")
                group.create_task(self._executions.run(), name="shares")
                group.create_task(self._neighbours.run(), name="neighbours")
                group.create_task(self._retention.run(), name="retention")
                group.create_task(self._rounds.run(), name="rounds")
                group.create_task(self._execution_watch.run(), name="executions")
                group.create_task(self._vanished.run(), name="state machines that are gone")
                kopf_thread.start()
                await kopf_thread.ended.wait()
                raise Lost("kopf has ended")
        except* Lost as lost:
            raise lost.exceptions[0] from None
        finally:
            await kopf_thread.stop()
            # First what would let executions begin.
            await self._state_machines.close()
            await self._executions.close()

    def _alive(self) -> str | None:
        """Asked, as all checks are, in the lifeline."""
        if self._pulse.hung:
            return f"the engine's loop has not turned for {self._pulse.held_seconds:.0f} s"
        if (stuck := self._pulse.stuck) is not None:
            return f"a step of execution {stuck} has not ended for {self._pulse.step_seconds:.0f} s"
        if self._kopf is not None and self._kopf.ended.is_set():
            return "kopf has ended"
        informers: tuple[Informer[Any], ...] = (self._driver.jobs, self._driver.pods, self._execution_watch)
        heard = [informer.last_activity for informer in informers if informer.last_activity is not None]
        if heard and time.monotonic() - min(heard) > SILENT_SECONDS:
            return f"no event of Jobs, Pods or Executions, not even a bookmark, for {SILENT_SECONDS:.0f} s"
        return None

    def _ready(self) -> str | None:
        if not self._synced:
            return "the list of Jobs and Pods is not complete yet"
        return self._membership.obstacle or self._neighbours.obstacle or self._alive()

    # --- What the parts tell each other --------------------------------------------------------------------------

    def _report(self, uid: Uid, signal: Signal) -> None:
        self._engine.report(uid, signal)

    def _pulse_has_news(self) -> None:
        self._membership.hear()

    def _look_at_all(self) -> None:
        """Executions were listed anew: what was missed meanwhile, and what a backup has brought back, is found so."""
        self._state_machines.ask_again()
        self._executions.shares_changed()
        self._rounds.look_at(None)

    def _shares_changed(self) -> None:
        self._executions.shares_changed()
        self._state_machines.shares_changed()
        self._rounds.look_at(None)

    def _restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        self._state_machines.ask_again()
        self._executions.restored(ref, was, now)

    def _finished(self, ref: ExecutionRef) -> None:
        self._executions.finished(ref.uid)

    def _policy_of(self, key: Key) -> Policy:
        return self._state_machines.policy_of(key)

    def _look_at_ended(self, scope: Scope) -> None:
        self._rounds.look_at(scope)

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        for observer in self._observers:
            observer.committed(ref, commit)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        for observer in self._observers:
            observer.stalled(ref, reason)
        self._executions.stalled(ref, reason)

    def broke(self, ref: ExecutionRef) -> None:
        for observer in self._observers:
            observer.broke(ref)


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    loop.call_soon_threadsafe(call)
