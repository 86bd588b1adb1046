"""Tasks that ask a database: one connection and one transaction for each.

A task that reads does so in a transaction that cannot write, so it is harmless to repeat. After a crash nobody can know whether one
that writes was committed, unless the Connection names a table of tasks: then its result is a row there, written in the same
transaction. The next process finds that row; while the first transaction is not over, it waits for it at the row's key.
"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import Sequence
from typing import Final

import asyncpg

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.tasks.calls.at_servers import AtServers, hiding
from stepwright.tasks.calls.host_names import words
from stepwright.tasks.calls.integration import Again, Answered, AnswerLost, Call, CallFailed
from stepwright.tasks.calls.secrets import Secrets
from stepwright.tasks.calls.trust import why_not
from stepwright.tasks.sql import connection, failures, parameters
from stepwright.tasks.sql.connection import SqlConnection
from stepwright.tasks.sql.parameters import OFFERED, ROWS, Statement
from stepwright.tasks.sql.session import Session

LARGEST_ANSWER_BYTES: Final = 2 * 2**20
"""All that a database may send for one task, whose result may have 256 KiB of JSON."""

LATER_SECONDS: Final = 5.0
"""A statement's time limit is the server's, whose answer says for certain that nothing was done: it is given time to do so."""


class Sql(AtServers):
    """Implements ``tasks.calls.integration.Integration``."""

    connection_failed = failures.CONNECTION

    def again(self, call: Call) -> Again:
        # Whether there is a table of tasks is in the Connection, which is read only then.
        return Again.HARMLESS if _reads(call) else Again.FIND

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed(
            failures.LOST,
            "The process that asked the database ended before the answer was recorded: nobody knows whether it took effect.",
        )

    async def find(self, call: Call) -> Answered | None:
        """The row in the table of tasks is found by whoever would write it. Raises CallFailed if there is no such table."""
        _, sql = await self._connection(call, OFFERED.read(call)["Connection"], connection.read)
        if sql.tasks_table is None:
            raise self.lost(call)
        return None

    async def begin(self, call: Call) -> Answered:
        given = OFFERED.read(call)
        secrets, sql = await self._connection(call, given["Connection"], connection.read)
        asked = _Asked(call, parameters.statements(given), given.get("MaxRows", ROWS), sql)
        with hiding(secrets):
            return Answered(await self._answer(asked, secrets))

    async def _answer(self, asked: _Asked, secrets: Secrets) -> Json:
        server = asked.sql.server
        try:
            async with asyncio.timeout(server.seconds + LATER_SECONDS):
                line = await self._line(server, secrets, LARGEST_ANSWER_BYTES)
                try:
                    return await asked.answer(
                        await Session.begun(server, line, asked.sql.database, reads=asked.reads)
                    )
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    if line.socket.exceeded:
                        raise CallFailed(DATA_LIMIT_EXCEEDED, _TOO_LARGE) from error
                    raise
        except ssl.SSLCertVerificationError as error:
            why = f"The certificate of {server.name} is not valid: {why_not(error)}."
            raise CallFailed(failures.CONNECTION, why) from error
        except asyncpg.PostgresError as error:
            if isinstance(error, asyncpg.PostgresConnectionError) or asked.ended_while_committing(error):
                raise asked.broken(words(error)) from error
            if getattr(error, "severity", None) is None:  # asyncpg's own: a value that no server has seen
                raise CallFailed(RUNTIME, f"{error}.") from error
            raise failures.refused(error, asked.at) from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            if asked.session is not None:
                raise CallFailed(RUNTIME, f"{error}.") from error
            raise asked.broken("it does not speak PostgreSQL's protocol") from error
        except TimeoutError as error:
            raise asked.broken(f"it has not answered within {server.seconds:g} seconds") from error
        except OSError as error:
            raise asked.broken(words(error)) from error


_TOO_LARGE: Final = f"The database sends more than {LARGEST_ANSWER_BYTES:,} bytes."


def _reads(call: Call) -> bool:
    return call.task.resource.action == "query"


class _Asked:
    """What one task asks for. ``session``: None until there is one; ``at``: which of several statements is being run."""

    def __init__(
        self, call: Call, statements: Sequence[Statement], most_rows: int, sql: SqlConnection
    ) -> None:
        self.sql = sql
        self.reads = _reads(call)
        self.session: Session | None = None
        self.at: int | None = None
        self._task = uuid.UUID(begun_uid(call.ref.uid, call.task.task))
        self._statements = statements
        self._most_rows = most_rows

    async def answer(self, session: Session) -> Json:
        """Raises CallFailed, asyncpg's errors, OSError."""
        self.session, table = session, None if self.reads else self.sql.tasks_table
        try:
            if table is not None and not await self._is_first(session, table):
                return await self._answered_before(session, table)
            result = await self._result(session)
            if table is not None:
                text = jsontext.dump(result)
                await session.value(f"UPDATE {table} SET result = $2 WHERE task = $1", self._task, text)  # noqa: S608
            await session.commit()
            return result
        finally:
            await session.close()

    def ended_while_committing(self, error: asyncpg.PostgresError) -> bool:
        """A server that is ended while it waits for its replicas says so of a transaction that it has committed (57P01)."""
        committing = self.session is not None and self.session.committing
        return committing and str(error.sqlstate).startswith("57P")

    def broken(self, why: str) -> Exception:
        """There is no answer: what is known then."""
        where = f"The connection to {self.sql.server.name} has failed: {why}."
        if self.session is None or not self.session.committing:
            return CallFailed(failures.CONNECTION, f"{where} Nothing has taken effect.")
        if self.sql.tasks_table is not None or self.reads:
            return AnswerLost(where)
        return CallFailed(failures.LOST, f"{where} Nobody knows whether it has taken effect.")

    async def _is_first(self, session: Session, table: str) -> bool:
        """Waits for the end of a transaction that has begun as the same task. The name of the table is checked
        (``connection``)."""
        text = f"INSERT INTO {table} (task) VALUES ($1) ON CONFLICT (task) DO NOTHING RETURNING true"  # noqa: S608
        return await session.value(text, self._task) is not None

    async def _answered_before(self, session: Session, table: str) -> Json:
        text = await session.value(f"SELECT result FROM {table} WHERE task = $1", self._task)  # noqa: S608
        return jsontext.parse(text)

    async def _result(self, session: Session) -> Json:
        if len(self._statements) == 1:
            return await session.result(self._statements[0], self._most_rows)
        results: list[Json] = []
        for at, statement in enumerate(self._statements):
            self.at = at
            results.append(await session.result(statement, self._most_rows))
        self.at = None
        return {"Results": results}
