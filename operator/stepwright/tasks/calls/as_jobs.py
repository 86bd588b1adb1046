"""Tasks of an integration whose calls some of which are made, and some of which run as a Job in the cluster.

Which of the two a task is, its integration's plans say when it begins, so a change counts for the next task. One that has begun as
a Job stays one: its driver finds it again by the task's name, whatever the plans say by now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Signal, TaskFailed, TaskId, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import ExecutionRef, Report, Reported, TaskDriver, Uid
from stepwright.tasks.by_execution import ByExecution, Key
from stepwright.tasks.calls.integration import Call, CallFailed


class Jobs(TaskDriver, Protocol):
    """The driver of Jobs."""

    def began(self, ref: ExecutionRef, task: TaskId) -> bool:
        """Whether the task has begun as a Job, as far as is known without asking anybody."""


class Expected(Protocol):
    """A task that a Job answers."""

    def said(self, signal: TaskSubmitted | TaskSucceeded | TaskFailed) -> Signal | None:
        """What the execution is to hear of it; None if there is nothing to say yet."""


@dataclass(frozen=True, slots=True)
class AsJob:
    """``task``: as the driver of Jobs is to have it."""

    task: StartTask
    expected: Expected


class Plans(Protocol):
    """Those of one integration."""

    async def planned(self, call: Call, *, began: bool) -> AsJob | None:
        """None: it is called. ``began``: it is a Job already. Raises CallFailed, Unavailable."""

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
    """Implements ``engine.ports.TaskDriver``: ``calls`` has the tasks that are called, ``jobs``, which reports to ``answers``,
    those that run as Jobs. ``jobs`` is a driver of its own, too: the engine itself asks it to sweep, and what it holds."""

    def __init__(self, calls: TaskDriver, jobs: Jobs, answers: JobAnswers, plans: Plans) -> None:
        self._calls = calls
        self._jobs = jobs
        self._answers = answers
        self._plans = plans
        self._started: ByExecution[TaskDriver] = ByExecution()
        """Which of the two has each task that was started here, until it is stopped or released."""

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
        began = self._plans.names_job(ref, task.submitted) or (again and self._jobs.began(ref, task.task))
        try:
            planned = await self._plans.planned(Call(ref, task), began=began)
        except CallFailed as failed:
            self._answers.report(ref.uid, TaskFailed(task.task, failed.error, failed.cause))
            return
        if planned is None:
            self._started[ref.uid, task.task] = self._calls
            await self._calls.start(ref, task, again=again)
            return
        self._started[ref.uid, task.task] = self._jobs
        self._answers.expected[ref.uid, task.task] = planned.expected
        await self._jobs.start(ref, planned.task, again=again)

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

    def _forget(self, key: Key) -> None:
        self._started.pop(key, None)
        self._answers.expected.pop(key, None)

    def _driver_of(self, ref: ExecutionRef, task: TaskId, submitted: Json = None) -> TaskDriver:
        """Of a task that was started, here or by a process that is gone."""
        known = self._started.get((ref.uid, task))
        if known is not None:
            return known
        is_job = self._plans.names_job(ref, submitted) or self._jobs.began(ref, task)
        return self._jobs if is_job else self._calls
