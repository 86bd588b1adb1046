"""Redrives in SQL: an execution that ended without success is made to run again, and the engine is told to go on."""

from __future__ import annotations

import uuid
from typing import Final

from sqlalchemy import and_, delete, exists, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from stepwright.asl.signals import Millis
from stepwright.catalog.ports import NotRedrivable
from stepwright.catalog.redrives import EVENTS_LIMIT, OPEN_MILLIS, PERIOD_MILLIS
from stepwright.engine.ports import Uid
from stepwright.local import schema
from stepwright.local.database import Database

TOKENS: Final = 10
"""So many of the newest client tokens of an execution are remembered, each for a quarter of an hour.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html"""
TOKEN_MILLIS: Final = 15 * 60 * 1000


class SqlRedrives:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, uid: Uid, token: str, now: Millis) -> Millis | None:
        """When the redrive with this client token was made, where one was."""
        async with self._database.reading() as connection:
            return await _known(connection, uid, token, now)

    async def begin(self, uid: Uid, token: str | None, now: Millis) -> Millis:
        """Let the execution run again; durable when it returns. When it was done, also where it was by an earlier call
        with this token. Raises NotRedrivable."""

        async def redrive(connection: AsyncConnection) -> Millis:
            if token is not None:
                known = await _known(connection, uid, token, now)
                if known is not None:
                    return known
            if not (await connection.execute(_reopened(uid, now))).rowcount:
                raise NotRedrivable
            if token is not None:
                await _remember(connection, uid, token, now)
            return now

        return await self._database.call(redrive)


def _reopened(uid: Uid, now: Millis):  # type: ignore[no-untyped-def] # noqa: ANN202 - SQLAlchemy's own
    columns, machines = schema.executions.c, schema.machines.c
    newest = (
        select(schema.events.c.id)
        .where(schema.events.c.uid == uid)
        .order_by(schema.events.c.id.desc())
        .limit(1)
    )
    eligible = and_(
        columns.uid == uid,
        columns.settled.is_(True),
        columns.redrivable.is_(True),
        columns.status.in_(("FAILED", "TIMED_OUT", "ABORTED")),
        columns.stopped >= now - PERIOD_MILLIS,
        columns.started >= now - OPEN_MILLIS,
        newest.scalar_subquery() < EVENTS_LIMIT,
        exists().where(
            machines.arn == columns.machine_arn,
            machines.deleting.is_(False),
            machines.since <= columns.position,
        ),
    )
    return (
        update(schema.executions)
        .where(eligible)
        .values(
            status="RUNNING",
            output=None,
            error=None,
            cause=None,
            stopped=None,
            stop=None,
            settled=False,
            redrivable=None,
            redrives=columns.redrives + 1,
            redriven=now,
            seq=columns.seq + 1,
            commit_id=uuid.uuid4().hex,
        )
    )


async def _known(connection: AsyncConnection, uid: Uid, token: str, now: Millis) -> Millis | None:
    columns = schema.redrive_tokens.c
    query = select(columns.made).where(
        columns.uid == uid, columns.token == token, columns.made > now - TOKEN_MILLIS
    )
    made: int | None = (await connection.execute(query)).scalar_one_or_none()
    return None if made is None else Millis(made)


async def _remember(connection: AsyncConnection, uid: Uid, token: str, now: Millis) -> None:
    table, columns = schema.redrive_tokens, schema.redrive_tokens.c
    put = insert(table).values(uid=uid, token=token, made=now)
    await connection.execute(
        put.on_conflict_do_update(index_elements=["uid", "token"], set_={"made": put.excluded.made})
    )
    kept = select(columns.token).where(columns.uid == uid).order_by(columns.made.desc()).limit(TOKENS)
    await connection.execute(delete(table).where(columns.uid == uid, columns.token.not_in(kept)))
