"""How a loaded execution continues: from the beginning, from a checkpoint, from its end by a redrive, or not
at all."""

from __future__ import annotations

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Break, Millis
from stepwright.engine.advancing import Advancing
from stepwright.engine.batch import Batch
from stepwright.engine.open_tasks import OpenTasks
from stepwright.engine.ports import ExecutionRef, Loaded
from stepwright.engine.sweeping import Sweeping
from stepwright.engine.world import World


class TakingUp:
    """Makes tasks and timers agree with a checkpoint, and takes the first steps."""

    __slots__ = ("_advancing", "_machine", "_ref", "_sweeping", "_tasks", "_world")

    def __init__(
        self,
        ref: ExecutionRef,
        machine: Machine,
        world: World,
        sweeping: Sweeping,
        tasks: OpenTasks,
        advancing: Advancing,
    ) -> None:
        self._ref = ref
        self._machine = machine
        self._world = world
        self._sweeping = sweeping
        self._tasks = tasks
        self._advancing = advancing

    async def ended(self) -> None:
        """Clean up after an ended execution: none of its work is wanted any more."""
        await self._sweeping.beyond(self._ref, frozenset())
        await self._tasks.finished()

    async def go_on(self, loaded: Loaded, checkpoint: Checkpoint | None, failure: Break | None) -> Batch:
        """Returns what to write first. ``checkpoint``: that of ``loaded``, None if there is none yet.
        ``failure``: the error with which the execution fails instead."""
        if failure is not None:
            if checkpoint is not None:
                self._tasks.know(checkpoints.resources(self._machine, checkpoint))
            return await self._advancing.broken(loaded, checkpoint, failure)
        if checkpoint is None:
            return await self._advancing.started(loaded)
        if checkpoint.ended:
            await self._sweeping.beyond(self._ref, frozenset())
            return await self._advancing.redriven(checkpoint, loaded.redriven, loaded.redrive_from)
        await self._restore(checkpoint)
        return await self._advancing.fill(Batch(checkpoint))

    async def _restore(self, checkpoint: Checkpoint) -> None:
        """Stop what the checkpoint does not want, arm its timers, reattach its tasks."""
        tasks = checkpoints.open_tasks(self._machine, checkpoint)
        # Before anything new is started: a sweep knows only the tasks of this moment.
        await self._sweeping.beyond(self._ref, frozenset(task.task for task in tasks))
        self._arm(checkpoint)
        self._tasks.start(tasks, again=True)
        checkpoints.rest(checkpoint, checkpoint.parts)  # what was reported about the tasks

    def _arm(self, checkpoint: Checkpoint) -> None:
        """Set the open timers. A task's last sign of life is not stored: it gets a whole interval."""
        now, heartbeats = self._world.clock.now(), checkpoints.heartbeats(checkpoint)
        for timer in checkpoints.open_timers(checkpoint):
            due = timer.due
            if timer.timer in heartbeats:
                due = max(due, Millis(now + heartbeats[timer.timer] * 1000))
            self._world.timers.set(self._ref.uid, timer.timer, due)
