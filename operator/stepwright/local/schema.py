"""The tables of the journal in SQL.

Times are milliseconds since 1970. JSON is kept as text, exactly as it was given; texts above 8 KiB stand once in
``payloads`` and are referred to by their hash.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, Table, Text, false

VERSION: Final = 3
"""Of the tables. A form that an older Stepwright cannot read gets the next number."""

_OWNED_KEY: Final = '{"type":"AWS_OWNED_KEY"}'

metadata = MetaData()

machines = Table(
    "machines",
    metadata,
    Column("arn", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("revision", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("newest_version", Integer, nullable=False),
    Column("deleting", Boolean, nullable=False, server_default=false()),
    Column("since", Integer, nullable=False, server_default="0"),
    sqlite_with_rowid=False,
)
"""``since``: its executions have this position and above; those below are of one that had its ARN before."""

revisions = Table(
    "revisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("role_arn", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("settings", Text, nullable=False),
    Column("first", Boolean, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    Column("machine_arn", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("revision", Text, nullable=False),
    Column("made", Integer, nullable=False),
    Column("description", Text),
    sqlite_with_rowid=False,
)

aliases = Table(
    "aliases",
    metadata,
    Column("machine_arn", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("routes", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("description", Text),
    sqlite_with_rowid=False,
)

executions = Table(
    "executions",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("uid", Text, nullable=False, unique=True),
    Column("arn", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("machine_arn", Text, nullable=False),
    Column("machine_name", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("input", Text, nullable=False),
    Column("output", Text),
    Column("error", Text),
    Column("cause", Text),
    Column("started", Integer, nullable=False),
    Column("stopped", Integer),
    Column("trace_header", Text),
    Column("version_arn", Text),
    Column("alias_arn", Text),
    Column("redrives", Integer, nullable=False, server_default="0"),
    Column("redriven", Integer),
    Column("redrivable", Boolean),
    # What concerns the engine alone.
    Column("seq", Integer, nullable=False),
    Column("commit_id", Text),
    Column("settled", Boolean, nullable=False),
    Column("waiting_until", Integer),
    Column("stop", Text),
    Index("executions_of_machine", "machine_arn", "position"),
)
Index(
    "executions_unsettled",
    executions.c.position,
    sqlite_where=executions.c.settled.is_(False),
    postgresql_where=executions.c.settled.is_(False),
)

redrive_tokens = Table(
    "redrive_tokens",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("token", Text, primary_key=True),
    Column("made", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""Client tokens of redrives, so that a call that is made again does nothing."""

CHANGES: Final = {
    2: (
        "ALTER TABLE executions ADD COLUMN redrives INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE executions ADD COLUMN redriven INTEGER",
        "ALTER TABLE executions ADD COLUMN redrivable BOOLEAN",
    ),
    3: (
        "ALTER TABLE machines ADD COLUMN deleting BOOLEAN NOT NULL DEFAULT 0",
        "ALTER TABLE machines ADD COLUMN since INTEGER NOT NULL DEFAULT 0",
        f"ALTER TABLE activities ADD COLUMN encryption TEXT NOT NULL DEFAULT '{_OWNED_KEY}'",
    ),
}
"""What makes tables of one version those of the next, new tables aside."""

events = Table(
    "events",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

parts = Table(
    "parts",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("part", Text, primary_key=True),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)

map_runs = Table(
    "map_runs",
    metadata,
    Column("position", Integer, primary_key=True),
    Column("arn", Text, nullable=False, unique=True),
    Column("uid", Text, nullable=False),
    Column("execution_arn", Text, nullable=False),
    Column("machine_arn", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started", Integer, nullable=False),
    Column("stopped", Integer),
    Column("max_concurrency", Integer, nullable=False),
    Column("tolerated_count", Integer),
    Column("tolerated_percentage", Float),
    Column("item_counts", Text, nullable=False),
    Column("execution_counts", Text, nullable=False),
    Index("map_runs_of_execution", "execution_arn", "position"),
    Index("map_runs_by_status", "status"),
)
"""``uid`` is the execution's that carries it. How they are to run is changed by UpdateMapRun alone."""

children = Table(
    "children",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("map_run_arn", Text, nullable=False),
    Column("item_count", Integer, nullable=False),
    Index("children_of_map_run", "map_run_arn"),
    sqlite_with_rowid=False,
)
"""Which of the ``executions`` are child executions of a Map Run. They have their events under their own uid, and
nothing else: the execution that they belong to carries them."""

nested = Table(
    "nested",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("task", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Tasks that wait for an execution which they start; written before it is, until the task has its result."""

payloads = Table(
    "payloads",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("text", Text, nullable=False),
)

activities = Table(
    "activities",
    metadata,
    Column("arn", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created", Integer, nullable=False),
    Column("tags", Text, nullable=False),
    Column("encryption", Text, nullable=False, server_default=_OWNED_KEY),
    sqlite_with_rowid=False,
)

takings = Table(
    "takings",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("task", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Tasks of activities that a worker has taken, until the execution has ended."""

answers = Table(
    "answers",
    metadata,
    Column("uid", Text, primary_key=True),
    Column("task", Integer, primary_key=True, autoincrement=False),
    Column("output", Text),
    Column("error", Text),
    Column("cause", Text),
    sqlite_with_rowid=False,
)
"""What SendTaskSuccess and SendTaskFailure said, until the execution has ended. With an output it succeeded."""
