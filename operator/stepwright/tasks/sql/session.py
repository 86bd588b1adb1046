"""One connection to a PostgreSQL database with one transaction, for one task.

asyncpg looks for nothing in the environment of this process: whatever it would take from there is given. It gets a socket that was
chosen and connected before, and that ends after so many bytes: asyncpg itself would keep a value of any size.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Self

import asyncpg

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, RUNTIME
from stepwright.asl.json_types import Json
from stepwright.tasks.calls.at_servers import Line
from stepwright.tasks.calls.integration import CallFailed
from stepwright.tasks.calls.servers import BoundedSocket, Server
from stepwright.tasks.sql import values
from stepwright.tasks.sql.parameters import Statement
from stepwright.tasks.sql.values import Unfit

FAREWELL_SECONDS: Final = 1.0
"""How long a server that has committed is given to see that nothing follows; else it would log a connection that broke off."""

_NAME: Final = "stepwright"


class _Loop:
    """The running loop, but for where it connects."""

    def __init__(self, connected: BoundedSocket) -> None:
        self._loop = asyncio.get_running_loop()
        self._connected: BoundedSocket | None = connected
        self._transport: asyncio.WriteTransport | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(self, factory: Any, host: str, port: int) -> Any:  # noqa: ARG002
        connected, self._connected = self._connected, None
        if connected is None:
            # To cancel a statement that nobody waits for any more: the server does so by itself (statement_timeout).
            raise ConnectionResetError("there is one connection for each task")
        made = await self._loop.create_connection(factory, sock=connected)
        self._transport = made[0]
        return made

    async def abort(self) -> None:
        """A polite end of TLS would wait for the other side."""
        if self._connected is not None:
            self._connected.close()
        elif self._transport is not None:
            self._transport.abort()
            await asyncio.sleep(0)  # then the socket is closed


class Session:
    """``committing``: it has been asked to commit, so from now on nobody knows without its answer."""

    def __init__(self, connection: Any, loop: _Loop) -> None:
        self._connection = connection
        self._loop = loop
        self.committing = False
        self._committed = False

    @classmethod
    async def begun(cls, server: Server, line: Line, database: str, *, reads: bool) -> Self:
        """With an open transaction; it owns the socket; one that ``reads`` cannot write. Raises asyncpg's errors, OSError."""
        loop = _Loop(line.socket)
        try:
            connection = await asyncpg.connect(
                host=server.expected,
                port=server.target.port,
                user=line.user,
                password=line.password,
                database=database,
                loop=loop,
                timeout=server.seconds,
                statement_cache_size=0,
                ssl=line.context or False,
                direct_tls=False,
                server_settings={"application_name": _NAME},
                target_session_attrs="any",
                krbsrvname="postgres",
                gsslib="gssapi",
            )
            await connection.execute(
                f"BEGIN {'READ ONLY' if reads else 'READ WRITE'}; "
                f"SET LOCAL statement_timeout = {round(server.seconds * 1000)}"
            )
        except BaseException:
            await loop.abort()
            raise
        return cls(connection, loop)

    async def commit(self) -> None:
        self.committing = True
        await self._connection.execute("COMMIT")
        self._committed = True

    async def close(self) -> None:
        """What was not committed is undone by the server."""
        if self._committed:
            with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._connection.close(timeout=FAREWELL_SECONDS)
        self._connection.terminate()
        await self._loop.abort()

    async def value(self, text: str, *arguments: Any) -> Any:
        """Of the first column of the first row of a statement of ours; None if there is no row."""
        return await self._connection.fetchval(text, *arguments)

    async def result(self, statement: Statement, most_rows: int) -> dict[str, Json]:
        """Raises CallFailed, asyncpg's errors, OSError."""
        prepared = await self._connection.prepare(statement.text)
        found = await prepared.fetch(*_arguments(statement, prepared.get_parameters()))
        if not self._connection.is_in_transaction():
            raise _bad("the statement has ended the transaction of its task")
        if len(found) > most_rows:
            why = f"The statement returns {len(found):,} rows, and the task takes {most_rows:,} (MaxRows)."
            raise CallFailed(DATA_LIMIT_EXCEEDED, why)
        return _result(prepared, found)


def _arguments(statement: Statement, types: Sequence[Any]) -> list[Any]:
    given = statement.parameters
    if len(types) != len(given):
        raise _bad(f"the statement has {len(types)} parameters ($1 ...), and {len(given)} were given")
    arguments = []
    for number, (value, type) in enumerate(zip(given, types, strict=True), 1):
        try:
            arguments.append(values.bound(value, type))
        except Unfit as unfit:
            raise _bad(f"the parameter ${number} {unfit}") from unfit
    return arguments


def _result(prepared: Any, found: Sequence[Any]) -> dict[str, Json]:
    columns = prepared.get_attributes()
    names = [column.name for column in columns]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise _bad(f"the statement returns two columns named {twice!r}; name one of them otherwise (AS)")
    rows: list[Json] = [
        {column.name: values.shown(row[number], column.type) for number, column in enumerate(columns)}
        for row in found
    ]
    word = prepared.get_statusmsg().rpartition(" ")[2]
    return {"Rows": rows, "RowCount": int(word) if word.isdigit() else len(rows)}


def _bad(why: str) -> CallFailed:
    return CallFailed(RUNTIME, f"The Parameters of the task could not be used: [{why}]")
