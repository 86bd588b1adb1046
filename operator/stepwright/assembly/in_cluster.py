"""Everything that runs executions in a cluster, put together: what an operator runs (``assembly.operator``),
without its Lease, its threads, kopf and the servers. The simulation builds its operators from this, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from stepwright.asl.limits import CLUSTER, Limits
from stepwright.assembly import calling
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.installation import Installation
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.executions import Executions
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.retention import Retention
from stepwright.controllers.rounds import Rounds, Scope
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.vanished import Vanished
from stepwright.engine.engine import Engine
from stepwright.engine.observer import Observer
from stepwright.engine.ports import Clock, Commit, ExecutionRef, TaskDriver, Uid
from stepwright.engine.reports import Reports
from stepwright.kube.api import Api
from stepwright.kube.informer import Metadata
from stepwright.tasks import table
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.means import Means
from stepwright.tasks.job.driver import JobDriver
from stepwright.tasks.job.settings import BASELINE

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


@dataclass(frozen=True, slots=True)
class Made:
    """Makes the parts that exist in more than one kind, or that need more than is known here."""

    journal: Callable[..., ClusterJournal] = ClusterJournal
    engine: Callable[..., Engine] = Engine
    state_machines: Callable[..., StateMachines] = StateMachines
    calls: Callable[..., tuple[CallDriver, ...]] = calling.drivers


class InCluster:
    """Implements ``engine.observer.Observer``, for all of ``observers``."""

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
        made: Made = Made(),
    ) -> None:
        self._observers = observers
        self._revisions = revisions
        namespaces = settings.namespaces
        self.neighbours = Neighbours(installation, clock, self.shares_changed)
        reports = Reports()
        self.driver = JobDriver(
            api,
            reports,
            clock=clock,
            namespaces=namespaces,
            held=shares.held,
            pod_security=settings.task_pod_security,
        )
        means = Means(clock, kubernetes=Accounts(api))
        self._calls = made.calls("operator", means, reports, shares.held)
        drivers: tuple[TaskDriver, ...] = (self.driver, *self._calls)
        self.journal = made.journal(api, revisions, self._restored, installation=installation)
        self.engine = made.engine(
            self.journal,
            drivers,
            shares,
            clock=clock,
            observer=self,
            finished=self._finished,
            limits=settings.limits,
            reports=reports,
        )
        self.retention = Retention(
            api,
            clock,
            self._policy_of,
            shares.owns,
            default=settings.retention,
            look_at=self._look_at_ended,
        )
        self.state_machines = made.state_machines(
            api,
            revisions,
            drivers,
            table.check_for,
            clock,
            on_change=self._machine_changed,
            on_retention=self._look_at_ended,
            under_way=self._any_under_way,
            in_use=self._revisions_of,
            owns=shares.owns,
        )
        self.watch = execution_watch.watch(
            api, namespaces, self._observe, listed_again=self.shares_changed, unreadable=self._broke
        )
        refusals = Refusals(api, clock)
        self.executions = Executions(
            self.engine,
            self.journal,
            refusals,
            drivers,
            self.state_machines,
            self.watch,
            self.retention,
            failures,
            clock,
            SettingApart(api, quarantine, refusals, Clearing(self.journal, drivers)),
            self.neighbours,
            owns=shares.owns,
            held=shares.held,
            restarts_restored=settings.restarts_restored,
            observer=self,
        )
        self.rounds = Rounds(
            api, clock, self.retention, self.executions.astray, namespaces, self.executions.holds
        )
        self._vanished = Vanished(
            api, clock, self.state_machines.uids, self.state_machines.forget, namespaces
        )
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
                await joined()
                group.create_task(self.engine.run(), name="engine")
                group.create_task(self.retention.run(), name="retention")
                group.create_task(self._make_rounds(), name="rounds")
                group.create_task(self.executions.run(), name="shares")
                group.create_task(self.neighbours.run(), name="neighbours")
                group.create_task(self.watch.run(), name="executions")
                group.create_task(watch_of_machines(), name="state machines")
                group.create_task(self._vanished.run(), name="state machines that are gone")
        finally:
            # First whatever would begin executions.
            await self.state_machines.close()
            await self.executions.close()
            await self._revisions.close()
            await calling.close(self._calls)

    async def _make_rounds(self) -> None:
        """What settles or is changed after a round is told by the watch: so there is none before the watch has its list,
        in which what has settled is left out."""
        await self.watch.synced.wait()
        await self.rounds.run()

    async def handed_over(self) -> None:
        """Return once others may continue what is no longer this process's: nothing that it has begun for that can appear
        later, or it takes too long."""
        await calling.handed_over(self._calls, HAND_OVER_SECONDS)

    # --- What comes from outside -------------------------------------------------------------------------------------

    def shares_changed(self) -> None:
        """The members have changed, or executions were listed again: find out again what belongs to this
        process, what was missed meanwhile, and what a backup has brought back."""
        self.executions.shares_changed()
        self.state_machines.shares_changed()
        self.rounds.look_at(None)

    # --- What the parts tell each other ------------------------------------------------------------------------------

    def _observe(self, type: str, seen: Seen, text: msgspec.Raw | None) -> None:
        self.executions.observe(type, seen, text)

    def _broke(self, metadata: Metadata, error: Exception) -> None:
        self.executions.broke(metadata, error)

    def _restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        self.state_machines.ask_again()
        self.executions.restored(ref, was, now)

    def _finished(self, ref: ExecutionRef) -> None:
        self.executions.finished(ref.uid)

    def _machine_changed(self, key: Key) -> None:
        self.executions.machine_changed(key)

    def _any_under_way(self, key: Key) -> bool:
        return self.executions.under_way.any_of(key)

    def _revisions_of(self, key: Key) -> set[str]:
        return self.executions.under_way.revisions_of(key)

    def _policy_of(self, key: Key) -> Policy:
        return self.state_machines.policy_of(key)

    def _look_at_ended(self, scope: Scope) -> None:
        self.rounds.look_at(scope)

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        for observer in self._observers:
            observer.committed(ref, commit)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        for observer in self._observers:
            observer.stalled(ref, reason)
        self.executions.stalled(ref, reason)

    def broke(self, ref: ExecutionRef) -> None:
        for observer in self._observers:
            observer.broke(ref)
