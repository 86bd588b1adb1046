"""What is written of one execution: its current state, and the next write."""

from __future__ import annotations

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint, EncodedPart, PartId
from stepwright.asl.checkpoint.parts import HEAD
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import CancelTask
from stepwright.engine.batch import Batch
from stepwright.engine.holding import Holding
from stepwright.engine.insisting import Insisting
from stepwright.engine.kept_apart import KeptApart
from stepwright.engine.kept_stops import KeptStops
from stepwright.engine.mailbox import Mailbox
from stepwright.engine.moments import Moments
from stepwright.engine.open_tasks import OpenTasks
from stepwright.engine.ports import Commit, ExecutionRef, Loaded
from stepwright.engine.world import World


class Writing:
    __slots__ = (
        "_holding",
        "_kept_apart",
        "_mailbox",
        "_moments",
        "_ref",
        "_stops",
        "_under_way",
        "_world",
        "checkpoint",
        "seq",
    )

    def __init__(
        self,
        ref: ExecutionRef,
        world: World,
        mailbox: Mailbox,
        holding: Holding,
        moments: Moments,
        stops: KeptStops,
    ) -> None:
        self._ref = ref
        self._world = world
        self._mailbox = mailbox
        self._holding = holding
        self._moments = moments
        self._stops = stops
        self._kept_apart = None if world.limits.history_bytes is None else KeptApart()
        self._under_way: Checkpoint | None = None
        self.seq = 0
        """How often the execution was written."""
        self.checkpoint: Checkpoint | None = None
        """The checkpoint as written; None before the first write."""

    def take_up(self, loaded: Loaded) -> list[CancelTask]:
        """Take over what is stored. Returns the stops still to be made. Raises NewerVersion."""
        self.seq = loaded.seq
        self._moments.not_before(loaded.latest)
        if self._kept_apart is not None:
            self._kept_apart.take_up(loaded.parts)
        stops = self._stops.take_up(loaded.parts)
        if loaded.parts and not loaded.ended:
            self.checkpoint = checkpoints.decode(loaded.parts)
        return stops

    def has_open(self, task: TaskId, scheduled: Millis | None) -> bool:
        """By what is written, and by what is being written: that may have landed without anybody knowing."""
        return self.checkpoint is not None and all(
            checkpoints.has_open(checkpoint, task, scheduled)
            for checkpoint in (self.checkpoint, self._under_way)
            if checkpoint is not None
        )

    async def write(self, batch: Batch, tasks: OpenTasks, *, ends: bool = False) -> Commit:
        """Returns once it is durable. ``ends``: never given up. Raises KeptOut, OutOfDate, Refused,
        Fenced, Gone."""
        assert batch.checkpoint is not None
        whole, self._mailbox.restates = self._mailbox.restates, False
        tasks.know({task.task: task.resource for task in batch.starts.values()})
        stops = self._stops.parts(filter(tasks.is_kept, batch.stops), whole=whole)
        commit = Commit(
            commit_id=self._world.commit_id(),
            expected_seq=self.seq,
            now=self._moments.now(),
            started=batch.checkpoint.start.started,
            parts=self._encoded_parts(batch, whole=whole) | stops,
            whole=whole,
            events=batch.events,
            visits=tuple(batch.visits.values()),
            map_runs=tuple(batch.map_runs.values()),
            children=tuple(batch.children.values()),
            child_histories=batch.child_histories,
            shown=tasks.shown(batch.visits.values()),
            current_states=checkpoints.current_states(batch.checkpoint),
            waiting_until=checkpoints.waiting_until(batch.checkpoint),
            outcome=batch.outcome,
            redrivable=batch.redrivable,
            shard=checkpoints.shard_counts(batch.checkpoint),
            settled=batch.outcome is not None and not batch.stops and tasks.idle,
        )
        append = self._holding.while_held(lambda: self._world.journal.append(self._ref, commit))
        self._under_way = batch.checkpoint
        try:
            await self._insisting().on(append, ends=ends)
        finally:
            self._under_way = None
        self.seq += 1
        self.checkpoint = batch.checkpoint
        self._stops.written(stops, whole=whole)
        self._world.observer.committed(self._ref, commit)
        return commit

    def _encoded_parts(self, batch: Batch, *, whole: bool) -> dict[PartId, EncodedPart | None]:
        """Also counts the bytes that the write stores permanently."""
        assert batch.checkpoint is not None
        parts = batch.encoded_parts(whole=whole)
        if self._kept_apart is not None and (size := self._kept_apart.count(parts, batch.events)):
            head = batch.checkpoint.head
            head.history_bytes += size
            parts[HEAD] = checkpoints.encode(head)
        return parts

    def _insisting(self) -> Insisting:
        async def explain(reason: str) -> None:
            await self._world.journal.explain(self._ref, reason, self._moments.now())

        world = self._world
        return Insisting(self._ref, world.clock, world.limits.quota_seconds, self._mailbox.has_stop, explain)
