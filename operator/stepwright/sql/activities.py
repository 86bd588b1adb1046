"""Activities: stored in SQL, their tasks handed to workers one by one.

Which tasks are taken is written down before a worker gets one, so none is handed out twice. A worker that is gone
before the answer reaches it has taken its task with it: that is what HeartbeatSeconds is for, as on AWS.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from sqlite3 import Connection, Row
from typing import Final

import msgspec

from stepwright.asl import jsontext
from stepwright.asl.definition import resources
from stepwright.asl.signals import TaskId, TaskStarted
from stepwright.asl.step import StartTask
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Activity, ActivityTask
from stepwright.engine.ports import ExecutionRef, Report, Uid
from stepwright.sql.database import Database, Statement
from stepwright.sql.rows import text_of
from stepwright.tasks.by_execution import ByExecution, Key

_TAKE: Final = Statement(
    0, "INSERT INTO takings (uid, task, worker) VALUES (:uid, :task, :worker) ON CONFLICT DO NOTHING"
)


class LocalActivities:
    """Implements ``catalog.ports.Activities`` and ``engine.ports.TaskDriver``."""

    def __init__(self, database: Database, report: Report) -> None:
        self._database = database
        self._report = report
        self._open: ByExecution[StartTask] = ByExecution()
        self._taken: ByExecution[str | None] = ByExecution()
        """By whom."""
        self._queues: defaultdict[str, asyncio.Queue[Key]] = defaultdict(asyncio.Queue)

    async def recall(self) -> None:
        """Read what was taken before the last process ended."""
        query = "SELECT uid, task, worker FROM takings"
        for uid, task, worker in await self._database.rows(query, {}, tuple):
            self._taken[Uid(uid), TaskId(task)] = worker

    # --- For workers -------------------------------------------------------------------------------------------------

    async def take(self, arn: str, worker: str | None, seconds: float) -> ActivityTask | None:
        try:
            async with asyncio.timeout(seconds):
                key, task = await self._next(arn)
        except TimeoutError:
            return None
        # Once begun it is finished or undone, whoever has lost interest meanwhile.
        await asyncio.shield(self._note(key, task.resource, worker))
        self._tell(key, task)
        return ActivityTask(self._database.tokens.of_task(*key), jsontext.dump(task.parameters))

    async def _note(self, key: Key, arn: str, worker: str | None) -> None:
        """Write down that a task is taken. Where that fails it can be taken again. Raises Unavailable."""
        self._taken[key] = worker
        try:
            await self._database.write([(_TAKE, {"uid": key[0], "task": key[1], "worker": worker})])
        except BaseException:
            self._taken.pop(key, None)
            self._queues[arn].put_nowait(key)
            raise

    def _tell(self, key: Key, task: StartTask) -> None:
        """That a task has been taken. Its execution has not recorded it where the last process ended meanwhile."""
        counts = task.timeout_seconds is not None or task.heartbeat_seconds is not None
        self._report(key[0], TaskStarted(key[1], self._taken[key], counts))

    async def _next(self, arn: str) -> tuple[Key, StartTask]:
        queue = self._queues[arn]
        while True:
            key = await queue.get()
            if key in self._open and key not in self._taken:
                return key, self._open[key]

    # --- For the engine ----------------------------------------------------------------------------------------------

    def serves(self, resource: str) -> bool:
        return resources.kind(resource) == "activity"

    def job_name(self, ref: ExecutionRef, task: TaskId) -> str | None:  # noqa: ARG002
        return None

    def holds(self, uid: Uid) -> bool:
        return self._open.holds(uid)

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    def let_go(self, uid: Uid) -> None:
        for task in self._open.of(uid):
            del self._open[uid, task]

    async def start(self, ref: ExecutionRef, task: StartTask) -> None:
        key = (ref.uid, task.task)
        if key not in self._open:
            self._open[key] = task
            if key in self._taken:
                self._tell(key, task)
            else:
                self._queues[task.resource].put_nowait(key)

    async def stop(self, ref: ExecutionRef, task: TaskId) -> None:
        self._open.pop((ref.uid, task), None)
        self._taken.pop((ref.uid, task), None)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        await self.stop(ref, task)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        for task in {*self._open.of(ref.uid), *self._taken.of(ref.uid)} - wanted:
            await self.stop(ref, task)

    # --- Stored ------------------------------------------------------------------------------------------------------

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

    async def activities(self, place: Place, after: str, limit: int) -> Sequence[Activity]:
        query = (
            "SELECT * FROM activities WHERE substr(arn, 1, length(:here)) = :here AND name > :after "
            "ORDER BY name LIMIT :limit"
        )
        asked = {"here": place.activities, "after": after, "limit": limit}
        return await self._database.rows(query, asked, _activity_of)

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
