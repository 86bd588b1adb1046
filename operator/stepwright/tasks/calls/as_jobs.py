"""Tasks of an integration whose calls some of which are made, some of which run as a Job in the cluster, and some of which
workers take.

Which of these a task is, its integration's plans say when it begins, so a change counts for the next task. One that has begun as
a Job, or waits for workers, stays that: its driver finds it again by the task's name, whatever the plans say by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Signal, TaskFailed, TaskId, TaskSubmitted, TaskSucceeded, TimerId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import ExecutionRef, Expires, Report, Reported, TaskDriver, Uid
from stepwright.tasks.by_execution import ByExecution, Key
from stepwright.tasks.calls.integration import Call, CallFailed


class Jobs(TaskDriver, Protocol):
    """The driver of Jobs, or of what workers take."""

    def began(self, ref: ExecutionRef, task: TaskId) -> bool:
        """Whether the task has begun as one of its own, as far as is known without asking anybody."""


class Work(Jobs, Expires, Protocol):
    """The driver of what workers take."""

    async def known(self) -> None:
        """Return once ``began`` knows. Raises Unavailable."""


class Expected(Protocol):
    """A task that a Job or a worker answers."""

    def said(self, signal: TaskSubmitted | TaskSucceeded | TaskFailed) -> Signal | None:
        """What the execution is to hear of it; None if there is nothing to say yet."""


@dataclass(frozen=True, slots=True)
class AsJob:
    """``task``: as the driver of Jobs is to have it."""

    task: StartTask
    expected: Expected


@dataclass(frozen=True, slots=True)
class AsWork:
    """``task``: as the driver of what workers take is to have it."""

    task: StartTask
    expected: Expected


Began = Literal["Job", "Work"]
"""What a task is already."""


class Plans(Protocol):
    """Those of one integration."""

    async def planned(self, call: Call, *, began: Began | None) -> AsJob | AsWork | None:
        """None: it is called. Raises CallFailed, Unavailable."""

    def names_job(self, ref: ExecutionRef, submitted: Json) -> bool:
        """Whether it was submitted as a Job of this cluster."""


class JobAnswers:
    """Called, it is an ``engine.ports.Report`` for the driver of Jobs: of those that answer calls it reports what their callers
    are to hear."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.expected: ByExecution[Expected] = ByExecution()

    def __call__(self, uid: Uid, reported: Reported) -> None:
        said: Reported | None = reported
        if isinstance(reported, TaskSubmitted | TaskSucceeded | TaskFailed):
            expected = self.expected.get((uid, reported.task))
            said = reported if expected is None else expected.said(reported)
        if said is not None:
            self.report(uid, said)


class PartlyJobs:
    """Implements ``engine.ports.TaskDriver``, and ``Expires``: ``calls`` has the tasks that are called, ``jobs`` those that run as Jobs,
    ``work`` those that workers take. ``jobs`` and ``work`` report to ``answers``, and are drivers of their own, too: the engine itself
    asks them to sweep, and what they hold."""

    def __init__(
        self, calls: TaskDriver, jobs: Jobs, answers: JobAnswers, plans: Plans, work: Work | None = None
    ) -> None:
        self._calls = calls
        self._jobs = jobs
        self._work = work
        self._answers = answers
        self._plans = plans
        self._started: ByExecution[TaskDriver] = ByExecution()
        """Which of them has each task that was started here, until it is stopped or released."""

    def serves(self, resource: Resource) -> bool:
        return self._calls.serves(resource)

    def keeps_stops(self, resource: Resource) -> bool:
        return self._calls.keeps_stops(resource)

    def holds(self, uid: Uid) -> bool:
        return self._calls.holds(uid)

    def let_go(self, uid: Uid) -> None:
        self._calls.let_go(uid)
        for task in self._started.of(uid):
            self._forget((uid, task))

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:
        return self._driver_of(ref, task).runs_on(ref, task)

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:
        return self._driver_of(ref, task).shown_as(ref, task)

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        if task.resource.waits_for_token and task.submitted is not None:
            return  # it has answered, and the task waits for its token
        began = await self._began(ref, task) if again or task.submitted is not None else None
        try:
            planned = await self._plans.planned(Call(ref, task), began=began)
        except CallFailed as failed:
            self._answers.report(ref.uid, TaskFailed(task.task, failed.error, failed.cause))
            return
        if planned is None:
            self._started[ref.uid, task.task] = self._calls
            await self._calls.start(ref, task, again=again)
            return
        driver: TaskDriver | None = self._jobs if isinstance(planned, AsJob) else self._work
        assert driver is not None, "nobody has plans for workers where there are none"
        self._started[ref.uid, task.task] = driver
        self._answers.expected[ref.uid, task.task] = planned.expected
        await driver.start(ref, planned.task, again=again)

    def is_answered_elsewhere(self, ref: ExecutionRef, task: TaskId) -> bool:
        return self._work is not None and self._started.get((ref.uid, task), self._work) is self._work

    async def expire(self, ref: ExecutionRef, task: TaskId, timer: TimerId) -> bool:
        work = self._work
        if work is None or self._started.get((ref.uid, task)) is not work:
            return True
        return await work.expire(ref, task, timer)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._driver_of(ref, task.task, task.submitted).stop(ref, task)
        self._forget((ref.uid, task.task))

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        await self._driver_of(ref, task).release(ref, task)
        self._forget((ref.uid, task))

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        await self._calls.sweep(ref, wanted)
        for task in self._started.of(ref.uid):
            if task not in wanted:
                self._forget((ref.uid, task))

    async def _began(self, ref: ExecutionRef, task: StartTask) -> Began | None:
        """What it may have been begun as. Raises Unavailable."""
        if self._plans.names_job(ref, task.submitted) or self._jobs.began(ref, task.task):
            return "Job"
        if self._work is not None:
            await self._work.known()
            if self._work.began(ref, task.task):
                return "Work"
        return None

    def _forget(self, key: Key) -> None:
        self._started.pop(key, None)
        self._answers.expected.pop(key, None)

    def _driver_of(self, ref: ExecutionRef, task: TaskId, submitted: Json = None) -> TaskDriver:
        """Of a task that was started, here or by a process that is gone."""
        known = self._started.get((ref.uid, task))
        if known is not None:
            return known
        if self._plans.names_job(ref, submitted) or self._jobs.began(ref, task):
            return self._jobs
        return self._work if self._work is not None and self._work.began(ref, task) else self._calls
