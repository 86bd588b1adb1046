"""What workers say about their tasks: the first answer wins, and is stored before anybody acts on it."""

from __future__ import annotations

from functools import partial
from sqlite3 import Connection
from typing import Any, NamedTuple, Protocol

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, Signal, TaskFailed, TaskId, TaskSucceeded
from stepwright.asl.text import jsontext
from stepwright.catalog.ports import NoSuchTask, TaskOver
from stepwright.engine.ports import Heartbeat, Reported, Uid, Unavailable
from stepwright.sql import former_tokens
from stepwright.sql.database import Database


class Carried(Protocol):
    """The executions that this process runs."""

    def has_open(self, uid: Uid, task: TaskId, scheduled: Millis | None) -> bool | None:
        """None if the execution does not run here. ``scheduled``: when it must have been, if known."""

    async def taken_up(self) -> None:
        """Return once everything that was running when the last process ended runs again."""

    def report(self, uid: Uid, reported: Reported) -> None: ...


class _Meant(NamedTuple):
    """The task being answered. ``scheduled``: None if its token does not say."""

    uid: Uid
    task: TaskId
    scheduled: Millis | None


class SqlAnswers:
    """Implements ``catalog.ports.Answers``."""

    def __init__(self, database: Database, carried: Carried) -> None:
        self._database = database
        self._carried = carried

    async def succeed(self, token: str, output: JsonText) -> None:
        meant = await self._read(token)
        signal = TaskSucceeded(meant.task, jsontext.parse(output), output)
        await self._answer(meant, signal, {"output": output})

    async def fail(self, token: str, error: str | None, cause: str | None) -> None:
        meant = await self._read(token)
        await self._answer(meant, TaskFailed(meant.task, error, cause), {"error": error, "cause": cause})

    async def heartbeat(self, token: str) -> None:
        meant = await self._read(token)
        await self._require_open(meant)
        self._carried.report(meant.uid, Heartbeat(meant.task))

    async def _read(self, token: str) -> _Meant:
        """Raises NoSuchTask; for a token that only a forger can have made, without reading the database."""
        try:
            named = self._database.tokens.read(token)
        except NoSuchTask:
            former = self._database.former_tokens.read(token)
            if not await self._database.read(partial(former_tokens.is_taken_from, former=former)):
                raise
            return _Meant(former.uid, former.task, None)
        return _Meant(named.uid, named.task, named.scheduled)

    async def _answer(self, meant: _Meant, signal: Signal, said: dict[str, Any]) -> None:
        """The first answer wins, and is stored before anybody acts on it."""
        await self._require_open(meant)
        uid, task = meant.uid, meant.task
        answer = {"uid": uid, "task": task, "output": None, "error": None, "cause": None, **said}
        # The execution may have ended meanwhile, and then its answers are gone.
        if not await self._database.execute(
            "INSERT INTO answers (uid, task, output, error, cause) SELECT uid, :task, :output, :error, :cause "
            "FROM executions WHERE uid = :uid AND status = 'RUNNING' ON CONFLICT DO NOTHING",
            answer,
        ):
            raise await self._over(uid, task)
        self._carried.report(uid, signal)

    async def _require_open(self, meant: _Meant) -> None:
        """Raises TaskOver, NoSuchTask, Unavailable. The engine knows a running execution's open tasks;
        reading a checkpoint takes time in proportion to its size, and this is called for every answer and
        every heartbeat."""
        is_open = self._carried.has_open(*meant)
        if is_open is None:
            await self._carried.taken_up()
            is_open = self._carried.has_open(*meant)
        if is_open is None:
            await self._database.read(lambda connection: _require_running(connection, meant))
            raise Unavailable("the execution of this task does not go on now; the log says why")
        if not is_open:
            raise await self._over(meant.uid, meant.task)

    async def _over(self, uid: Uid, task: TaskId) -> TaskOver:
        return await self._database.read(lambda connection: _over(connection, uid, task))


async def given(database: Database) -> list[tuple[Uid, Signal]]:
    """The answers given before the last process ended; repeating one has no effect."""
    query = "SELECT uid, task, output, error, cause FROM answers"
    rows = await database.rows(query, {}, tuple)
    return [
        (
            uid,
            TaskFailed(task, error, cause)
            if output is None
            else TaskSucceeded(task, jsontext.parse(output), output),
        )
        for uid, task, output, error, cause in rows
    ]


def _require_running(connection: Connection, meant: _Meant) -> None:
    """Raises NoSuchTask, TaskOver."""
    asked = {"uid": meant.uid}
    found = connection.execute("SELECT status FROM executions WHERE uid = :uid", asked).fetchone()
    if found is None:
        raise NoSuchTask
    if found["status"] != "RUNNING":
        raise _over(connection, meant.uid, meant.task)


def _over(connection: Connection, uid: Uid, task: TaskId) -> TaskOver:
    """With what the history says about a task, whose number is the id of the event that scheduled it."""
    query = "SELECT body FROM events WHERE uid = :uid AND id = :task"
    found = connection.execute(query, {"uid": uid, "task": task}).fetchone()
    scheduled = {} if found is None else msgspec.json.decode(found["body"])
    return TaskOver(scheduled.get("activityScheduledEventDetails", {}).get("resource"))
