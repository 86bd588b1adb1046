"""Test cases in SQL: which one an execution was started with, and which of its tasks were answered by it."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Final

from stepwright.asl.signals import TaskId
from stepwright.engine.ports import Uid
from stepwright.sql.database import Database

_CALLED: Final = """
INSERT INTO mocked_tasks (uid, task, state) VALUES (:uid, :task, :state) ON CONFLICT DO NOTHING
"""
_NAMED: Final = """
SELECT name FROM test_cases WHERE uid IN (:uid, (SELECT replace(machine_arn, 'shards-of:', '') FROM executions WHERE uid = :uid))
"""
"""A shard of a distributed Map has the test case of its execution."""
_BEFORE: Final = "SELECT count(*) FROM mocked_tasks WHERE uid = :uid AND state = :state AND task < :task"


class SqlTestCases:
    """Implements ``mocks.test_cases.Kept``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, uid: Uid, case: str) -> None:
        await self._database.execute(
            "INSERT INTO test_cases (uid, name) VALUES (:uid, :name)", {"uid": uid, "name": case}
        )

    async def case_of(self, uid: Uid) -> str | None:
        return await self._database.row(_NAMED, {"uid": uid}, lambda found: str(found["name"]))

    async def invocation(self, uid: Uid, task: TaskId, state: str) -> int:
        called = {"uid": uid, "task": task, "state": state}

        def noted(connection: Connection) -> int:
            connection.execute(_CALLED, called)
            count: int = connection.execute(_BEFORE, called).fetchone()[0]
            return count

        return await self._database.call(noted)
