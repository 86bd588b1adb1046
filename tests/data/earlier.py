"""The data of ``stepwright dev`` as an earlier version would have left them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

UNDOING: Final[Mapping[int, Sequence[str]]] = {
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
