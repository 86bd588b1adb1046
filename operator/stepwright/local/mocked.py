"""Tasks that are answered by mocks, and all others as they are otherwise.

A driver is asked for by the Resource of a task, mocks are given by the name of the state: so this one stands before all
others and hands on what is not mocked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from stepwright.asl.signals import Break, Signal, TaskId, TaskStarted, TaskSubmitted
from stepwright.asl.step import StartTask
from stepwright.engine.ports import ExecutionRef, Report, TaskDriver, Uid
from stepwright.mocks.answers import NoAnswer, Script, is_submitted


class MockedDriver:
    """Implements ``engine.ports.TaskDriver``, for a single execution.

    ``resources`` are those of the mocked states: tasks of the same Resource in other states go on to ``others``.
    """

    def __init__(
        self,
        scripts: Mapping[str, Script],
        resources: Collection[str],
        others: Sequence[TaskDriver],
        report: Report,
    ) -> None:
        self._scripts = scripts
        self._resources = resources
        self._others = others
        self._report = report
        self._invocations: Counter[str] = Counter()
        self._ended: dict[TaskId, Signal] = {}
        self._elsewhere: dict[TaskId, TaskDriver] = {}

    def serves(self, resource: str) -> bool:
        return resource in self._resources

    def holds(self, uid: Uid) -> bool:  # noqa: ARG002
        return bool(self._ended or self._elsewhere)

    def let_go(self, uid: Uid) -> None:
        """The others are asked by the engine itself; likewise in ``sweep``."""

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:
        driver = self._elsewhere.get(task)
        return driver is not None and driver.runs_on(ref, task)

    def job_name(self, ref: ExecutionRef, task: TaskId) -> str | None:
        driver = self._elsewhere.get(task)
        return None if driver is None else driver.job_name(ref, task)

    async def start(self, ref: ExecutionRef, task: StartTask) -> None:
        if task.state not in self._scripts:
            await self._hand_on(ref, task)
        elif task.task in self._ended:
            self._report(ref.uid, self._ended[task.task])
        else:
            self._answer(ref, task)

    async def stop(self, ref: ExecutionRef, task: TaskId) -> None:
        driver = self._elsewhere.pop(task, None)
        if driver is not None:
            await driver.stop(ref, task)
        self._ended.pop(task, None)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        driver = self._elsewhere.pop(task, None)
        if driver is not None:
            await driver.release(ref, task)
        self._ended.pop(task, None)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:  # noqa: ARG002
        for task in [task for task in self._ended if task not in wanted]:
            del self._ended[task]

    async def _hand_on(self, ref: ExecutionRef, task: StartTask) -> None:
        driver = next((driver for driver in self._others if driver.serves(task.resource)), None)
        if driver is None:
            cause = (
                f"State {task.state!r} is not mocked, and nothing here serves its Resource {task.resource!r}."
            )
            self._end(ref.uid, task.task, Break("States.Runtime", cause))
            return
        self._elsewhere[task.task] = driver
        await driver.start(ref, task)

    def _answer(self, ref: ExecutionRef, task: StartTask) -> None:
        invocation = self._invocations[task.state]
        self._invocations[task.state] += 1
        try:
            answer = self._scripts[task.state](invocation, task)
        except NoAnswer as missing:
            self._end(ref.uid, task.task, Break("States.Runtime", str(missing)))
            return
        self._report(ref.uid, TaskStarted(task.task))
        if is_submitted(task.resource):
            self._report(ref.uid, TaskSubmitted(task.task, {}))
        self._end(ref.uid, task.task, answer.signal(task.task))

    def _end(self, uid: Uid, task: TaskId, result: Signal) -> None:
        self._ended[task] = result
        self._report(uid, result)
