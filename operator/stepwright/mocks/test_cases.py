"""The test cases of a file of mocks, as in AWS Step Functions Local: an execution started with one gets its
tasks answered by it.

Which execution has which test case, and which of its tasks were answered, is stored, so an execution
continues with the right answer even if this process is killed. For Express executions nothing is stored.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
"""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Final

from stepwright.asl.machine import Machine
from stepwright.asl.resource import Resource
from stepwright.asl.step import StartTask
from stepwright.catalog.ports import NoTestCase
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.mocks import config_file, map_tasks, names
from stepwright.mocks.answers import Answer, NoAnswer, Script, in_turn
from stepwright.mocks.config_file import MockFile
from stepwright.sql.database import Database

_CALLED: Final = """
INSERT INTO mocked_tasks (uid, task, state) VALUES (:uid, :task, :state) ON CONFLICT DO NOTHING
"""
_NAMED: Final = """
SELECT name FROM test_cases WHERE uid IN (:uid, (SELECT replace(machine_arn, 'shards-of:', '') FROM executions WHERE uid = :uid))
"""
"""A shard of a distributed Map has the test case of its execution."""
_BEFORE: Final = "SELECT count(*) FROM mocked_tasks WHERE uid = :uid AND state = :state AND task < :task"


class MockTestCases:
    """Implements ``mocks.driver.Mocks``. Without a ``file`` there are none."""

    def __init__(self, database: Database, file: MockFile | None) -> None:
        self._database = database
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
            await self._database.execute(
                "INSERT INTO test_cases (uid, name) VALUES (:uid, :name)", {"uid": ref.uid, "name": case}
            )
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
            self._cases[ref.uid] = await self._read(ref.uid)
        case = self._cases[ref.uid]
        if case is None:
            return None
        name = names.of_task(task)
        script = self._script(ref, case, name)
        if script is None:
            return None
        called = {"uid": ref.uid, "task": task.task, "state": name}

        def invocation(connection: Connection) -> int:
            connection.execute(_CALLED, called)
            count: int = connection.execute(_BEFORE, called).fetchone()[0]
            return count

        return map_tasks.answer(script, await self._database.call(invocation), task)

    async def _read(self, uid: Uid) -> str | None:
        return await self._database.row(_NAMED, {"uid": uid}, lambda found: str(found["name"]))

    def _script(self, ref: ExecutionRef, case: str, state: str) -> Script | None:
        assert self._file is not None
        cases: Mapping[str, Mapping[str, str]] = self._file.cases.get(ref.state_machine, {})
        if case not in cases:
            raise NoAnswer(
                f"{self._file.reader.name} has no test case {case!r} of this state machine any more."
            )
        response = cases[case].get(state)
        return (
            None
            if response is None
            else in_turn(self._file.responses[response], f"MockedResponses/{response}")
        )
