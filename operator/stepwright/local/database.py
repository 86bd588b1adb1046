"""The file that everything is kept in: opened by one process at a time, written in groups, read beside that.

All writes go through one task. Those that wait while one transaction is on its way share the next: a commit to disk
costs the same for one execution and for a hundred.
"""

from __future__ import annotations

import asyncio
import fcntl
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias, TypeVar

from sqlalchemy import Executable, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from stepwright.engine.ports import Unavailable
from stepwright.local import schema

T = TypeVar("T")

# Enough to make the commit to disk a small part of the whole, and little enough that nobody waits long.
MOST_AT_ONCE: Final = 256

FILE: Final = "stepwright.db"
"""SQLite gives the files beside it the mode of this one."""


class InUse(Exception):  # noqa: N818 - it names a condition
    """Another process has this folder open, or it was written by a newer Stepwright. The sentence says which."""


class Conflict(Exception):  # noqa: N818
    """A condition of the write does not hold; nothing was written."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A statement that many writes share: their parameters go to the database together.

    ``order``: statements are executed by it. ``conditional``: each set of parameters must change one row.
    """

    order: int
    sql: Executable
    conditional: bool = False


Rows: TypeAlias = Sequence[tuple[Statement, Mapping[str, Any]]]


@dataclass(slots=True)
class _Write:
    rows: Rows
    done: asyncio.Future[None]


@dataclass(slots=True)
class _Call:
    made: Callable[[AsyncConnection], Awaitable[Any]]
    done: asyncio.Future[Any]


class Database:
    def __init__(self, engine: AsyncEngine, lock: TextIO) -> None:
        self._engine = engine
        self._lock = lock
        self._queue: asyncio.Queue[_Write | _Call] = asyncio.Queue()
        self._writer = asyncio.create_task(self._serve(), name="database")

    @classmethod
    async def open(cls, folder: Path) -> Database:
        """Raises InUse, OSError."""
        lock = _locked(folder)
        (folder / FILE).touch(mode=0o600)
        engine = create_async_engine(
            f"sqlite+aiosqlite:///{folder / FILE}",
            pool_size=4,
            hide_parameters=True,  # errors are logged, and parameters are people's data
        )
        event.listen(engine.sync_engine, "connect", _configure)
        try:
            async with engine.begin() as connection:
                await _create(connection, folder)
        except BaseException:
            await engine.dispose()
            lock.close()
            raise
        return cls(engine, lock)

    async def close(self) -> None:
        self._writer.cancel()
        await asyncio.gather(self._writer, return_exceptions=True)
        await self._engine.dispose()
        self._lock.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees all that was committed before. Raises Unavailable."""
        try:
            async with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise Unavailable(f"the database cannot be read: {error}") from error

    async def write(self, rows: Rows) -> None:
        """Write all of it, or nothing. Returns once it is durable. Raises Conflict, Unavailable."""
        write = _Write(rows, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(write)
        await write.done

    async def call(self, made: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Make a call in a transaction of its own, after all writes that were asked for before. Raises Unavailable,
        and what the call raises."""
        call = _Call(made, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(call)
        result: T = await call.done
        return result

    # --- Writing -------------------------------------------------------------------------------------------------

    async def _serve(self) -> None:
        async with self._engine.connect() as connection:
            while True:
                first = await self._queue.get()
                writes = []
                call = first if isinstance(first, _Call) else None
                if isinstance(first, _Write):
                    writes.append(first)
                while call is None and len(writes) < MOST_AT_ONCE and not self._queue.empty():
                    following = self._queue.get_nowait()
                    if isinstance(following, _Call):
                        call = following
                    else:
                        writes.append(following)
                if writes:
                    await self._write_all(connection, writes)
                if call is not None:
                    await _settle(call.done, self._called(connection, call.made))

    async def _write_all(self, connection: AsyncConnection, writes: Sequence[_Write]) -> None:
        """Together; one by one where a condition does not hold, so that only its own write fails."""
        try:
            await self._execute(connection, writes)
        except (Conflict, Unavailable) as error:
            if len(writes) == 1:
                _raise(writes[0].done, error)
                return
            for write in writes:
                await _settle(write.done, self._execute(connection, [write]))
            return
        for write in writes:
            if not write.done.done():
                write.done.set_result(None)

    async def _execute(self, connection: AsyncConnection, writes: Sequence[_Write]) -> None:
        rows: defaultdict[Statement, list[Mapping[str, Any]]] = defaultdict(list)
        for write in writes:
            for statement, parameters in write.rows:
                rows[statement].append(parameters)
        try:
            async with connection.begin():
                for statement in sorted(rows, key=lambda statement: statement.order):
                    result = await connection.execute(statement.sql, rows[statement])
                    if statement.conditional and result.rowcount != len(rows[statement]):
                        raise Conflict
        except SQLAlchemyError as error:
            raise Unavailable(f"the database cannot be written: {error}") from error

    async def _called(
        self, connection: AsyncConnection, made: Callable[[AsyncConnection], Awaitable[T]]
    ) -> T:
        try:
            async with connection.begin():
                return await made(connection)
        except SQLAlchemyError as error:
            raise Unavailable(f"the database cannot be written: {error}") from error


async def _settle(done: asyncio.Future[T], work: Awaitable[T]) -> None:
    """Whoever waits gets what comes of it, also where that is an error."""
    try:
        result = await work
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        _raise(done, error)
    else:
        if not done.done():
            done.set_result(result)


def _raise(done: asyncio.Future[Any], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)


def _configure(connection: Any, _record: Any) -> None:
    """Readers go on while a write is on its way (WAL); a commit is on disk when it returns (FULL)."""
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "busy_timeout = 5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


async def _create(connection: AsyncConnection, folder: Path) -> None:
    version = (await connection.execute(text("PRAGMA user_version"))).scalar_one()
    if version > schema.VERSION:
        raise InUse(f"{folder} was written by a newer version of Stepwright")
    if version:
        for newer in range(version + 1, schema.VERSION + 1):
            for change in schema.CHANGES.get(newer, ()):
                await connection.execute(text(change))
    await connection.run_sync(schema.metadata.create_all)
    await connection.execute(text(f"PRAGMA user_version = {schema.VERSION}"))


def _locked(folder: Path) -> TextIO:
    """What is made here is for this user alone, and so is, from now on, what an earlier version made."""
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
    lock = (folder / "lock").open("a")
    for file in (folder / "lock", *folder.glob(f"{FILE}*")):
        file.chmod(0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise InUse(f"another process of Stepwright uses {folder}") from None
    return lock
