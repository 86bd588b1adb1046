"""State machines that are being deleted: they stay until none of their executions runs, and those fail at their next
transition.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final

import structlog
from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from stepwright.asl import causes
from stepwright.asl.errors import RUNTIME
from stepwright.asl.signals import Break
from stepwright.catalog import arns
from stepwright.engine.ports import Uid, Unavailable
from stepwright.local import rows, schema
from stepwright.local.database import Database
from stepwright.local.known import Machines

_PATIENCE_SECONDS: Final = 1.0
"""Before the database is asked again."""

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
        """Go on with what the last process began."""
        async with self._database.reading() as connection:
            deleting = select(schema.machines.c.arn).where(schema.machines.c.deleting.is_(True))
            for arn in (await connection.execute(deleting)).scalars().all():
                await self._mark(connection, arn)
                self._remove_soon(arn)

    async def begin(self, arn: str) -> None:
        """Delete a state machine, or have its executions fail first; durable when it returns."""

        async def mark(connection: AsyncConnection) -> None:
            columns = schema.machines.c
            await connection.execute(update(schema.machines).where(columns.arn == arn).values(deleting=True))
            await self._mark(connection, arn)

        await self._database.call(mark)
        self._known.deleted(arn)
        await self._remove(arn)

    def failure(self, uid: Uid) -> Break | None:
        """With what the execution fails at its next transition."""
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
        """What is not removed yet is by the next process."""
        for removing in self._removing:
            removing.cancel()
        await asyncio.gather(*self._removing, return_exceptions=True)

    async def _mark(self, connection: AsyncConnection, arn: str) -> None:
        for uid in map(Uid, (await connection.execute(_running(arn))).scalars()):
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
        """With its versions and aliases, unless it has executions that run. Its executions stay."""

        async def remove(connection: AsyncConnection) -> None:
            if (await connection.execute(_running(arn).limit(1))).first() is not None:
                return
            machine = schema.machines.c
            gone = delete(schema.machines).where(machine.arn == arn, machine.deleting.is_(True))
            if (await connection.execute(gone)).rowcount:
                await connection.execute(delete(schema.versions).where(schema.versions.c.machine_arn == arn))
                await connection.execute(delete(schema.aliases).where(schema.aliases.c.machine_arn == arn))

        await self._database.call(remove)
        self._known.deleted(arn)


def _running(arn: str) -> Select[Any]:
    columns = schema.executions.c
    return select(columns.uid).where(
        columns.settled.is_(False), columns.status == "RUNNING", rows.belongs_to(arn)
    )
