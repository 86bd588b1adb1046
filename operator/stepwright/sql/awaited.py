"""Which tasks wait for an execution that they have started, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stepwright.asl.signals import TaskId
from stepwright.engine.ports import Uid
from stepwright.sql.database import Database, Statement

_ADD: Final = Statement(0, "INSERT INTO nested (uid, task) VALUES (:uid, :task) ON CONFLICT DO NOTHING")
_REMOVE: Final = Statement(1, "DELETE FROM nested WHERE uid = :uid AND task = :task")


class SqlAwaited:
    """Implements ``tasks.step_functions.driver.Awaited``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Sequence[tuple[Uid, TaskId]]:
        rows = await self._database.rows("SELECT uid, task FROM nested", {}, tuple)
        return [(Uid(uid), TaskId(task)) for uid, task in rows]

    async def add(self, uid: Uid, task: TaskId) -> None:
        await self._database.write([(_ADD, {"uid": uid, "task": task})])

    async def remove(self, uid: Uid, task: TaskId) -> None:
        await self._database.write([(_REMOVE, {"uid": uid, "task": task})])
