"""Redrives in SQL: an execution that ended without success runs again, and the engine continues it."""

from __future__ import annotations

import uuid
from sqlite3 import Connection
from typing import Final

import msgspec

from stepwright.asl.signals import Millis, RedriveFrom
from stepwright.catalog.ports import NotRedrivable
from stepwright.catalog.redrives import EVENTS_LIMIT, MAP_RUN_REDRIVES, OPEN_MILLIS, PERIOD_MILLIS
from stepwright.engine.ports import Uid
from stepwright.sql.database import Database

TOKENS: Final = 10
"""How many of an execution's newest client tokens are remembered, each for a quarter of an hour.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html"""
TOKEN_MILLIS: Final = 15 * 60 * 1000

RUNNING_AGAIN: Final = (
    "status = 'RUNNING', output = NULL, error = NULL, cause = NULL, stopped = NULL, stop = NULL, settled = FALSE, "
    "redrivable = NULL, redriven = :now, seq = seq + 1, commit_id = :commit"
)
"""What a redrive makes of a row of ``executions``, but for the number of its redrives."""

_REOPEN: Final = f"""
UPDATE executions SET {RUNNING_AGAIN}, redrives = redrives + 1, redrive_from = :redrive_from
WHERE uid = :uid AND settled IS TRUE AND redrivable IS TRUE AND status IN ('FAILED', 'TIMED_OUT', 'ABORTED')
    AND stopped >= :stopped_since AND started >= :started_since
    AND (SELECT id FROM events WHERE events.uid = :uid ORDER BY id DESC LIMIT 1) < :most_events
    AND EXISTS (SELECT 1 FROM machines WHERE machines.arn = executions.machine_arn AND machines.deleting IS FALSE
        AND machines.since <= executions.position)
    AND NOT EXISTS (SELECT 1 FROM map_runs WHERE map_runs.uid = :uid AND map_runs.redrives >= :most_of_map_run)
"""  # noqa: S608 - a constant


class SqlRedrives:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, uid: Uid, token: str, now: Millis) -> Millis | None:
        """When the redrive with this client token was made, if there was one."""
        return await self._database.read(lambda connection: _known(connection, uid, token, now))

    async def begin(self, uid: Uid, token: str | None, now: Millis, at: RedriveFrom | None = None) -> Millis:
        """Let the execution run again, from the state ``at`` or from where it failed; durable when it returns. Returns when it
        was done, perhaps by an earlier call with this token. Raises NotRedrivable."""

        def redrive(connection: Connection) -> Millis:
            if token is not None:
                known = _known(connection, uid, token, now)
                if known is not None:
                    return known
            if not _reopen(connection, uid, now, at):
                raise NotRedrivable
            if token is not None:
                _remember(connection, uid, token, now)
            return now

        return await self._database.call(redrive)


def _reopen(connection: Connection, uid: Uid, now: Millis, at: RedriveFrom | None) -> int:
    asked = {
        "uid": uid,
        "now": now,
        "commit": uuid.uuid4().hex,
        "redrive_from": None if at is None else msgspec.json.encode(at).decode(),
        "stopped_since": now - PERIOD_MILLIS,
        "started_since": now - OPEN_MILLIS,
        "most_events": EVENTS_LIMIT,
        "most_of_map_run": MAP_RUN_REDRIVES,
    }
    return connection.execute(_REOPEN, asked).rowcount


def _known(connection: Connection, uid: Uid, token: str, now: Millis) -> Millis | None:
    found = connection.execute(
        "SELECT made FROM redrive_tokens WHERE uid = :uid AND token = :token AND made > :since",
        {"uid": uid, "token": token, "since": now - TOKEN_MILLIS},
    ).fetchone()
    return None if found is None else Millis(found["made"])


def _remember(connection: Connection, uid: Uid, token: str, now: Millis) -> None:
    connection.execute(
        "INSERT INTO redrive_tokens (uid, token, made) VALUES (:uid, :token, :made) "
        "ON CONFLICT (uid, token) DO UPDATE SET made = excluded.made",
        {"uid": uid, "token": token, "made": now},
    )
    connection.execute(
        "DELETE FROM redrive_tokens WHERE uid = :uid AND token NOT IN "
        "(SELECT token FROM redrive_tokens WHERE uid = :uid ORDER BY made DESC LIMIT :most)",
        {"uid": uid, "most": TOKENS},
    )
