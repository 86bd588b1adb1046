"""Shards of distributed Maps in memory: a store of them with faults on demand, and a world of engines that are killed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.checkpoint.parts import Fork
from stepwright.asl.checkpoint.shards import bounds_of
from stepwright.asl.limits import Limits
from stepwright.asl.signals import Millis, ShardCounts, UpdateMapRun
from stepwright.asl.step import StartTask
from stepwright.catalog.ports import ShardEnd, ShardTask
from stepwright.engine.engine import Engine
from stepwright.engine.observer import Unobserved
from stepwright.engine.ports import Commit, ExecutionRef, Loaded, Reported, StopRequest, Uid, Unavailable
from stepwright.engine.steps import at_once
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.map_shards.integration import MapShards
from tests.engine.memory import AlwaysHeld, MemoryDriver, MemoryJournal, Stored
from tests.engine.virtual_loop import VirtualClock


class MemoryShards(Unobserved):
    """Implements ``catalog.ports.Shards`` by a journal that outlives the process, and hears from its engine what is written.
    ``fault`` is called before and after each write and may raise."""

    def __init__(
        self, journal: MemoryJournal, fault: Callable[[], None], begun: set[Uid], forgotten: list[Commit]
    ) -> None:
        self.journal = journal
        self.fault = fault
        self.engine: Engine | None = None
        self.begun: set[Uid] = begun
        """All shards that there ever were."""
        self.forgotten = forgotten
        """What was written of those that are there no more."""
        self._waiting: defaultdict[Uid, list[Callable[[ShardCounts], None]]] = defaultdict(list)
        self._ended: defaultdict[Uid, asyncio.Event] = defaultdict(asyncio.Event)

    def committed(self, ref: ExecutionRef, commit: Commit) -> None:
        if commit.shard is not None:
            for tell in tuple(self._waiting.get(ref.uid, ())):
                tell(commit.shard)
        if commit.outcome is not None:
            self._ended[ref.uid].set()

    async def begin(
        self, shard: ShardTask, scheduled: Millis, parts: Mapping[PartId, EncodedPart], redrives: int
    ) -> None:
        parent, uid = shard.parent, shard.uid
        assert scheduled
        assert redrives == 0
        await asyncio.sleep(0.003)
        self.fault()
        known = uid in self.journal.stored
        if not known:
            whole = self.journal.stored[parent.uid].loaded
            identity = checkpoints.decode(parts).identity
            assert identity.uid == uid
            loaded = Loaded(
                ref=ExecutionRef(uid, parent.namespace, f"{parent.name}-shard", parent.state_machine),
                identity=identity,
                machine=whole.machine,
                input=whole.input,
                seq=1,
                parts=dict(parts),
            )
            self.journal.add(loaded)
            self.begun.add(uid)
        self.fault()
        assert self.engine is not None
        if not self.journal.stored[uid].loaded.ended:
            self.engine.adopt(self.journal.stored[uid].loaded)
            if known:
                self.engine.tell(uid, bounds_of(parts))

    async def until_ended(self, shard: ShardTask, progress: Callable[[ShardCounts], None]) -> ShardEnd:
        uid = shard.uid
        self._waiting[uid].append(progress)
        try:
            while (stored := self.journal.stored.get(uid)) is not None and stored.outcome is None:
                self._ended[uid].clear()
                await self._ended[uid].wait()
        finally:
            self._waiting[uid].remove(progress)
        if stored is None or stored.outcome is None:
            return ShardEnd("ABORTED")
        outcome = stored.outcome
        return ShardEnd(outcome.status, outcome.output, outcome.error, outcome.cause)

    async def stop(self, shard: ShardTask) -> None:
        uid = shard.uid
        await asyncio.sleep(0.003)
        self.fault()
        stored = self.journal.stored.get(uid)
        if stored is not None and stored.outcome is None:
            stored.loaded = replace(stored.loaded, stop=StopRequest())
            assert self.engine is not None
            self.engine.stop_execution(uid, StopRequest())
        self.fault()

    async def forget(self, shard: ShardTask) -> None:
        uid = shard.uid
        await asyncio.sleep(0.003)
        self.fault()
        stored = self.journal.stored.get(uid)
        assert stored is None or stored.loaded.ended
        if stored is not None:
            self.forgotten += self.journal.stored.pop(uid).commits
        self.fault()


@dataclass
class Seen:
    """What invariants are about."""

    most_live: int = 0
    most_open: int = 0
    most_parts: int = 0


class ShardWorld:
    """An engine that is killed now and then, with a journal, shards and tasks that outlive it."""

    def __init__(
        self,
        seed: int,
        limits: Limits,
        answer: Callable[[StartTask], tuple[float, Any]],
        *,
        trouble: float = 0.02,
        driver: type[MemoryDriver] = MemoryDriver,
    ) -> None:
        """``trouble``: of how many calls of the store something comes to nothing."""
        self.random = Random(seed)
        self.trouble = trouble
        self.limits = limits
        self.journal = MemoryJournal()
        self.jobs = driver(answer)
        self.seen = Seen()
        self.journal.before = self.journal.after = lambda _: self._fault()
        self._commits = 0
        self.kills = 0
        self.shards_of: set[Uid] = set()
        self._updated: dict[Uid, UpdateMapRun] = {}
        self._forgotten: list[Commit] = []
        self._finished = asyncio.Event()
        self.engine: Engine
        self.begin()

    def _fault(self) -> None:
        if self.random.random() < self.trouble:
            raise Unavailable("the store is away")

    def begin(self) -> None:
        self.shards = MemoryShards(self.journal, self._fault, self.shards_of, self._forgotten)
        clock = VirtualClock()
        report = self._report
        calls = CallDriver(MapShards(self.shards, clock, report), clock, report)
        self.engine = Engine(
            self.journal,
            [self.jobs, calls],
            AlwaysHeld(),
            clock=clock,
            seed=lambda: self.random.getrandbits(64),
            commit_id=self._commit_id,
            limits=self.limits,
            observer=self.shards,
            finished=lambda _ref: self._finished.set(),
            aside=at_once,
        )
        self.shards.engine = self.engine
        self.jobs.report = self.engine.report
        self._calls = calls
        self._task = asyncio.create_task(self.engine.run())

    def _report(self, uid: Uid, signal: Reported) -> None:
        self.engine.report(uid, signal)

    def _commit_id(self) -> str:
        self._commits += 1
        return f"commit-{self._commits}"

    async def kill(self) -> None:
        """The process dies, and another takes up all that has not settled."""
        self.kills += 1
        self.jobs.report = lambda _uid, _signal: None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._calls.close()
        self.begin()
        stored = list(self.journal.stored.values())
        self.random.shuffle(stored)
        for each in stored:
            if not (each.loaded.ended and each.loaded.settled):
                self.engine.adopt(each.loaded)
        for uid, bounds in self._updated.items():
            self.engine.report(uid, bounds)

    async def to_end(self, execution: Loaded, *, kills: int = 0, within_seconds: float = 0.0) -> Stored:
        """Run it to its end, through kills at moments of that long."""
        self.engine.adopt(self.journal.add(execution))
        for _ in range(kills):
            await asyncio.sleep(self.random.random() * within_seconds / max(1, kills))
            self.look()
            await self.kill()
        return await self.rest(execution)

    async def rest(self, execution: Loaded) -> Stored:
        stored = self.journal.stored[execution.ref.uid]
        while self.engine.live:
            self._finished.clear()
            self.look()
            try:
                async with asyncio.timeout(0.5):
                    await self._finished.wait()
            except TimeoutError:
                pass
        return stored

    async def update(self, execution: Loaded, max_concurrency: int) -> None:
        """Somebody gives its Map Run other bounds, which are stored, as soon as there is one."""
        stored = self.journal.stored[execution.ref.uid]
        while not (runs := [run for commit in stored.commits for run in commit.map_runs]):  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)
        bounds = self._updated[execution.ref.uid] = UpdateMapRun(runs[-1].arn, max_concurrency)
        self.engine.tell(execution.ref.uid, bounds)

    def stop(self, execution: Loaded, request: StopRequest) -> None:
        """Somebody asks for its end, which is stored."""
        stored = self.journal.stored[execution.ref.uid]
        if stored.outcome is None:
            stored.loaded = replace(stored.loaded, stop=request)
            self.engine.stop_execution(execution.ref.uid, request)

    @property
    def commits(self) -> list[Commit]:
        """Of all executions and shards there were, each with those of its shards before its own."""
        return [
            *self._forgotten,
            *(commit for stored in reversed(self.journal.stored.values()) for commit in stored.commits),
        ]

    def left_behind(self) -> set[Uid]:
        """Shards that have ended and were not forgotten, as the process died right after their Map had taken their ends in."""
        return {
            uid
            for uid, stored in self.journal.stored.items()
            if uid in self.shards_of and stored.loaded.settled
        }

    def look(self) -> None:
        """At what is stored now."""
        live, parts = 0, []
        for stored in self.journal.stored.values():
            checkpoint = None if stored.loaded.ended else checkpoints.decode(stored.loaded.parts)
            if checkpoint is None:
                continue
            parts.append(len(checkpoint.parts))
            forks = [
                part for part in checkpoint.parts.values() if isinstance(part, Fork) and part.run is not None
            ]
            live += sum(len(fork.live) for fork in forks)
            self.seen.most_open = max(
                [self.seen.most_open, *(len(fork.run.shards) for fork in forks if fork.run)]
            )
        self.seen.most_live = max(self.seen.most_live, live)
        self.seen.most_parts = max([self.seen.most_parts, *parts])
