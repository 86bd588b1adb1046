"""Steps of one execution, one after the other, as long as they share a write."""

from __future__ import annotations

import asyncio
from functools import partial

from stepwright.asl import interpreter
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Break, Continue, Millis, RedriveFrom, Signal, TaskId
from stepwright.asl.step import Step
from stepwright.engine.batch import Batch
from stepwright.engine.brake import Brake
from stepwright.engine.effects import Cancel
from stepwright.engine.mailbox import Mailbox
from stepwright.engine.moments import Moments
from stepwright.engine.open_tasks import OpenTasks
from stepwright.engine.ports import ExecutionRef, Loaded
from stepwright.engine.steps import PATIENCE, Take
from stepwright.engine.world import World


class Advancing:
    __slots__ = ("_brake", "_machine", "_mailbox", "_moments", "_ref", "_takes_long", "_tasks", "_world")

    def __init__(
        self,
        ref: ExecutionRef,
        machine: Machine,
        world: World,
        mailbox: Mailbox,
        moments: Moments,
        brake: Brake,
        tasks: OpenTasks,
    ) -> None:
        self._ref = ref
        self._machine = machine
        self._world = world
        self._mailbox = mailbox
        self._moments = moments
        self._brake = brake
        self._tasks = tasks
        self._takes_long = False

    async def started(self, loaded: Loaded) -> Batch:
        """Begin a new execution."""
        batch = Batch(None)
        start = partial(
            interpreter.start,
            self._machine,
            loaded.identity,
            loaded.input,
            self._moments.next(),
            self._world.limits,
            token=self._token,
            unusable=self._world.unusable,
        )
        self._add(batch, await self._step(start), None)
        return await self.fill(batch)

    async def redriven(
        self, checkpoint: Checkpoint, asked: Millis | None, at: RedriveFrom | None = None
    ) -> Batch:
        """Continue from what was kept of an unsuccessful end; ``asked``: when that was requested; ``at``: where
        to, if not where it failed."""
        batch = Batch(checkpoint)
        self._moments.not_before(asked or Millis(0))
        redrive = partial(
            interpreter.redrive,
            self._machine,
            checkpoint,
            self._moments.next(asked),
            self._world.limits,
            at=at,
            token=self._token,
            unusable=self._world.unusable,
        )
        self._add(batch, await self._step(redrive), None)
        return await self.fill(batch)

    async def broken(self, loaded: Loaded, checkpoint: Checkpoint | None, failure: Break) -> Batch:
        """End the execution where it is, without looking at its definition."""
        batch = Batch(checkpoint)
        if checkpoint is not None:
            await self.resume(batch, failure)
        else:
            moment = self._moments.next()
            step = interpreter.start_broken(self._machine, loaded.identity, loaded.input, moment, failure)
            self._add(batch, step, None)
        return batch

    async def fill(self, batch: Batch) -> Batch:
        """Step through waiting signals, then continue what steps have left unfinished, until nothing is left,
        the write is full, or the execution has ended."""
        while batch.outcome is None and not batch.full:
            if self._mailbox:
                await self.resume(batch, self._mailbox.take())
            elif batch.more and self._brake.opens(now := self._world.clock.now()) <= now:
                # A long stretch: others get their turn, and the journal's advance requests go out meanwhile.
                await asyncio.sleep(0)
                await self.resume(batch, Continue())
            else:
                break
        if self._mailbox:
            self._mailbox.look()
        elif batch.more:
            self._come_back()
        return batch

    async def resume(self, batch: Batch, signal: Signal) -> None:
        assert batch.checkpoint is not None
        given_up = self._tasks.given_up(batch.checkpoint, signal)
        resume = partial(
            interpreter.resume,
            self._machine,
            batch.checkpoint,
            signal,
            self._moments.next(),
            self._world.limits,
            instead=self._world.instead(self._ref.uid),
            token=self._token,
            unusable=self._world.unusable,
        )
        self._add(batch, await self._step(resume), signal)
        if given_up is not None and given_up.task in batch.ends:
            batch.ends[given_up.task] = Cancel(given_up)

    def _come_back(self) -> None:
        """Continue an unfinished step after the next write, or when the brake allows it."""
        now = self._world.clock.now()
        opens = self._brake.opens(now)
        self._mailbox.look(None if opens <= now else opens)

    async def _step(self, step: Take) -> Step:
        taken = await self._world.steps.take(self._ref, step, long=self._takes_long)
        self._takes_long = taken.work > PATIENCE  # most likely the next one does, too
        return taken

    def _add(self, batch: Batch, step: Step, signal: Signal | None) -> None:
        batch.add(step, signal, children=self._world.journal.keeps_children)
        self._brake.spend(len(step.events) + len(step.child_events), self._world.clock.now())

    def _token(self, uid: str, task: TaskId, scheduled: Millis) -> str:
        return self._world.token(self._ref.namespace, uid, task, scheduled)
