"""The data of ``stepwright dev`` as an earlier version would have left them."""

from __future__ import annotations

import hmac
import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

UNDOING: Final[Mapping[int, Sequence[str]]] = {
    9: ("ALTER TABLE executions DROP COLUMN redrive_from",),
    8: (
        "ALTER TABLE executions DROP COLUMN paths",
        "DROP INDEX executions_of_machine_by_start",
        "DROP INDEX executions_by_status_and_start",
        "DROP INDEX executions_failed",
        "DROP INDEX executions_timed_out",
        "DROP INDEX executions_by_name",
        "DROP INDEX executions_by_error",
        "ALTER TABLE executions DROP COLUMN told_from",
        "ALTER TABLE events DROP COLUMN visits",
        *(f"DROP TABLE {table}" for table in ("visits", "tries", "tallies")),
    ),
    7: (
        "DROP TABLE child_executions",
        "DROP TABLE child_events",
        "CREATE TABLE children (uid TEXT NOT NULL PRIMARY KEY, map_run_arn TEXT NOT NULL, item_count INTEGER NOT NULL)",
    ),
    6: (
        "CREATE TABLE nested (uid TEXT NOT NULL, task INTEGER NOT NULL, PRIMARY KEY (uid, task)) WITHOUT ROWID",
    ),
    5: ("ALTER TABLE executions DROP COLUMN bare_tokens", "DROP TABLE secrets"),
    4: (
        "ALTER TABLE map_runs DROP COLUMN redrives",
        "ALTER TABLE map_runs DROP COLUMN redriven",
    ),
    3: (
        "ALTER TABLE machines DROP COLUMN deleting",
        "ALTER TABLE machines DROP COLUMN since",
        "ALTER TABLE activities DROP COLUMN encryption",
        "ALTER TABLE takings DROP COLUMN worker",
        "DROP INDEX executions_listed",
        "CREATE INDEX executions_of_machine ON executions (machine_arn, position)",
    ),
    2: (
        "ALTER TABLE executions DROP COLUMN redrives",
        "ALTER TABLE executions DROP COLUMN redriven",
        "ALTER TABLE executions DROP COLUMN redrivable",
        "DROP TABLE redrive_tokens",
    ),
}
"""By the version that brought it."""


def turn_back(data: Path, version: int) -> None:
    """Give the tables of a server that does not run the form of this version."""
    [file] = data.glob("*.db")
    database = sqlite3.connect(file)
    with database:
        for newer in sorted(UNDOING, reverse=True):
            for statement in UNDOING[newer] if newer > version else ():
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {version}")
    database.close()


_TOKEN_SECRET: Final = "5e" * 32


def sealed_token(uid: str, task: int) -> str:
    """As a server made it whose database has gone through ``seal_tokens``."""
    name = f"{uid}-{task}"
    return f"{name}.{hmac.digest(_key(uid).encode(), name.encode(), 'sha256').hex()[:32]}"


def seal_tokens(data: Path) -> None:
    """Let the executions in the tables of a server that does not run be those of a version whose tokens were sealed
    names: with a key in the database, and one of each execution in its checkpoint."""
    [file] = data.glob("*.db")
    database = sqlite3.connect(file)
    with database:
        database.execute("INSERT INTO secrets VALUES ('task-tokens', ?)", (_TOKEN_SECRET,))
        for uid, body in database.execute("SELECT uid, body FROM parts WHERE part = 'start'").fetchall():
            sealed = json.dumps({**json.loads(body), "tokenKey": _key(uid)})
            database.execute("UPDATE parts SET body = ? WHERE uid = ? AND part = 'start'", (sealed, uid))
    database.close()


def _key(uid: str) -> str:
    return hmac.digest(_TOKEN_SECRET.encode(), uid.encode(), "sha256").hex()
