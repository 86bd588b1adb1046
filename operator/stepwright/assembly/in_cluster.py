"""Everything that runs executions in a cluster, put together: what an operator runs (``assembly.operator``),
without its Lease, its threads, kopf and the servers. The simulation builds its operators from this, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol

import msgspec

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.limits import CLUSTER, Limits
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.assembly import calling, nested
from stepwright.assembly.aws_by_connections import ServicesByConnections
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.connections import ClusterConnections, Connection
from stepwright.cluster.functions import ClusterFunctions
from stepwright.cluster.installation import Installation
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.nested.asking import Asking
from stepwright.cluster.nested.ends import Ends, Glance
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.service_accounts import ServiceAccounts
from stepwright.cluster.shards import ClusterShards
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers import execution_watch
from stepwright.controllers.awaited import Awaited
from stepwright.controllers.connections import Connections
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.executions import Executions
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.known_machines import KnownMachines
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.notice import Notice
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.retention import Retention
from stepwright.controllers.rounds import Rounds
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.task_templates import TaskTemplates
from stepwright.controllers.under_way import UnderWay
from stepwright.controllers.vanished import Vanished
from stepwright.controllers.wanted_rounds import WantedRounds
from stepwright.engine.engine import Engine
from stepwright.engine.observer import Observer
from stepwright.engine.ports import Clock, Commit, ExecutionRef, TaskDriver, Uid
from stepwright.engine.reports import Reports
from stepwright.kube.api import Api
from stepwright.kube.informer import Informer
from stepwright.kube.local_copy import Metadata
from stepwright.tasks import table
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.as_jobs import JobAnswers
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.means import Means
from stepwright.tasks.calls.surroundings import Surroundings
from stepwright.tasks.external.driver import ExternalDriver
from stepwright.tasks.job.driver import JobDriver
from stepwright.tasks.job.settings import BASELINE

LISTING_SECONDS: Final = 5.0
"""How long the list of TaskTemplates is waited for before StateMachines are checked."""

SHARD_ITEMS: Final = 1_000
"""Of how many items a distributed Map runs in its execution's own object, and how many each of its shards has otherwise."""
COMPUTING_SHARD_ITEMS: Final = 2_000
"""Of such a shard nothing is stored but its beginning and its end, each of which is a request or two."""

DRAIN_SECONDS: Final = 15.0
"""How long a process that is told to end waits for the answers to calls that its tasks have made. A kubelet kills it after
``terminationGracePeriodSeconds``, 30 seconds by default."""

LAST_WRITES_SECONDS: Final = 5.0

HAND_OVER_SECONDS: Final = 10.0
"""How long others wait at most for the answers to calls that this process has made for what is theirs from now on."""


class Shares(Protocol):
    """Which executions and state machines are this process's; implemented by ``controllers.membership``."""

    def owns(self, uid: Uid) -> bool:
        """Whether it belongs to this process."""

    def held(self, uid: Uid) -> bool:
        """And whether it may be acted upon at this moment."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the installation decides. Without ``namespaces`` all are served."""

    namespaces: Sequence[str] = ()
    limits: Limits = CLUSTER
    restarts_restored: bool = False
    """Whether executions that came back from a backup without their status start again."""
    retention: Policy = NOTHING_SAID
    """For ended executions, if neither they nor their state machine say anything."""
    task_pod_security: str = BASELINE
    keeps_visits: bool = True
    """Whether visits of states are stored."""


@dataclass(frozen=True, slots=True)
class Made:
    """Makes the parts that exist in more than one kind, or that need more than is known here."""

    journal: Callable[..., ClusterJournal] = ClusterJournal
    engine: Callable[..., Engine] = Engine
    known_machines: Callable[..., KnownMachines] = KnownMachines
    state_machines: Callable[..., StateMachines] = StateMachines
    calls: Callable[..., tuple[CallDriver, ...]] = calling.drivers
    functions: Callable[..., ClusterFunctions] = ClusterFunctions
    connections: Callable[..., ClusterConnections] = ClusterConnections


class InCluster:
    """Everything is made once, in the order in which it is needed. What goes the other way is a ``Notice``."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        shares: Shares,
        revisions: Revisions,
        installation: Installation,
        quarantine: Quarantine,
        failures: FailureEvents,
        observers: Sequence[Observer],
        settings: Settings,
        shares_changed: Notice[[]],
        made: Made = Made(),
    ) -> None:
        """``shares_changed``: the members have changed, or executions were listed again: find out again what belongs to
        this process, what was missed meanwhile, and what a backup has brought back."""
        self._revisions = revisions
        namespaces = settings.namespaces
        seen: Notice[[str, Seen, msgspec.Raw | None]] = Notice()
        unreadable: Notice[[Metadata, Exception]] = Notice()
        restored: Notice[[ExecutionRef, int, int]] = Notice()
        finished: Notice[[ExecutionRef]] = Notice()
        stalled: Notice[[ExecutionRef, str]] = Notice()
        machine_changed: Notice[[Key]] = Notice()
        machine_gone: Notice[[Key, str]] = Notice()
        observer = _Observers(observers, stalled)
        self.neighbours = Neighbours(installation, clock, shares_changed)
        self.watch = execution_watch.watch(
            api, namespaces, seen, listed_again=shares_changed, unreadable=unreadable
        )
        under_way = UnderWay(self.watch)
        self.wanted_rounds = WantedRounds(clock)
        reports = Reports()
        answers = JobAnswers(reports)
        self.driver = JobDriver(
            api,
            answers,
            clock=clock,
            namespaces=namespaces,
            held=shares.held,
            pod_security=settings.task_pod_security,
        )
        functions_changed: Notice[[str]] = Notice()
        surroundings_changed: Notice[[str]] = Notice()
        """In a namespace something stands for other functions than before, or Connections say something else."""
        self._functions = made.functions(api, namespaces, functions_changed, surroundings_changed)
        self._templates = TaskTemplates(api, clock, self._functions, owns=shares.owns)
        accounts, self.ends = Accounts(api, shares.held), Ends()
        known = made.known_machines(api, owns=shares.owns, on_change=machine_changed, is_gone=machine_gone)
        asking = Asking(accounts.of)
        self.journal = made.journal(
            api, revisions, restored, installation=installation, keeps_visits=settings.keeps_visits
        )
        look = partial(_glance, self.watch)
        children = nested.children(api, asking, self.ends, look, partial(_is_ready, known), namespaces)
        connection_changed: Notice[[Connection]] = Notice()
        self._connections = made.connections(api, namespaces, connection_changed, surroundings_changed)
        self._connection_states = Connections(api, clock, self._connections, owns=shares.owns)
        means = Means(
            clock,
            reports,
            connection_objects=self._connections,
            functions=self._functions,
            services=ServicesByConnections(self._connections, ServiceAccounts(api), clock),
            kubernetes=accounts,
            step_functions=nested.calls(children, asking, clock),
            shards=ClusterShards(api, self.journal, self.ends, look, clock),
        )
        self._calls = made.calls("operator", means, shares.held)
        self.external = ExternalDriver(
            api, answers, clock=clock, namespaces=namespaces, held=shares.held, has_open=self._has_open
        )
        others = calling.with_jobs(
            self._calls, self._functions, self.driver, answers, self._connections, self.external
        )
        drivers: tuple[TaskDriver, ...] = (self.driver, self.external, *others)
        self.engine = made.engine(
            self.journal,
            drivers,
            shares,
            clock=clock,
            observer=observer,
            finished=finished,
            limits=_with_shards(settings.limits),
            unusable=table.unusable,
            reports=reports,
        )
        self.state_machines = made.state_machines(
            api,
            known,
            revisions,
            drivers,
            partial(_check_for, self._functions, self._connections),
            clock,
            on_change=machine_changed,
            on_retention=self.wanted_rounds.look_at,
            under_way=under_way.any_of,
            in_use=under_way.revisions_of,
            owns=shares.owns,
        )
        awaited = Awaited(self.engine, self.journal, self.watch, namespaces)
        self.retention = Retention(
            api,
            clock,
            self.state_machines.policy_of,
            shares.owns,
            default=settings.retention,
            look_at=self.wanted_rounds.look_at,
            may_miss=awaited.may_miss,
        )
        refusals = Refusals(api, clock)
        self.executions = Executions(
            self.engine,
            self.journal,
            refusals,
            drivers,
            self.state_machines,
            self.watch,
            under_way,
            self.retention,
            failures,
            clock,
            SettingApart(api, quarantine, refusals, Clearing(self.journal, drivers)),
            self.neighbours,
            self.ends,
            awaited,
            owns=shares.owns,
            held=shares.held,
            restarts_restored=settings.restarts_restored,
            observer=observer,
        )
        self._rounds = Rounds(
            api,
            self.wanted_rounds,
            self.retention,
            self.executions.astray,
            namespaces,
            self.executions.holds,
        )
        self._vanished = Vanished(
            api, clock, self.state_machines.uids, self.state_machines.forget, namespaces
        )

        shares_changed.listen(self.ends.look_at_all)
        shares_changed.listen(self.executions.shares_changed)
        shares_changed.listen(self.state_machines.shares_changed)
        shares_changed.listen(partial(self.wanted_rounds.look_at, None))
        shares_changed.listen(partial(self._templates.look_at, None))
        shares_changed.listen(self._connection_states.look_at_all)
        connection_changed.listen(self._connection_states.look_at)
        functions_changed.listen(self._templates.look_at)
        surroundings_changed.listen(self.state_machines.surroundings_changed)
        seen.listen(self.executions.observe)
        unreadable.listen(self.executions.broke)
        restored.listen(lambda *_: self.state_machines.ask_again())
        restored.listen(self.executions.restored)
        finished.listen(self.executions.finished)
        stalled.listen(self.executions.stalled)
        machine_changed.listen(self.executions.machine_changed)
        machine_gone.listen(self.state_machines.forget)
        self.synced = False
        """Whether Jobs and pods were listed."""

    async def run(
        self,
        joined: Callable[[], Coroutine[Any, Any, object]],
        watch_of_machines: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """Until cancelled, or until one of the two fails. ``joined`` returns once this process has a share of
        what there is; then ``watch_of_machines`` runs, which reports them to ``state_machines.observe``."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.driver.run(), name="job driver")
                await self.driver.jobs.synced.wait()
                await self.driver.pods.synced.wait()
                self.synced = True
                group.create_task(self.external.run(), name="external tasks")
                group.create_task(self._functions.run(), name="functions")
                group.create_task(self._connections.run(), name="connections")
                await self.external.listed()
                await joined()
                group.create_task(self.engine.run(), name="engine")
                group.create_task(self.retention.run(), name="retention")
                group.create_task(self._make_rounds(), name="rounds")
                group.create_task(self.executions.run(), name="shares")
                group.create_task(self.neighbours.run(), name="neighbours")
                group.create_task(self._templates.run(), name="status of task templates")
                group.create_task(self._connection_states.run(), name="status of connections")
                group.create_task(self.watch.run(), name="executions")
                # Otherwise the status of each would say that what it calls is not there.
                await self._functions.listed(LISTING_SECONDS)
                group.create_task(watch_of_machines(), name="state machines")
                group.create_task(self._vanished.run(), name="state machines that are gone")
        finally:
            # First whatever would begin executions.
            await self.state_machines.close()
            await self.executions.close()
            await self._revisions.close()
            await calling.close(self._calls)

    def _has_open(self, uid: Uid, task: TaskId) -> bool | None:
        return self.engine.has_open(uid, task)

    async def _make_rounds(self) -> None:
        """The watch reports what settles or changes after a round. So no round is made before the watch has its list, which leaves
        out what has settled."""
        await self.watch.synced.wait()
        self.ends.look_at_all()  # one may have ended before the list of its namespace
        await self._rounds.run()

    async def drain(self) -> None:
        """Before ``run`` is cancelled: record what tasks have called for, which would be called again otherwise, or
        looked for."""
        await calling.drain(self._calls, DRAIN_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WRITES_SECONDS):
                await self.engine.all_written()

    async def handed_over(self) -> None:
        """Return once others may continue what is no longer this process's: nothing that it has begun for that can appear
        later, or it takes too long."""
        await calling.handed_over(self._calls, HAND_OVER_SECONDS)


def _glance(watch: Informer[Seen], namespace: str, name: str) -> Glance | None:
    seen = watch.get(namespace, name)
    if seen is None:
        return None
    progress, has_begun = seen.status.mapShard, seen.pinned is not None
    counts = None if progress is None else progress.counts
    return Glance(seen.uid, seen.has_ended, seen.spec.parent, counts, has_begun=has_begun)


def _with_shards(limits: Limits) -> Limits:
    return (
        limits
        if limits.shard_items is not None
        else replace(limits, shard_items=SHARD_ITEMS, computing_shard_items=COMPUTING_SHARD_ITEMS)
    )


def _is_ready(machines: KnownMachines, namespace: str, name: str) -> bool:
    known = machines.find((namespace, name))
    return known is not None and known.revision is not None and not known.deleting


def _check_for(
    known: ClusterFunctions, connections: ClusterConnections, spec: Mapping[str, Any], namespace: str
) -> TaskCheck:
    """What the drivers say about a StateMachine's tasks, and what these lack in its namespace."""
    named = {name: connections.known(namespace, name) for name in spec.get("connections") or ()}
    of_drivers = table.check_for(spec, "operator")
    within = table.check_within(Surroundings(namespace, known, named))

    def check(resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterable[Diagnostic]:
        return (*of_drivers(resource, state, pointer), *within(resource, state, pointer))

    return check


class _Observers:
    """Implements ``engine.observer.Observer``, for all of these, and notifies whoever looks after what has stalled."""

    def __init__(
        self, observers: Sequence[Observer], has_stalled: Callable[[ExecutionRef, str], None]
    ) -> None:
        self._observers = observers
        self._has_stalled = has_stalled

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        for observer in self._observers:
            observer.committed(ref, commit)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        for observer in self._observers:
            observer.stalled(ref, reason)
        self._has_stalled(ref, reason)

    def broke(self, ref: ExecutionRef) -> None:
        for observer in self._observers:
            observer.broke(ref)
