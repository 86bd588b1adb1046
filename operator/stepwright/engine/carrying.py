"""Runs one execution from what was read of it. Take all waiting signals, step through as many transitions as
are ready, write once, then act. Nothing is done before it is written. Signals that arrive while a write is in
flight share the next one.
"""

from __future__ import annotations

from functools import partial

import structlog
from msgspec.structs import replace

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.open_work import heartbeat_timer
from stepwright.asl.signals import Break, Millis, Stop, TaskId, TimerId
from stepwright.engine.advancing import Advancing
from stepwright.engine.batch import Batch
from stepwright.engine.brake import Brake
from stepwright.engine.holding import Holding
from stepwright.engine.insisting import KeptOut, insist
from stepwright.engine.kept_stops import KeptStops
from stepwright.engine.mailbox import Mailbox
from stepwright.engine.moments import Moments
from stepwright.engine.open_tasks import OpenTasks
from stepwright.engine.parking import Parked, Parking
from stepwright.engine.ports import Commit, Loaded, Refused
from stepwright.engine.sharing import SHARED_SECONDS, shared_answers
from stepwright.engine.sweeping import Sweeping
from stepwright.engine.taking_up import TakingUp
from stepwright.engine.unwritten import Unwritten, cancel_begun
from stepwright.engine.world import World
from stepwright.engine.writing import Writing

log = structlog.get_logger(__name__)


class Carrying:
    """``loaded`` is not kept: while nothing happens, only the checkpoint stays in memory."""

    __slots__ = (
        "_advancing",
        "_holding",
        "_mailbox",
        "_parking",
        "_ref",
        "_tasks",
        "_unwritten",
        "_world",
        "_writing",
        "is_ending",
    )

    def __init__(
        self,
        loaded: Loaded,
        world: World,
        mailbox: Mailbox,
        holding: Holding,
        moments: Moments,
        brake: Brake,
    ) -> None:
        ref, machine, stops = loaded.ref, loaded.machine, KeptStops()
        self._ref = ref
        self._world = world
        self._mailbox = mailbox
        self._holding = holding
        self._tasks = OpenTasks(ref, world, mailbox, holding, stops)
        self._writing = Writing(ref, world, mailbox, holding, moments, stops)
        self._unwritten = Unwritten()
        self._parking = Parking(ref, world.parks_from_seconds, self._tasks.is_elsewhere, world.clock.now())
        self._advancing = Advancing(ref, machine, world, mailbox, moments, brake, self._tasks)
        self.is_ending = loaded.ended
        """Whether its end is written: only cleaning up is left to do."""

    @property
    def seq(self) -> int:
        return self._writing.seq

    def has_open(self, task: TaskId, scheduled: Millis | None) -> bool:
        return self._writing.has_open(task, scheduled)

    def heartbeat(self, task: TaskId) -> None:
        """A task is alive: its heartbeat timer, if any, restarts."""
        checkpoint = self._writing.checkpoint
        open_task = None if checkpoint is None else checkpoints.open_task(checkpoint, task)
        if open_task is not None and open_task.heartbeat_seconds is not None:
            due = self._world.clock.now() + open_task.heartbeat_seconds * 1000
            self._world.timers.set(self._ref.uid, heartbeat_timer(task), Millis(due))

    def expire(self, timer: TimerId) -> bool:
        """A timer has fired. Returns whether that is only said once no answer to its task can come any more."""
        return self._tasks.expire(timer)

    async def leave(self) -> None:
        """Leave nothing under way; what is written stays unchanged."""
        await self._tasks.cancel()

    async def on(self, loaded: Loaded, failure: Break | None, sweeping: Sweeping) -> Parked | None:
        """Returns when it has settled, or when there is nothing to do for long. ``failure``: the error with
        which it fails instead. Raises what the journal does, NewerVersion, and OutOfDate if it must be read
        again."""
        self._tasks.stop(self._writing.take_up(loaded))
        self._unwritten.take_up(loaded.machine, self._writing.checkpoint)
        settled = loaded.settled
        taking_up = TakingUp(self._ref, loaded.machine, self._world, sweeping, self._tasks, self._advancing)
        if loaded.ended:
            await taking_up.ended()
        else:
            self._mailbox.begin_with(loaded.bounds)
            if loaded.stop is not None:
                self._mailbox.post(Stop(loaded.stop.error, loaded.stop.cause))
            batch = await taking_up.go_on(loaded, self._writing.checkpoint, failure)
            del loaded, taking_up
            while not (ended := await self._commit_and_act(batch)):
                if (waits := self._parked()) is not None:
                    return waits
                if self._writing.checkpoint is not None and not self._mailbox.is_due:
                    checkpoints.rest(self._writing.checkpoint, batch.changed)
                del batch
                await self._mailbox.due()
                if (shared := shared_answers(self._writing.checkpoint)) > 1:
                    await self._mailbox.gather(shared, SHARED_SECONDS)
                batch = await self._advancing.fill(self._unwritten.go_on(self._writing.checkpoint))
            settled, self.is_ending = ended.settled, True
            await self._tasks.finished()
        if not settled:
            await self._settle()
        return None

    async def _settle(self) -> None:
        settle = partial(self._world.journal.settle, self._ref, self._writing.seq, self._world.commit_id())
        await insist(self._ref, self._world.clock, self._holding.while_held(settle))

    def _parked(self) -> Parked | None:
        """What to remember if there is nothing to do for long; None if there is, or may be soon."""
        checkpoint = self._writing.checkpoint
        assert checkpoint is not None
        if self._mailbox.is_due or not self._tasks.none or self._unwritten.batch is not None:
            return None
        now = self._world.clock.now()
        found = self._parking.parked(checkpoint, self._writing.seq, now)
        if found is None or (self._mailbox and found[0].tasks):
            return None
        waits, since = found
        if since > now:
            self._mailbox.look(since)
            return None
        return waits

    async def _commit_and_act(self, batch: Batch) -> Commit | None:
        """Write, then dispatch. Returns the commit if it ended the execution."""
        if batch.empty and not self._mailbox.restates:
            return None
        self._parking.happened(self._world.clock.now())
        if self._unwritten.may_have(batch) and not self._mailbox.restates:
            self._act(batch)
            batch.acted()
            self._unwritten.batch = batch
            return None
        self._unwritten.batch = None
        try:
            commit = await self._write(batch)
        except KeptOut as error:
            if self._writing.checkpoint is None:
                raise
            batch, commit = await self._end_instead(str(error), batch)
        except Refused:
            if self._writing.checkpoint is None:
                raise
            # A patch is based on what is stored, which somebody may have edited.
            self._mailbox.restates = True
            batch, commit = await self._write_or_fail(batch)
        self._act(batch)
        return commit if batch.outcome is not None else None

    async def _write(self, batch: Batch) -> Commit:
        return await self._writing.write(batch, self._tasks)

    async def _write_or_fail(self, batch: Batch) -> tuple[Batch, Commit]:
        try:
            return batch, await self._write(batch)
        except Refused as error:
            return await self._end_instead(str(error), batch)

    async def _end_instead(self, reason: str, given_up: Batch) -> tuple[Batch, Commit]:
        """The write is given up: the execution ends, as somebody asked, or because of that."""
        log.error("write given up, ending the execution", execution=str(self._ref), reason=reason)
        batch = Batch(self._writing.checkpoint)
        cause = f"The state of the execution could not be recorded: {reason}"
        stop = self._mailbox.stop
        ends = Break("States.Runtime", cause) if stop is None else replace(stop, at_once=True)
        await self._advancing.resume(batch, ends)
        cancel_begun(given_up, batch)
        return batch, await self._writing.write(batch, self._tasks, ends=True)

    def _act(self, batch: Batch) -> None:
        timers, uid = self._world.timers, self._ref.uid
        for timer, due in batch.timers.items():
            if due is None:
                timers.cancel(uid, timer)
            else:
                timers.set(uid, timer, due)
        if batch.outcome is not None:
            timers.cancel_all(uid)
        self._tasks.end(batch.ends.values())
        self._tasks.start(batch.starts.values(), again=False)
