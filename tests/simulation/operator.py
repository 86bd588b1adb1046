"""One operator process: the parts that run in a cluster (``assembly.in_cluster``), with kopf's part played
(``kopf_watch``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from random import Random
from typing import Any, TypeAlias

import msgspec

from stepwright.asl.limits import Limits
from stepwright.assembly.in_cluster import InCluster, Made, Settings
from stepwright.cluster.connections import ClusterConnections
from stepwright.cluster.functions import ClusterFunctions
from stepwright.cluster.installation import Installation
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.revisions import Revision, Revisions
from stepwright.controllers.known_machines import Known, KnownMachines
from stepwright.controllers.membership import Membership
from stepwright.controllers.notice import Notice
from stepwright.controllers.own_lease import Removed
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Key, Policy
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.taking_part import TakingPart
from stepwright.engine.clock import SteadyClock
from stepwright.engine.engine import Engine
from stepwright.engine.looking_through import at_once as looked_through_at_once
from stepwright.engine.ports import (
    Commit,
    ExecutionRef,
    Fenced,
    Loaded,
    Reported,
    Uid,
)
from stepwright.engine.readings import Readings
from stepwright.engine.steps import at_once
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.means import Means
from stepwright.tasks.functions.integration import FunctionCalls
from stepwright.tasks.kubernetes.integration import Kubernetes
from stepwright.tasks.map_shards.integration import MapShards
from stepwright.tasks.step_functions.integration import StepFunctions
from tests.engine.virtual_loop import BEGIN
from tests.simulation.api_server import ApiServer, Request
from tests.simulation.client import Faults, SimulatedApi, Strike
from tests.simulation.kopf_watch import KopfWatch
from tests.simulation.loop import Process
from tests.simulation.remote import Remote, RemoteCalls

Held: TypeAlias = Callable[[Uid], bool]


class WithoutTemplates(ClusterFunctions):
    """There are no TaskTemplates here, so nothing is watched."""

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def listed(self, seconds: float) -> None:
        """There is nothing to list."""


class WithoutConnections(ClusterConnections):
    """Likewise."""

    async def run(self) -> None:
        await asyncio.Event().wait()


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
    """In place of the controller of StateMachines, and of what it knows: all are ready, once a while has passed."""

    def __init__(self, known: Mapping[Key, Known], policies: Mapping[Key, Policy]) -> None:
        self.known = known
        self._policies = policies
        self.ended = 0

    def find(self, key: Key) -> Known | None:
        return self.known.get(key)

    async def newest(self, key: Key) -> Known | None:
        return self.known.get(key)

    def execution_ended(self, _: Key) -> None:
        self.ended += 1

    def policy_of(self, key: Key) -> Policy:
        return self._policies.get(key, NOTHING_SAID)

    def uids(self) -> dict[Key, str]:
        return {}

    def forget(self, key: Key, uid: str) -> None:
        raise AssertionError((key, uid))

    def ask_again(self) -> None:
        """They are always known."""

    def shares_changed(self) -> None:
        """They are nobody's."""

    def surroundings_changed(self, namespace: str) -> None:
        """They call none."""

    async def close(self) -> None:
        """Nothing is under way."""


class PulseOfSimulation:
    """Time stands still while something is computed: which step lasts long is said from outside."""

    hung = False
    suspect: ExecutionRef | None = None
    stuck: ExecutionRef | None = None

    def __init__(self, handed_over: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._handed_over = handed_over

    async def turned(self) -> None:
        await asyncio.sleep(0)
        await self._handed_over()


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


class TracedEngine(Engine):
    def __init__(self, *arguments: Any, trace: Callable[..., None], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._trace = trace

    def report(self, uid: Uid, reported: Reported) -> None:
        self._trace(uid, reported)
        super().report(uid, reported)


class Setting(msgspec.Struct, frozen=True):
    """What all processes of a world share."""

    machines: Mapping[Key, Known]
    revisions: Mapping[str, Revision]
    limits: Limits
    step_seed: int
    retention: Policy = NOTHING_SAID
    policies: Mapping[Key, Policy] = {}
    """What some state machines say about retention."""
    looks_after_machines: bool = False
    """Whether operators find out by themselves, with the controller of StateMachines, what ``machines`` says otherwise."""


LEASE_NAMESPACE = "stepwright"
LEASE_SECONDS = 6


class Operator:
    def __init__(
        self,
        name: str,
        server: ApiServer,
        remote: Remote,
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
        functions: type[ClusterFunctions] = WithoutTemplates,
    ) -> None:
        self.process = Process(name)
        self._random = random
        self._trace = trace
        self._sends, self._ended, self._struck = sends, ended, struck
        self._remote, self._faults = remote, faults
        self._commits = 0
        self.clock = SetClock(offset_ms)
        self.api = SimulatedApi(server, self, faults, trace, on_date=self.clock.hear)
        shares_changed: Notice[[]] = Notice()
        self.quarantine = Quarantine(self.api, lease_namespace, shares_changed)
        self.membership = Membership(
            self.api,
            lease_namespace,
            duration=LEASE_SECONDS,
            clock=self.clock,
            changed=shares_changed,
            identity=f"host_{name}",
            read_clocks=self.clock.readings,
            skew=lambda: self.clock.skew_seconds,
        )
        shares_changed.listen(lambda: trace(name, "shares have changed", self.membership.members))
        revisions = Revisions(self.api, read_clocks=self.clock.readings)
        for revision in () if setting.looks_after_machines else setting.revisions.values():
            if random.randrange(3):
                revisions.keep("default", revision)
        machines = Machines(setting.machines, setting.policies)
        self.parts = InCluster(
            self.api,
            self.clock,
            self,
            revisions,
            Installation(lease_namespace),
            self.quarantine,
            Told(trace, name),  # type: ignore[arg-type] # the methods that are called
            (self,),
            Settings(limits=setting.limits, retention=setting.retention),
            shares_changed,
            Made(
                functions=functions,
                connections=WithoutConnections,
                journal=partial(WatchedJournal, read_clocks=self.clock.readings),
                engine=partial(
                    TracedEngine,
                    trace=partial(trace, name, "reports"),
                    seed=lambda: setting.step_seed,
                    commit_id=self._commit_id,
                    parks_from_seconds=1.0,
                    aside=at_once,
                ),
                known_machines=partial(KnownMachines, read_clocks=self.clock.readings)
                if setting.looks_after_machines
                else lambda *_, **__: machines,  # type: ignore[arg-type]
                state_machines=partial(
                    StateMachines,
                    looked_through=looked_through_at_once,
                    read_clocks=self.clock.readings,
                )
                if setting.looks_after_machines
                else lambda *_, **__: machines,  # type: ignore[arg-type]
                calls=self._make_calls,
            ),
        )
        self.pulse = PulseOfSimulation(self.parts.handed_over)
        self.taking_part = TakingPart(self.membership, self.quarantine, self.pulse)
        self.journal, self.engine, self.driver = self.parts.journal, self.parts.engine, self.parts.driver
        self.external = self.parts.external
        self.executions, self.retention = self.parts.executions, self.parts.retention
        self.watch, self.neighbours = self.parts.watch, self.parts.neighbours
        self.state_machines = self.parts.state_machines if setting.looks_after_machines else None
        assert isinstance(self.journal, WatchedJournal)
        self.journal.own = lambda ref: wrote_last(ref) == name
        self.journal.complain = complain
        for informer in (
            self.driver.jobs,
            self.driver.pods,
            self.external.registers,
            self.watch,
            self.taking_part.watch,
        ):
            informer._random = Random(random.getrandbits(64))
        self.has_begun = False
        self._ending = False

    def _make_calls(self, process: str, means: Means, held: Held) -> tuple[CallDriver, ...]:
        assert process == "operator"
        calls = RemoteCalls(self._remote, self, self._faults, self._trace, means.clock)
        assert means.kubernetes is not None
        verbs = Kubernetes(means.kubernetes, means.clock, Random(self._random.getrandbits(64)))
        assert means.step_functions is not None
        nested = StepFunctions(means.step_functions, means.clock)
        assert means.shards is not None
        shards = MapShards(means.shards, means.clock, means.report)
        functions = FunctionCalls(means.functions, means.clock)
        self.calls = tuple(
            CallDriver(integration, means.clock, means.report, held=held, answers_tokens=False)
            for integration in (calls, verbs, nested, shards, functions)
        )
        return self.calls

    def begin(self) -> None:
        self.process.start(self._main(), f"operator {self.process.name}")

    # --- Its life ----------------------------------------------------------------------------------------------------

    async def _main(self) -> None:
        error: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.taking_part.run())
                group.create_task(self._work())
        except* Removed:
            pass
        except* Exception as errors:  # noqa: BLE001 - whoever runs the world judges it
            error = errors
        finally:
            self._ending = True
            if self.process.alive:
                await self.taking_part.leave()
            self._ended(self, error)

    async def _work(self) -> None:
        await self.parts.run(self._joined, self._watch_state_machines)

    async def _joined(self) -> None:
        await self.membership.joined.wait()
        self._trace(self.process.name, "begins")
        self.has_begun = True

    async def _watch_state_machines(self) -> None:
        if self.state_machines is not None:
            await KopfWatch(self.api, self.state_machines.observe).run()

    def end(self) -> None:
        """As by SIGTERM; a second one changes nothing."""
        self.process.go_on()
        if not self._ending:
            self._ending = True
            self.process.start(self._leave(), f"end of {self.process.name}")

    async def _leave(self) -> None:
        await self.parts.drain()
        self.process.tasks[0].cancel()

    def owns(self, uid: Uid) -> bool:
        return self.membership.owns(uid)

    def held(self, uid: Uid) -> bool:
        return self.membership.held(uid)

    def may_act(self, uid: str) -> bool:
        """Also of those that forbid ``held`` to say so."""
        return self.membership.valid and self.membership.owns(uid)

    # --- What its parts report ----------------------------------------------------------------------------------------

    def strike(self, how: Strike) -> None:
        if self.process.alive:
            self._struck(self, how)

    def sends(self, request: Request) -> None:
        self._sends(self, request)

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        """Metrics and logs would be notified."""

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        self._trace(self.process.name, "stalled", str(ref), reason)

    def broke(self, ref: ExecutionRef) -> None:
        """What it logs is a violation."""

    def _commit_id(self) -> str:
        self._commits += 1
        return f"{self.process.name}-{self._commits}"

    def left_over(self) -> dict[str, Any]:
        """What is in memory, once nothing is left to do, though nothing should be."""
        watching = self.driver._watching
        counts = {
            "live executions": self.engine.live,
            "tasks of the engine": len(self.engine._tasks),
            "timers": len(self.engine.timers),
            "records of the journal": len(self.journal._records),
            "pages under way": len(self.journal._beside),
            "watched tasks": len(watching.tasks),
            "Jobs known by uid": len(watching.tasks._by_job_uid),
            "tasks in trouble": len(watching.judging._troubles),
            "readings": len(watching._errands),
            "tasks of workers": len(self.external._tasks),
            "tasks of workers being closed": self.external.limits.being_given_up(),
            "time limits of workers": len(self.external.limits),
            "calls": sum(len(driver._calls) for driver in self.calls),
            "calls that run": sum(len(driver._running) for driver in self.calls),
            "calls that begin": sum(len(driver._beginning) for driver in self.calls),
            "results of calls": sum(len(driver._ended) for driver in self.calls),
            "ends that are awaited": len(self.parts.ends),
            "deletions": len(self.retention._deletions),
        } | self.executions.counts
        if self.state_machines is not None:
            counts |= {
                "state machines being looked at": len(self.state_machines._workers),
                "state machines being read": self.state_machines.known.reading,
                "deletions of state machines": len(self.state_machines._draining),
            }
        return {what: count for what, count in counts.items() if count}
