"""What an execution wants done to its tasks, and the workers that do it.

Each task has at most one goal (start, expire, stop, release) and one worker. A goal may be replaced while its worker
is busy: a stop that follows a start waits for the call in flight, then stops what it may have created. Only a start is never
replaced by an expiry, which waits for it. Calls are repeated until the driver accepts them; all of them are idempotent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from stepwright.asl.signals import TaskId, TimerId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine import backoff
from stepwright.engine.nap import nap
from stepwright.engine.ports import Clock, ExecutionRef, Expires, TaskDriver, Unavailable
from stepwright.engine.turns import Turns

log = structlog.get_logger(__name__)

WITHOUT_LEASE_SECONDS: Final = 1.0
"""How often an effect that waits for the lease checks it."""


@dataclass(frozen=True, slots=True)
class Start:
    """``again``: the task may have been started before, see ``TaskDriver.start``."""

    task: StartTask
    again: bool


@dataclass(frozen=True, slots=True)
class Expire:
    """See that no answer to the task is accepted any more; then its timer has fired."""

    task: TaskId
    timer: TimerId


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the task, which is no longer wanted."""

    task: CancelTask


@dataclass(frozen=True, slots=True)
class Release:
    """Release the task: its result is committed."""

    task: TaskId


Goal: TypeAlias = Start | Expire | Cancel | Release
End: TypeAlias = Cancel | Release


class Effects:
    """The effects of one execution. ``may_act`` is checked right before every call: while it says no, nothing
    is done, and nothing forgotten either, since a lapsed lease may be renewed. ``ended`` is called when a
    task has been stopped or released, ``expired`` when its timer has fired, ``finished`` when the last goal is reached."""

    __slots__ = (
        "_clock",
        "_driver_of",
        "_ended",
        "_ends",
        "_expired",
        "_expiries",
        "_finished",
        "_goals",
        "_may_act",
        "_ref",
        "_starts",
        "_woken",
        "_workers",
    )

    def __init__(
        self,
        ref: ExecutionRef,
        driver_of: Callable[[TaskId], TaskDriver | None],
        clock: Clock,
        starts: Turns,
        ends: Turns,
        may_act: Callable[[], bool],
        ended: Callable[[TaskId], None],
        expired: Callable[[TimerId], None],
        finished: Callable[[], None],
    ) -> None:
        self._ref = ref
        self._driver_of = driver_of
        self._clock = clock
        self._starts = starts
        self._ends = ends
        self._may_act = may_act
        self._ended = ended
        self._expired = expired
        self._finished = finished
        self._goals: dict[TaskId, Goal] = {}
        self._expiries: dict[TaskId, Expire] = {}
        """Those that wait for the start of their task."""
        self._workers: dict[TaskId, asyncio.Task[None]] = {}
        self._woken: dict[TaskId, asyncio.Event] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing is under way that leaves work running: releases may come later, also by a sweep."""
        return all(isinstance(goal, Release) for goal in self._goals.values())

    @property
    def none(self) -> bool:
        """Whether nothing is under way at all."""
        return not self._workers

    def want(self, goals: Iterable[Goal]) -> None:
        for goal in goals:
            task = goal.task.task if isinstance(goal, Start | Cancel) else goal.task
            if isinstance(goal, Expire):
                if isinstance(self._goals.get(task), Start):
                    self._expiries[task] = goal
                    continue
            else:
                self._expiries.pop(task, None)
            self._goals[task] = goal
            if task in self._workers:
                self._woken[task].set()
            else:
                self._woken[task] = asyncio.Event()
                self._workers[task] = asyncio.create_task(self._work(task))

    async def finished(self) -> None:
        """Wait until every goal is reached."""
        while self._workers:
            await asyncio.wait(tuple(self._workers.values()))

    async def cancel(self) -> None:
        workers = tuple(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        # A worker cancelled before its first step has not removed itself.
        self._workers.clear()
        self._woken.clear()
        self._goals.clear()
        self._expiries.clear()

    async def _work(self, task: TaskId) -> None:
        delays = backoff.delays()
        called: Goal | None = None
        try:
            while True:
                goal = self._goals[task]
                try:
                    turns = self._starts if isinstance(goal, Start) else self._ends
                    async with turns.of(self._ref.namespace):
                        acts = self._may_act()
                        if acts:
                            former, called = called, goal
                            await self._reach(task, goal, again=former is goal)
                except Unavailable as error:
                    delay = next(delays)
                    log.warning(
                        "task waits", execution=str(self._ref), task=task, reason=str(error), retry=delay
                    )
                    await self._pause(task, delay)
                    continue
                except Exception:
                    # A driver's defect must neither lose the task nor end the execution's other work.
                    delay = next(delays)
                    log.exception("task driver failed", execution=str(self._ref), task=task, retry=delay)
                    await self._pause(task, delay)
                    continue
                if not acts:
                    await self._pause(task, WITHOUT_LEASE_SECONDS)
                    continue
                if self._goals[task] is goal:
                    if isinstance(goal, Cancel | Release):
                        self._ended(task)
                    if (expiry := self._expiries.pop(task, None)) is None:
                        return
                    self._goals[task] = expiry
                delays = backoff.delays()
        finally:
            if self._workers.get(task) is asyncio.current_task():
                del self._workers[task], self._woken[task], self._goals[task]
                if not self._workers:
                    self._finished()

    async def _reach(self, task: TaskId, goal: Goal, *, again: bool) -> None:
        """``again``: an earlier call with this goal had an unknown outcome."""
        driver = self._driver_of(task)
        if driver is None:
            return
        if isinstance(goal, Start):
            await driver.start(self._ref, goal.task, again=again or goal.again)
        elif isinstance(goal, Expire):
            if not isinstance(driver, Expires) or await driver.expire(self._ref, task, goal.timer):
                self._expired(goal.timer)
        elif isinstance(goal, Release):
            await driver.release(self._ref, task)
        else:
            await driver.stop(self._ref, goal.task)

    async def _pause(self, task: TaskId, seconds: float) -> None:
        """Sleep, at most until the goal changes."""
        woken = self._woken[task]
        woken.clear()
        await nap(self._clock, seconds, woken)
