"""Answers tasks from mocks and passes all others on.

Drivers are chosen by a task's Resource, mocks by the state's name: so this driver comes before all others and
passes on what is not mocked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from stepwright.asl.resource import Resource
from stepwright.asl.signals import Break, Signal, TaskId, TaskStarted, TaskSubmitted
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine import serving
from stepwright.engine.ports import ExecutionRef, Report, TaskDriver, Uid
from stepwright.mocks import map_tasks, names
from stepwright.mocks.answers import Answer, NoAnswer, Script, is_submitted
from stepwright.tasks.by_execution import ByExecution


class Mocks(Protocol):
    """Which tasks are answered, and how."""

    def serves(self, resource: Resource) -> bool:
        """Whether a task of this Resource may be one that is mocked."""

    async def answer(self, ref: ExecutionRef, task: StartTask) -> Answer | None:
        """None if the task's state is not mocked. Always the same for the same task. Raises NoAnswer,
        Unavailable."""


class MockedDriver:
    """Implements ``engine.ports.TaskDriver``. Tasks that are not mocked go to ``others``."""

    def __init__(self, mocks: Mocks, others: Sequence[TaskDriver], report: Report) -> None:
        self._mocks = mocks
        self._others = others
        self._report = report
        self._ended: ByExecution[Signal] = ByExecution()
        self._elsewhere: ByExecution[TaskDriver] = ByExecution()

    def serves(self, resource: Resource) -> bool:
        return self._mocks.serves(resource)

    def holds(self, uid: Uid) -> bool:
        return self._ended.holds(uid) or self._elsewhere.holds(uid)

    def let_go(self, uid: Uid) -> None:
        """The others are asked by the engine itself; likewise in ``sweep``."""
        for known in (self._ended, self._elsewhere):
            for task in known.of(uid):
                del known[uid, task]

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:
        driver = self._elsewhere.get((ref.uid, task))
        return driver is not None and driver.runs_on(ref, task)

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:
        driver = self._elsewhere.get((ref.uid, task))
        return None if driver is None else driver.shown_as(ref, task)

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        key = (ref.uid, task.task)
        if key in self._ended:
            self._report(ref.uid, self._ended[key])
            return
        try:
            answer = await self._mocks.answer(ref, task)
        except NoAnswer as missing:
            self._end(ref.uid, task.task, Break("States.Runtime", str(missing)))
            return
        if answer is None:
            await self._hand_on(ref, task, again=again)
        else:
            self._answer(ref, task, answer)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        """After a crash nothing here knows whether the task was mocked; stopping one that does not run is
        harmless."""
        key = (ref.uid, task.task)
        driver = self._elsewhere.pop(key, None) or serving.driver_of(self._others, task.resource)
        if driver is not None:
            await driver.stop(ref, task)
        self._ended.pop(key, None)

    def keeps_stops(self, resource: Resource) -> bool:
        driver = serving.driver_of(self._others, resource)
        return driver is not None and driver.keeps_stops(resource)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        driver = self._elsewhere.pop((ref.uid, task), None)
        if driver is not None:
            await driver.release(ref, task)
        self._ended.pop((ref.uid, task), None)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        for known in (self._ended, self._elsewhere):
            for task in known.of(ref.uid):
                if task not in wanted:
                    del known[ref.uid, task]

    async def _hand_on(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        driver = serving.driver_of(self._others, task.resource)
        if driver is None:
            cause = (
                f"State {names.of_task(task)!r} is not mocked, and nothing here serves its Resource "
                f"{names.resource_of(task)!r}."
            )
            self._end(ref.uid, task.task, Break("States.Runtime", cause))
            return
        self._elsewhere[ref.uid, task.task] = driver
        await driver.start(ref, task, again=again)

    def _answer(self, ref: ExecutionRef, task: StartTask, answer: Answer) -> None:
        self._report(ref.uid, TaskStarted(task.task))
        if is_submitted(task.resource):
            self._report(ref.uid, TaskSubmitted(task.task, {}))
        self._end(ref.uid, task.task, answer.signal(task.task))

    def _end(self, uid: Uid, task: TaskId, result: Signal) -> None:
        self._ended[uid, task] = result
        self._report(uid, result)


class OfOneExecution:
    """Implements ``Mocks`` for a single execution, whose mocked states have these Resources."""

    def __init__(self, scripts: Mapping[str, Script], resources: Collection[Resource]) -> None:
        self._scripts = scripts
        self._resources = resources
        self._invocations: Counter[str] = Counter()

    def serves(self, resource: Resource) -> bool:
        return resource in self._resources

    async def answer(self, ref: ExecutionRef, task: StartTask) -> Answer | None:  # noqa: ARG002
        name = names.of_task(task)
        script = self._scripts.get(name)
        if script is None:
            return None
        invocation = self._invocations[name]
        self._invocations[name] += 1
        return map_tasks.answer(script, invocation, task)
