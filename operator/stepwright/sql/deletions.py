"""State machines that are being deleted: they exist until none of their executions runs; these fail at their
next transition.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from sqlite3 import Connection
from typing import Final

import structlog

from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.signals import Break
from stepwright.catalog import arns
from stepwright.engine.ports import Uid, Unavailable
from stepwright.sql import schema
from stepwright.sql.database import Database
from stepwright.sql.known import Machines
from stepwright.sql.rows import BELONGS

_PATIENCE_SECONDS: Final = 1.0
"""The pause before the database is asked again."""

_RUNNING: Final = (
    f"SELECT uid FROM executions WHERE settled IS 0 AND status = 'RUNNING' AND {BELONGS} LIMIT :most"  # noqa: S608 - a constant
)

log = structlog.get_logger(__name__)


class Deletions:
    def __init__(self, database: Database, known: Machines) -> None:
        self._database = database
        self._known = known
        self._machines: dict[Uid, str] = {}
        """The ARN of the deleted state machine, by execution that still runs."""
        self._left: Counter[str] = Counter()
        """How many these are, by ARN."""
        self._removing: set[asyncio.Task[None]] = set()

    async def recall(self) -> None:
        """Continue what the last process began."""
        query = "SELECT arn FROM machines WHERE deleting IS TRUE"
        found = await self._database.read(
            lambda connection: [(arn, _running(connection, arn)) for (arn,) in connection.execute(query)]
        )
        for arn, running in found:
            self._mark(arn, running)
            self._remove_soon(arn)

    async def begin(self, arn: str) -> None:
        """Delete a state machine, or have its executions fail first; durable when it returns."""
        # Once it is written its executions have to fail, even if the caller has lost interest.
        await asyncio.shield(self._begin(arn))

    async def _begin(self, arn: str) -> None:
        def mark(connection: Connection) -> Sequence[Uid]:
            connection.execute("UPDATE machines SET deleting = TRUE WHERE arn = :arn", {"arn": arn})
            return _running(connection, arn)

        # The end of one that ends after this write is reported after it: the database answers in the order of
        # its writes.
        self._mark(arn, await self._database.call(mark))
        self._known.deleted(arn)
        await self._remove(arn)

    def failure(self, uid: Uid) -> Break | None:
        """The error with which the execution fails at its next transition."""
        arn = self._machines.get(uid)
        return None if arn is None else Break(RUNTIME, causes.machine_deleted(arns.machine_name(arn)))

    def ended(self, uid: Uid) -> None:
        """An execution has ended, and that is written."""
        arn = self._machines.pop(uid, None)
        if arn is not None:
            self._left[arn] -= 1
            if self._left[arn] <= 0:
                del self._left[arn]
                self._remove_soon(arn)

    async def close(self) -> None:
        """The next process removes what is left."""
        for removing in self._removing:
            removing.cancel()
        await asyncio.gather(*self._removing, return_exceptions=True)

    def _mark(self, arn: str, running: Iterable[Uid]) -> None:
        for uid in running:
            if uid not in self._machines:
                self._machines[uid] = arn
                self._left[arn] += 1

    def _remove_soon(self, arn: str) -> None:
        removing = asyncio.create_task(self._insist(arn), name=f"deletion of {arn}")
        self._removing.add(removing)
        removing.add_done_callback(self._removing.discard)

    async def _insist(self, arn: str) -> None:
        while True:
            try:
                return await self._remove(arn)
            except Unavailable as error:
                log.warning("a deletion is tried again", state_machine=arn, error=str(error))
                await asyncio.sleep(_PATIENCE_SECONDS)

    async def _remove(self, arn: str) -> None:
        """Remove it with its versions and aliases, unless executions of it run. Its executions stay."""

        def remove(connection: Connection) -> None:
            if _running(connection, arn, most=1):
                return
            gone = "DELETE FROM machines WHERE arn = :arn AND deleting IS TRUE"
            if connection.execute(gone, {"arn": arn}).rowcount:
                connection.execute("DELETE FROM versions WHERE machine_arn = :arn", {"arn": arn})
                connection.execute("DELETE FROM aliases WHERE machine_arn = :arn", {"arn": arn})

        await self._database.call(remove)
        self._known.deleted(arn)


def _running(connection: Connection, machine_arn: str, most: int = schema.LAST) -> Sequence[Uid]:
    """This many of its running executions, or all."""
    rows = connection.execute(_RUNNING, {"machine_arn": machine_arn, "most": most})
    return [Uid(uid) for (uid,) in rows]
