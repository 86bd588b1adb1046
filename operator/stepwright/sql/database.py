"""The file that holds everything: opened by one process at a time, written in groups, read concurrently.

All writes go through one thread. Those that arrive during a transaction share the next one: a commit to disk
costs the same for one execution as for a hundred, and so does switching to the thread and back.

It uses Python's own sqlite3 in threads, and no library on top: SQLAlchemy with its driver for asyncio took
half of the time until ``stepwright dev`` was ready, and switched threads for each statement.
"""

from __future__ import annotations

import asyncio
import fcntl
import queue
import sqlite3
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection, Row
from typing import Any, Final, NamedTuple, TextIO, TypeAlias, TypeVar

from stepwright.catalog.task_tokens import TaskTokens
from stepwright.engine.ports import Unavailable
from stepwright.sql import changes, schema, token_keys
from stepwright.sql.former_tokens import FormerTokens

T = TypeVar("T")

# Enough to make the commit to disk a small part of the cost, and few enough that nobody waits long.
MOST_AT_ONCE: Final = 256

READERS: Final = 4

FILE: Final = "stepwright.db"
"""SQLite gives its auxiliary files the mode of this one."""

NAMESPACE: Final = "local"
"""The namespace of all executions in a database: only a cluster has more than one."""


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
    sql: str
    conditional: bool = False


Rows: TypeAlias = Sequence[tuple[Statement, Mapping[str, Any]]]


class _Write(NamedTuple):
    rows: Rows
    done: asyncio.Future[None]


class _Call(NamedTuple):
    made: Callable[[Connection], Any]
    done: asyncio.Future[Any]


class _Done(NamedTuple):
    """The result of a write or call, delivered in the loop."""

    future: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


class Database:
    def __init__(
        self,
        file: Path,
        writer: Connection,
        lock: TextIO,
        tokens: TaskTokens,
        former_tokens: FormerTokens,
    ) -> None:
        self.tokens = tokens
        self.former_tokens = former_tokens
        self._file = file
        self._lock = lock
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Write | _Call | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._serve, args=(writer,), name="database", daemon=True)
        self._writer.start()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="reading")
        self._idle: deque[Connection] = deque()

    @classmethod
    async def open(cls, folder: Path) -> Database:
        """Raises InUse, BadKeys, OSError."""
        lock = _locked(folder)
        file = folder / FILE
        file.touch(mode=0o600)
        try:
            writer = _connect(file)
            try:
                former_tokens = _create(writer, folder)
                tokens = TaskTokens(token_keys.of_folder(folder))
            except BaseException:
                writer.close()
                raise
        except BaseException:
            lock.close()
            raise
        return cls(file, writer, lock, tokens, former_tokens)

    async def close(self) -> None:
        """Returns once all pending writes are done."""
        self._queue.put(None)
        await self._loop.run_in_executor(self._readers, self._writer.join)
        self._readers.shutdown()
        for connection in self._idle:
            connection.close()
        self._lock.close()

    async def read(self, look: Callable[[Connection], T]) -> T:
        """The result of ``look``, called in a thread on a snapshot: it sees everything committed before and
        nothing committed meanwhile. Raises Unavailable, and what ``look`` raises."""
        return await self._loop.run_in_executor(self._readers, self._look, look)

    async def row(self, sql: str, asked: Mapping[str, Any], of: Callable[[Row], T]) -> T | None:
        """``of`` the one row that a query finds, called in the thread; None if it finds none. Raises
        Unavailable."""

        def look(connection: Connection) -> T | None:
            found = connection.execute(sql, asked).fetchone()
            return None if found is None else of(found)

        return await self.read(look)

    async def rows(self, sql: str, asked: Mapping[str, Any], of: Callable[[Row], T]) -> list[T]:
        """The same for all rows, in order."""
        return await self.read(lambda connection: [of(found) for found in connection.execute(sql, asked)])

    async def write(self, rows: Rows) -> None:
        """Write all of it, or nothing. Returns once it is durable. Raises Conflict, Unavailable."""
        write = _Write(rows, self._loop.create_future())
        self._queue.put(write)
        await write.done

    async def call(self, made: Callable[[Connection], T]) -> T:
        """Call ``made`` in the writing thread and in its own transaction, after all writes requested before.
        Raises Unavailable, and what the call raises."""
        call = _Call(made, self._loop.create_future())
        self._queue.put(call)
        result: T = await call.done
        return result

    async def execute(self, sql: str, parameters: Mapping[str, Any]) -> int:
        """One statement as a call. Returns how many rows it changed."""
        return await self.call(lambda connection: connection.execute(sql, parameters).rowcount)

    # --- Reading -------------------------------------------------------------------------------------------------

    def _look(self, look: Callable[[Connection], T]) -> T:
        try:
            connection = self._idle.pop() if self._idle else _connect(self._file)
        except IndexError:  # another thread was faster
            connection = _connect(self._file)
        try:
            with _transaction(connection, "BEGIN", "read"):
                return look(connection)
        finally:
            self._idle.append(connection)

    # --- Writing -------------------------------------------------------------------------------------------------

    def _serve(self, connection: Connection) -> None:
        while (first := self._queue.get()) is not None:
            writes, call, last = self._taken(first)
            done = _write_all(connection, writes) if writes else []
            if call is not None:
                done.append(_called(connection, call))
            self._loop.call_soon_threadsafe(_tell, done)
            if last:
                break
        connection.close()

    def _taken(self, first: _Write | _Call) -> tuple[list[_Write], _Call | None, bool]:
        """What is done together: all waiting writes, up to the first call; and whether nothing comes after
        it."""
        writes: list[_Write] = []
        taken: _Write | _Call | None = first
        while isinstance(taken, _Write):
            writes.append(taken)
            if len(writes) == MOST_AT_ONCE:
                return writes, None, False
            try:
                taken = self._queue.get_nowait()
            except queue.Empty:
                return writes, None, False
        return writes, taken, taken is None


def _write_all(connection: Connection, writes: Sequence[_Write]) -> list[_Done]:
    """Together; or one by one if a condition does not hold, so that only its own write fails."""
    try:
        _execute(connection, writes)
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        if len(writes) == 1:
            return [_Done(writes[0].done, error=error)]
        return [done for write in writes for done in _write_all(connection, [write])]
    return [_Done(write.done) for write in writes]


def _execute(connection: Connection, writes: Sequence[_Write]) -> None:
    rows: defaultdict[Statement, list[Mapping[str, Any]]] = defaultdict(list)
    for write in writes:
        for statement, parameters in write.rows:
            rows[statement].append(parameters)
    with _transaction(connection, "BEGIN IMMEDIATE", "written"):
        for statement in sorted(rows, key=lambda statement: statement.order):
            changed = connection.executemany(statement.sql, rows[statement]).rowcount
            if statement.conditional and changed != len(rows[statement]):
                raise Conflict


def _called(connection: Connection, call: _Call) -> _Done:
    try:
        with _transaction(connection, "BEGIN IMMEDIATE", "written"):
            result = call.made(connection)
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        return _Done(call.done, error=error)
    return _Done(call.done, result)


def _tell(done: Sequence[_Done]) -> None:
    for one in done:
        if one.future.done():  # nobody waits for it any more
            continue
        if one.error is None:
            one.future.set_result(one.result)
        else:
            one.future.set_exception(one.error)


@contextmanager
def _transaction(connection: Connection, begin: str, what: str) -> Iterator[None]:
    """Raises Unavailable with SQLite's own words, which name tables and columns and never a value."""
    try:
        connection.execute(begin)
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # some errors have ended it already
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        raise Unavailable(f"the database cannot be {what}: {error}") from error


def _connect(file: Path) -> Connection:
    """Readers continue during a write (WAL); a commit is on disk when it returns (FULL)."""
    # Transactions are begun and ended here. Threads take turns at a connection, never two at once.
    connection = sqlite3.connect(file, timeout=5, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _create(connection: Connection, folder: Path) -> FormerTokens:
    with _transaction(connection, "BEGIN IMMEDIATE", "written"):
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > schema.VERSION:
            raise InUse(f"{folder} was written by a newer version of Stepwright")
        if version:
            for newer in range(version + 1, schema.VERSION + 1):
                for change in changes.CHANGES.get(newer, ()):
                    connection.execute(change)
        for statement in schema.ALL:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {schema.VERSION}")
        return FormerTokens.of_database(connection)


def _locked(folder: Path) -> TextIO:
    """New files are for this user alone, and from now on so are those of earlier versions."""
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
