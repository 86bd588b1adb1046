"""The test cases of a file of mocks, as in AWS Step Functions Local: an execution started with one gets its
tasks answered by it.

Which execution has which test case, and which of its tasks were answered, is stored, so an execution
continues with the right answer even if this process is killed. For Express executions nothing is stored.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stepwright.asl.machine import Machine
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import StartTask
from stepwright.catalog.ports import NoTestCase
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.mocks import config_file, map_tasks, names
from stepwright.mocks.answers import Answer, NoAnswer, Script, in_turn
from stepwright.mocks.config_file import MockFile


class Kept(Protocol):
    """Where a kill loses nothing of them."""

    async def begin(self, uid: Uid, case: str) -> None:
        """An execution has this test case; durable when it returns."""

    async def case_of(self, uid: Uid) -> str | None: ...

    async def invocation(self, uid: Uid, task: TaskId, state: str) -> int:
        """How many tasks of the state were answered before this one, which counts as answered from now on. The same for
        the same task."""


class MockTestCases:
    """Implements ``mocks.driver.Mocks``. Without a ``file`` there are none."""

    def __init__(self, kept: Kept, file: MockFile | None) -> None:
        self._kept = kept
        self._file = file
        self._cases: dict[Uid, str | None] = {}
        """Those of running executions, as far as they were asked for."""

    async def begin(self, ref: ExecutionRef, machine: Machine, case: str, *, kept: bool) -> None:
        """An execution is about to be started with a test case; durable when it returns, if executions are
        ``kept``. Raises NoTestCase."""
        if self._file is None:
            raise NoTestCase(
                f"'#{case}' names a test case of a file of mocks, and Stepwright has none: start it with "
                "--mock-config FILE or SFN_MOCK_CONFIG in its environment"
            )
        try:
            config_file.select(self._file, machine, ref.state_machine, case)
        except config_file.Unusable as error:
            raise NoTestCase(str(error)) from error
        if kept:
            await self._kept.begin(ref.uid, case)
        self._cases[ref.uid] = case

    def forget(self, uid: Uid) -> None:
        """The execution no longer runs here."""
        self._cases.pop(uid, None)

    # --- For the driver ----------------------------------------------------------------------------------------------

    def serves(self, resource: Resource) -> bool:  # noqa: ARG002
        """Any state may be mocked."""
        return self._file is not None

    async def answer(self, ref: ExecutionRef, task: StartTask) -> Answer | None:
        if ref.uid not in self._cases:
            self._cases[ref.uid] = await self._kept.case_of(ref.uid)
        case = self._cases[ref.uid]
        if case is None or self._file is None:
            return None
        name = names.of_task(task)
        script = _script(self._file, ref.state_machine, case, name)
        if script is None:
            return None
        return map_tasks.answer(script, await self._kept.invocation(ref.uid, task.task, name), task)


def _script(file: MockFile, machine: str, case: str, state: str) -> Script | None:
    """Raises NoAnswer."""
    cases: Mapping[str, Mapping[str, str]] = file.cases.get(machine, {})
    if case not in cases:
        raise NoAnswer(f"{file.reader.name} has no test case {case!r} of this state machine any more.")
    response = cases[case].get(state)
    return None if response is None else in_turn(file.responses[response], f"MockedResponses/{response}")
