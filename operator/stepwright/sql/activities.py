"""Activities in SQL, and which of their tasks were taken by a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from sqlite3 import Connection, Row
from typing import Final

import msgspec

from stepwright.asl.signals import TaskId
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Cursor, Page
from stepwright.catalog.records import Activity
from stepwright.engine.ports import Uid
from stepwright.sql import pages
from stepwright.sql.database import Database, Statement
from stepwright.sql.rows import text_of

_TAKE: Final = Statement(
    0, "INSERT INTO takings (uid, task, worker) VALUES (:uid, :task, :worker) ON CONFLICT DO NOTHING"
)


class SqlActivities:
    """Implements ``catalog.ports.Activities`` and ``tasks.activities.driver.Takings``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def takings(self) -> Sequence[tuple[Uid, TaskId, str | None]]:
        rows = await self._database.rows("SELECT uid, task, worker FROM takings", {}, tuple)
        return [(Uid(uid), TaskId(task), worker) for uid, task, worker in rows]

    async def note_taking(self, uid: Uid, task: TaskId, worker: str | None) -> None:
        await self._database.write([(_TAKE, {"uid": uid, "task": task, "worker": worker})])

    async def add(self, activity: Activity) -> Activity:
        def add(connection: Connection) -> Activity:
            known = _activity(connection, activity.arn)
            if known is not None:
                return known
            connection.execute(
                "INSERT INTO activities (arn, name, created, tags, encryption) "
                "VALUES (:arn, :name, :created, :tags, :encryption)",
                {
                    "arn": activity.arn,
                    "name": activity.name,
                    "created": activity.created,
                    "tags": text_of(activity.tags),
                    "encryption": text_of(activity.encryption),
                },
            )
            return activity

        return await self._database.call(add)

    async def activity(self, arn: str) -> Activity | None:
        return await self._database.read(lambda connection: _activity(connection, arn))

    async def activities(self, place: Place, after: Cursor | None, limit: int) -> Page[Activity]:
        query = (
            "SELECT * FROM activities WHERE substr(arn, 1, length(:here)) = :here AND name > :after "
            "ORDER BY name LIMIT :limit"
        )
        asked = {"here": place.activities, "after": pages.name(after)}
        return await pages.read(self._database, query, asked, limit, _activity_of, pages.at_name)

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        await self._database.execute(
            "UPDATE activities SET tags = :tags WHERE arn = :arn", {"arn": arn, "tags": text_of(tags)}
        )

    async def delete(self, arn: str) -> None:
        await self._database.execute("DELETE FROM activities WHERE arn = :arn", {"arn": arn})


def _activity(connection: Connection, arn: str) -> Activity | None:
    row = connection.execute("SELECT * FROM activities WHERE arn = :arn", {"arn": arn}).fetchone()
    return None if row is None else _activity_of(row)


def _activity_of(row: Row) -> Activity:
    return Activity(
        arn=row["arn"],
        name=row["name"],
        created=row["created"],
        encryption=msgspec.json.decode(row["encryption"]),
        tags=msgspec.json.decode(row["tags"]),
    )
