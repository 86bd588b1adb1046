"""One operator process, put together as ``assembly.operator`` does, but for kopf (``kopf_watch``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import msgspec

from stepwright.asl.limits import Limits
from stepwright.asl.signals import Signal
from stepwright.cluster.installation import Installation
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revision, Revisions
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers import execution_watch
from stepwright.controllers.executions import Executions
from stepwright.controllers.membership import Membership, Removed
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.retention import Retention
from stepwright.controllers.rounds import Rounds, Scope
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy
from stepwright.controllers.state_machines import Known, StateMachines
from stepwright.controllers.vanished import Vanished
from stepwright.engine.clock import SteadyClock
from stepwright.engine.engine import Engine
from stepwright.engine.looking_through import at_once as looked_through_at_once
from stepwright.engine.ports import Commit, ExecutionRef, Fenced, Loaded, TaskDriver, Uid
from stepwright.engine.readings import Readings
from stepwright.engine.steps import at_once
from stepwright.tasks import table
from stepwright.tasks.job.driver import JobDriver
from tests.engine.virtual_loop import BEGIN
from tests.simulation.api_server import ApiServer, Request
from tests.simulation.client import Faults, SimulatedApi, Strike
from tests.simulation.kopf_watch import KopfWatch
from tests.simulation.loop import Process


class SetClock(SteadyClock):
    """A process's clock, on a machine whose wall clock is wrong at first and set now and then, and which is paused."""

    def __init__(self, offset_ms: int = 0) -> None:
        self.offset_ms = offset_ms
        """How far the wall clock is ahead."""
        self.stood_still_seconds = 0.0
        """For how long all other clocks did, because the machine was paused."""
        self._time = asyncio.get_running_loop().time  # asked for at each step
        super().__init__(boot=self._boot_seconds, wall=self._wall_seconds)

    def readings(self) -> Readings:
        boot = self._boot_seconds()
        return Readings(boot, boot, self._wall_seconds())

    def _boot_seconds(self) -> float:
        return self._time() - self.stood_still_seconds

    def _wall_seconds(self) -> float:
        return (BEGIN + self.offset_ms) / 1000 + self._time()


class Machines:
    """In place of the controller of StateMachines: all are ready, once a while has passed."""

    def __init__(self, known: Mapping[Key, Known]) -> None:
        self.known = known
        self.ended = 0

    def find(self, key: Key) -> Known | None:
        return self.known.get(key)

    async def newest(self, key: Key) -> Known | None:
        return self.known.get(key)

    def execution_ended(self, _: Key) -> None:
        self.ended += 1


class PulseOfSimulation:
    """Time stands still while something is computed: which step lasts long is said from outside."""

    hung = False
    suspect: ExecutionRef | None = None
    stuck: ExecutionRef | None = None

    async def turned(self) -> None:
        await asyncio.sleep(0)


class Told:
    """In place of the Events about failures."""

    def __init__(self, trace: Callable[..., None], by: str) -> None:
        self._trace, self._by = trace, by

    def failed(self, ref: ExecutionRef, error: str) -> None:
        self._trace(self._by, "tells", f"{ref} failed with {error}")

    def restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        self._trace(self._by, "tells", f"{ref} was restored, from {was} to {now}")

    def unwritable(self, ref: ExecutionRef) -> None:
        self._trace(self._by, "tells", f"{ref} is too large")


class WatchedJournal(ClusterJournal):
    """Notes when a write is refused as another writer's though nobody else has written."""

    own: Callable[[ExecutionRef], bool]
    complain: Callable[[str], None]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._from_memory: set[Uid] = set()

    async def load(self, ref: ExecutionRef, at_least: int | None = None) -> Loaded:
        if at_least is None:
            self._from_memory.discard(ref.uid)
        else:
            self._from_memory.add(ref.uid)
        return await super().load(ref, at_least)

    async def append(self, ref: ExecutionRef, commit: Commit) -> None:
        try:
            await super().append(ref, commit)
        except Fenced as error:
            # A new execution that is taken up once more from its first event does no harm: nothing is dispatched
            # before its first commit. Nor does one that only waited and was read from the API server's memory, which
            # may not have what this process wrote before it let go of it.
            if commit.expected_seq and self.own(ref) and ref.uid not in self._from_memory:
                self.complain(f"{ref} was fenced by a write of its own process: {error}")
            raise
        self._from_memory.discard(ref.uid)


class Setting(msgspec.Struct, frozen=True):
    """What all processes of a world share."""

    machines: Mapping[Key, Known]
    revisions: Mapping[str, Revision]
    limits: Limits
    step_seed: int
    retention: Policy = NOTHING_SAID
    looks_after_machines: bool = False
    """Whether operators find out themselves what ``machines`` tells otherwise, by the controller of StateMachines."""


LEASE_NAMESPACE = "stepwright"
LEASE_SECONDS = 6


class Operator:
    def __init__(
        self,
        name: str,
        server: ApiServer,
        faults: Faults,
        setting: Setting,
        random: Random,
        trace: Callable[..., None],
        *,
        sends: Callable[[Operator, Request], None],
        ended: Callable[[Operator, BaseException | None], None],
        struck: Callable[[Operator, Strike], None],
        complain: Callable[[str], None],
        wrote_last: Callable[[ExecutionRef], str],
        offset_ms: int = 0,
        lease_namespace: str = LEASE_NAMESPACE,
    ) -> None:
        self.process = Process(name)
        self._random = random
        self._trace = trace
        self._sends, self._ended, self._struck = sends, ended, struck
        self._commits = 0
        self.clock = SetClock(offset_ms)
        self.api = SimulatedApi(server, self, faults, trace)
        self.api.on_date = self.clock.hear
        self.quarantine = Quarantine(self.api, lease_namespace, self._shares_changed)
        self.pulse = PulseOfSimulation()
        self.membership = Membership(
            self.api,
            lease_namespace,
            duration=LEASE_SECONDS,
            clock=self.clock,
            changed=self._shares_changed,
            identity=f"host_{name}",
            read_clocks=self.clock.readings,
            pulse=self.pulse,
            quarantine=self.quarantine,
            skew=lambda: self.clock.skew_seconds,
        )
        revisions = Revisions(self.api)
        for revision in () if setting.looks_after_machines else setting.revisions.values():
            if random.randrange(3):
                revisions.keep("default", revision)
        installation = Installation(lease_namespace)
        self.neighbours = Neighbours(installation, self.clock, self._shares_changed)
        self.journal = WatchedJournal(
            self.api,
            revisions,
            self._restored,
            installation=installation,
            read_clocks=self.clock.readings,
        )
        self.journal.own = lambda ref: wrote_last(ref) == name
        self.journal.complain = complain
        self.driver = JobDriver(self.api, self._report, clock=self.clock, held=self.held)
        drivers: tuple[TaskDriver, ...] = (self.driver,)
        self.engine = Engine(
            self.journal,
            drivers,
            self,
            clock=self.clock,
            observer=self,
            limits=setting.limits,
            seed=lambda: setting.step_seed,
            commit_id=self._commit_id,
            finished=self._finished,
            parks_from_seconds=1.0,
            aside=at_once,
        )
        self.retention = Retention(
            self.api, self.clock, lambda _: setting.retention, self.membership.owns, look_at=self._look_at
        )
        refusals = Refusals(self.api, self.clock)
        self.executions = Executions(
            self.engine,
            self.journal,
            refusals,
            drivers,
            self.retention,
            Told(trace, name),  # type: ignore[arg-type] # the methods that are called
            self.clock,
            SettingApart(self.api, self.quarantine, refusals, drivers),
            self.neighbours,
            owns=self.membership.owns,
            held=self.held,
            observer=self,
        )
        self.watch = execution_watch.watch(self.api, (), self.executions.observe)
        for informer in (self.driver.jobs, self.driver.pods, self.watch, self.membership.watch):
            informer._random = Random(random.getrandbits(64))
        self.rounds = Rounds(
            self.api, self.clock, self.retention, self.executions.astray, holds=self.executions.holds
        )
        self.state_machines: StateMachines | None = None
        self.watch.on_list = self._look_at_all
        if setting.looks_after_machines:
            self.state_machines = self._controller_of_state_machines(revisions, drivers)
            self.executions.use(self.state_machines, self.watch)
        else:
            machines = Machines(setting.machines)
            self.executions.use(machines, self.watch)  # type: ignore[arg-type] # the methods that are called
        self.has_begun = False
        self._ending = False

    def _controller_of_state_machines(
        self, revisions: Revisions, drivers: tuple[TaskDriver, ...]
    ) -> StateMachines:
        return StateMachines(
            self.api,
            revisions,
            drivers,
            table.check_for,
            self.clock,
            on_change=self.executions.machine_changed,
            on_retention=self._look_at,
            under_way=self.executions.any_under_way,
            in_use=self.executions.revisions_of,
            owns=self.membership.owns,
            looked_through=looked_through_at_once,
        )

    def begin(self) -> None:
        self.process.start(self._main(), f"operator {self.process.name}")

    # --- Its life ----------------------------------------------------------------------------------------------------

    async def _main(self) -> None:
        error: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.membership.take_part())
                group.create_task(self._work())
        except* Removed:
            pass
        except* Exception as errors:  # noqa: BLE001 - whoever runs the world judges it
            error = errors
        finally:
            self._ending = True
            if self.process.alive:
                await self.membership.leave()
            self._ended(self, error)

    async def _work(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.driver.run())
                await self.driver.jobs.synced.wait()
                await self.driver.pods.synced.wait()
                await self.membership.joined.wait()
                self._trace(self.process.name, "begins")
                self.has_begun = True
                group.create_task(self.engine.run())
                group.create_task(self.retention.run())
                group.create_task(self.rounds.run())
                group.create_task(self.executions.run())
                group.create_task(self.neighbours.run())
                group.create_task(self.watch.run())
                if (machines := self.state_machines) is not None:
                    group.create_task(KopfWatch(self.api, machines.observe).run())
                    vanished = Vanished(self.api, self.clock, machines.uids, machines.forget)
                    group.create_task(vanished.run())
        finally:
            if self.state_machines is not None:
                await self.state_machines.close()
            await self.executions.close()

    def end(self) -> None:
        """As by SIGTERM; a second one changes nothing."""
        self.process.go_on()
        if not self._ending:
            self._ending = True
            self.process.tasks[0].cancel()

    def held(self, uid: Uid) -> bool:
        return self.membership.held(uid)

    def may_act(self, uid: str) -> bool:
        """Also of those that forbid ``held`` to say so."""
        return self.membership.valid and self.membership.owns(uid)

    # --- What its parts tell ------------------------------------------------------------------------------------------

    def strike(self, how: Strike) -> None:
        if self.process.alive:
            self._struck(self, how)

    def sends(self, request: Request) -> None:
        self._sends(self, request)

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        """Metrics and logs would be told."""

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        self._trace(self.process.name, "stalled", str(ref), reason)
        self.executions.stalled(ref, reason)

    def broke(self, ref: ExecutionRef) -> None:
        """What it logs is a violation."""

    def _look_at(self, scope: Scope) -> None:
        self.rounds.look_at(scope)

    def _look_at_all(self) -> None:
        self._ask_again()
        self.executions.shares_changed()
        self.rounds.look_at(None)

    def _shares_changed(self) -> None:
        self._trace(self.process.name, "shares have changed", self.membership.members)
        self.executions.shares_changed()
        if self.state_machines is not None:
            self.state_machines.shares_changed()
        self.rounds.look_at(None)

    def _commit_id(self) -> str:
        self._commits += 1
        return f"{self.process.name}-{self._commits}"

    def _report(self, uid: Uid, signal: Signal) -> None:
        self._trace(self.process.name, "reports", uid, signal)
        self.engine.report(uid, signal)

    def _restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        self._ask_again()
        self.executions.restored(ref, was, now)

    def _ask_again(self) -> None:
        if self.state_machines is not None:
            self.state_machines.ask_again()

    def _finished(self, ref: ExecutionRef) -> None:
        self.executions.finished(ref.uid)

    def left_over(self) -> dict[str, Any]:
        """What is in memory, once nothing is left to do, though nothing should be."""
        watching, executions = self.driver._watching, self.executions
        counts = {
            "live executions": self.engine.live,
            "tasks of the engine": len(self.engine._tasks),
            "timers": len(self.engine.timers),
            "records of the journal": len(self.journal._records),
            "pages under way": len(self.journal._rolling),
            "watched tasks": len(watching._watched),
            "Jobs known by uid": len(watching._by_job_uid),
            "tasks in trouble": len(watching._troubled),
            "readings": len(watching._reading),
            "executions being taken up": len(executions._taking_up),
            "newer sights": len(executions._newer),
            "texts of new executions": len(executions._texts),
            "waiting executions": sum(map(len, executions._waiting.values())),
            "executions being let go": len(executions._letting_go),
            "stopped executions": len(executions._stopped),
            "carried executions": len(executions._carried),
            "deletions": len(self.retention._deletions),
        }
        if self.state_machines is not None:
            counts |= {
                "state machines being looked at": len(self.state_machines._workers),
                "state machines being read": len(self.state_machines._to_read)
                + len(self.state_machines._reading),
                "deletions of state machines": len(self.state_machines._draining_since),
            }
        return {what: count for what, count in counts.items() if count}
