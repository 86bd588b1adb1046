"""Tasks of activities, handed to workers one by one.

A taken task is recorded before a worker gets it, so none is handed out twice. If a worker disappears before
the answer reaches it, its task is lost with it: that is what HeartbeatSeconds is for, as on AWS.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple, Protocol

from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId, TaskStarted
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.task_token import TokenOf
from stepwright.asl.text import jsontext
from stepwright.catalog.records import ActivityLoad, ActivityTask
from stepwright.engine.ports import ExecutionRef, Report, Uid
from stepwright.tasks import activities
from stepwright.tasks.by_execution import ByExecution, Key

MOST_NAMED: Final = 3
"""Executions that wait for an activity: as many are named."""


class _Open(NamedTuple):
    """A task that has not ended, and the ARN of its execution."""

    task: StartTask
    execution: str


class Takings(Protocol):
    """Which tasks were taken, and by whom: stored until their execution is gone."""

    async def takings(self) -> Collection[tuple[Uid, TaskId, str | None]]: ...

    async def note_taking(self, uid: Uid, task: TaskId, worker: str | None) -> None:
        """Durable when it returns. Raises Unavailable."""


class ActivityDriver:
    """Implements ``catalog.ports.Work`` and ``engine.ports.TaskDriver``."""

    def __init__(self, takings: Takings, token: TokenOf, report: Report) -> None:
        self._takings = takings
        self._token = token
        self._report = report
        self._open: ByExecution[_Open] = ByExecution()
        self._taken: ByExecution[str | None] = ByExecution()
        """By whom."""
        self._queues: defaultdict[str, asyncio.Queue[Key]] = defaultdict(asyncio.Queue)
        self._asking: Counter[str] = Counter()
        """How many workers wait, by activity."""

    async def recall(self) -> None:
        """Read what was taken before the last process ended."""
        for uid, task, worker in await self._takings.takings():
            self._taken[uid, task] = worker

    # --- For workers -------------------------------------------------------------------------------------------------

    async def take(self, arn: str, worker: str | None, seconds: float) -> ActivityTask | None:
        self._asking[arn] += 1
        try:
            async with asyncio.timeout(seconds):
                key, task = await self._next(arn)
        except TimeoutError:
            return None
        finally:
            self._asking[arn] -= 1
        # Once begun it is finished or undone, even if the caller has lost interest.
        await asyncio.shield(self._note(key, task.resource.text, worker))
        self._tell(key, task)
        return ActivityTask(self._token(*key, task.scheduled), jsontext.dump(task.parameters))

    async def _note(self, key: Key, arn: str, worker: str | None) -> None:
        """Record that a task is taken. If that fails it can be taken again. Raises Unavailable."""
        self._taken[key] = worker
        try:
            await self._takings.note_taking(*key, worker)
        except BaseException:
            self._taken.pop(key, None)
            self._queues[arn].put_nowait(key)
            raise

    def _tell(self, key: Key, task: StartTask) -> None:
        """Report that a task was taken. If the last process ended meanwhile, its execution has not recorded
        that."""
        counts = task.timeout_seconds is not None or task.heartbeat_seconds is not None
        self._report(key[0], TaskStarted(key[1], self._taken[key], counts))

    async def _next(self, arn: str) -> tuple[Key, StartTask]:
        queue = self._queues[arn]
        while True:
            key = await queue.get()
            if key in self._open and key not in self._taken:
                return key, self._open[key].task

    def loads(self) -> Mapping[str, ActivityLoad]:
        waiting: defaultdict[str, list[str]] = defaultdict(list)
        taken: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for key, (task, execution) in self._open.items():
            if key in self._taken:
                taken[task.resource.text][self._taken[key] or ""] += 1
            else:
                waiting[task.resource.text].append(execution)
        return {
            arn: ActivityLoad(
                asking=self._asking[arn],
                waiting=len(waiting.get(arn, ())),
                executions=tuple(waiting.get(arn, ())[:MOST_NAMED]),
                taken=dict(taken.get(arn, {})),
            )
            for arn in {*waiting, *taken, *+self._asking}
        }

    # --- For the engine ----------------------------------------------------------------------------------------------

    def serves(self, resource: Resource) -> bool:
        return activities.serves(resource)

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:  # noqa: ARG002
        return None

    def holds(self, uid: Uid) -> bool:
        return self._open.holds(uid)

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    def let_go(self, uid: Uid) -> None:
        for task in self._open.of(uid):
            del self._open[uid, task]

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:  # noqa: ARG002
        key = (ref.uid, task.task)
        if key not in self._open:
            self._open[key] = _Open(task, ref.arn)
            if key in self._taken:
                self._tell(key, task)
            else:
                self._queues[task.resource.text].put_nowait(key)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        self._forget(ref.uid, task.task)

    def keeps_stops(self, resource: Resource) -> bool:  # noqa: ARG002
        return False

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        self._forget(ref.uid, task)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        for task in {*self._open.of(ref.uid), *self._taken.of(ref.uid)} - wanted:
            self._forget(ref.uid, task)

    def _forget(self, uid: Uid, task: TaskId) -> None:
        self._open.pop((uid, task), None)
        self._taken.pop((uid, task), None)
