"""The tables of the journal in SQL.

Times are milliseconds since 1970. JSON is kept as text, exactly as it was given; texts above 8 KiB are stored
once in ``payloads`` and referred to by their hash.

Statements here and in the modules beside use named parameters and SQL that PostgreSQL also reads, except for
SQLite's own: ``WITHOUT ROWID``, ``IS 0``, and positions that a table counts by itself.
"""

from __future__ import annotations

from typing import Final

from stepwright.sql.changes import OWNED_KEY

VERSION: Final = 9
"""The version of the tables. A form that an older Stepwright cannot read gets the next number."""

MACHINES: Final = """
CREATE TABLE IF NOT EXISTS machines (
    arn TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    created INTEGER NOT NULL,
    revision TEXT NOT NULL,
    tags TEXT NOT NULL,
    newest_version INTEGER NOT NULL,
    deleting BOOLEAN NOT NULL DEFAULT 0,
    since INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID
"""
"""``since``: its executions have this position and above; those below are of one that had its ARN before."""

REVISIONS: Final = """
CREATE TABLE IF NOT EXISTS revisions (
    id TEXT NOT NULL PRIMARY KEY,
    definition TEXT NOT NULL,
    role_arn TEXT NOT NULL,
    created INTEGER NOT NULL,
    settings TEXT NOT NULL,
    first BOOLEAN NOT NULL
)
"""

VERSIONS: Final = """
CREATE TABLE IF NOT EXISTS versions (
    machine_arn TEXT NOT NULL,
    number INTEGER NOT NULL,
    revision TEXT NOT NULL,
    made INTEGER NOT NULL,
    description TEXT,
    PRIMARY KEY (machine_arn, number)
) WITHOUT ROWID
"""

ALIASES: Final = """
CREATE TABLE IF NOT EXISTS aliases (
    machine_arn TEXT NOT NULL,
    name TEXT NOT NULL,
    routes TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    description TEXT,
    PRIMARY KEY (machine_arn, name)
) WITHOUT ROWID
"""

EXECUTIONS: Final = """
CREATE TABLE IF NOT EXISTS executions (
    position INTEGER NOT NULL PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    arn TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    machine_arn TEXT NOT NULL,
    machine_name TEXT NOT NULL,
    revision TEXT NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    cause TEXT,
    started INTEGER NOT NULL,
    stopped INTEGER,
    trace_header TEXT,
    version_arn TEXT,
    alias_arn TEXT,
    redrives INTEGER NOT NULL DEFAULT 0,
    redriven INTEGER,
    redrivable BOOLEAN,
    redrive_from TEXT,
    bare_tokens BOOLEAN NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL,
    commit_id TEXT,
    settled BOOLEAN NOT NULL,
    waiting_until INTEGER,
    stop TEXT,
    paths TEXT,
    told_from INTEGER NOT NULL DEFAULT 0
)
"""
"""``redrive_from``: of one that has been redriven, where it went on, if not where it had failed. From ``seq`` to ``stop``: what concerns the engine alone. ``paths``: where it is, a few of the states. ``told_from``: the first of its
events with which more may be reported of visits than is in its place. ``bare_tokens``: an earlier version has begun it, and its tasks'
tokens have no seal."""

SECRETS: Final = """
CREATE TABLE IF NOT EXISTS secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
)
"""
"""``task-tokens``: what an earlier version made tokens with (``sql.former_tokens``)."""

REDRIVE_TOKENS: Final = """
CREATE TABLE IF NOT EXISTS redrive_tokens (
    uid TEXT NOT NULL,
    token TEXT NOT NULL,
    made INTEGER NOT NULL,
    PRIMARY KEY (uid, token)
) WITHOUT ROWID
"""
"""Client tokens of redrives, so that a call that is made again does nothing."""

EVENTS: Final = """
CREATE TABLE IF NOT EXISTS events (
    uid TEXT NOT NULL,
    id INTEGER NOT NULL,
    body TEXT NOT NULL,
    visits TEXT,
    PRIMARY KEY (uid, id)
) WITHOUT ROWID
"""
"""``visits``: what the commit of which this is the last event has reported of visits, and those after it that had no events, until somebody
asks about one of them: a line of JSON each (``sql.told_visits``)."""

PARTS: Final = """
CREATE TABLE IF NOT EXISTS parts (
    uid TEXT NOT NULL,
    part TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (uid, part)
) WITHOUT ROWID
"""
"""Of the checkpoint, and beside it of tasks that still have to be stopped."""

MAP_RUNS: Final = """
CREATE TABLE IF NOT EXISTS map_runs (
    position INTEGER NOT NULL PRIMARY KEY,
    arn TEXT NOT NULL UNIQUE,
    uid TEXT NOT NULL,
    execution_arn TEXT NOT NULL,
    machine_arn TEXT NOT NULL,
    status TEXT NOT NULL,
    started INTEGER NOT NULL,
    stopped INTEGER,
    max_concurrency INTEGER NOT NULL,
    tolerated_count INTEGER,
    tolerated_percentage FLOAT,
    item_counts TEXT NOT NULL,
    execution_counts TEXT NOT NULL,
    redrives INTEGER NOT NULL DEFAULT 0,
    redriven INTEGER
)
"""
"""``uid`` is the execution's that carries it. How they are to run is changed by UpdateMapRun alone."""

CHILDREN: Final = """
CREATE TABLE IF NOT EXISTS child_executions (
    position INTEGER NOT NULL PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    run INTEGER NOT NULL,
    revision TEXT NOT NULL,
    item_count INTEGER NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    error TEXT,
    cause TEXT,
    started INTEGER NOT NULL,
    stopped INTEGER,
    redrives INTEGER NOT NULL,
    redriven INTEGER
)
"""
"""``uid`` is its name, too, and ``run`` the position of its Map Run, from whose ARN those of its child executions follow. There may
be millions, so nothing is stored that follows from other columns, and only one index is not in the order of time."""

CHILD_EVENTS: Final = """
CREATE TABLE IF NOT EXISTS child_events (
    child INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    bodies TEXT NOT NULL,
    PRIMARY KEY (child, first)
) WITHOUT ROWID
"""
"""The events of a child execution, by its position: those that were written together in one array."""

VISITS: Final = """
CREATE TABLE IF NOT EXISTS visits (
    uid TEXT NOT NULL,
    id INTEGER NOT NULL,
    path TEXT NOT NULL,
    pointer TEXT NOT NULL,
    type TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    outcome TEXT,
    attempts INTEGER NOT NULL,
    begun INTEGER,
    error TEXT,
    task INTEGER,
    from_visit INTEGER,
    from_edge TEXT,
    around INTEGER,
    item INTEGER,
    PRIMARY KEY (uid, id)
) WITHOUT ROWID
"""
"""``around``, ``item``: ``Visit.within`` and ``Visit.index``, which are words of SQL. Not of child executions."""

TRIES: Final = """
CREATE TABLE IF NOT EXISTS tries (
    uid TEXT NOT NULL,
    visit INTEGER NOT NULL,
    number INTEGER NOT NULL,
    begun INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (uid, visit, number)
) WITHOUT ROWID
"""
"""Those that have failed."""

TALLIES: Final = """
CREATE TABLE IF NOT EXISTS tallies (
    uid TEXT NOT NULL,
    pointer TEXT NOT NULL,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    millis INTEGER NOT NULL,
    longest INTEGER NOT NULL,
    PRIMARY KEY (uid, pointer, outcome)
) WITHOUT ROWID
"""
"""Of the visits that have ended."""

PAYLOADS: Final = """
CREATE TABLE IF NOT EXISTS payloads (
    digest TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL
)
"""

ACTIVITIES: Final = f"""
CREATE TABLE IF NOT EXISTS activities (
    arn TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    tags TEXT NOT NULL,
    encryption TEXT NOT NULL DEFAULT '{OWNED_KEY}'
) WITHOUT ROWID
"""

TAKINGS: Final = """
CREATE TABLE IF NOT EXISTS takings (
    uid TEXT NOT NULL,
    task INTEGER NOT NULL,
    worker TEXT,
    PRIMARY KEY (uid, task)
) WITHOUT ROWID
"""
"""Tasks of activities that a worker has taken, until the execution has ended."""

ANSWERS: Final = """
CREATE TABLE IF NOT EXISTS answers (
    uid TEXT NOT NULL,
    task INTEGER NOT NULL,
    output TEXT,
    error TEXT,
    cause TEXT,
    PRIMARY KEY (uid, task)
) WITHOUT ROWID
"""
"""What SendTaskSuccess and SendTaskFailure said, until the execution has ended. With an output it succeeded."""

TEST_CASES: Final = """
CREATE TABLE IF NOT EXISTS test_cases (
    uid TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL
) WITHOUT ROWID
"""
"""Of executions whose tasks a file of mocks answers; written before they are."""

MOCKED_TASKS: Final = """
CREATE TABLE IF NOT EXISTS mocked_tasks (
    uid TEXT NOT NULL,
    task INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (uid, task)
) WITHOUT ROWID
"""
"""The tasks that a file of mocks has answered: each answer of a state has its turn."""

LISTED: Final = "coalesce(stopped, redriven, started)"
"""``Listed.moment`` of an execution, or of a child execution."""

_INDEXES_OF_BEFORE: Final = ("executions_of_machine", "executions_by_status")
"""They have no ends, and earlier versions make them anew."""

ALL: Final = (
    MACHINES,
    REVISIONS,
    VERSIONS,
    ALIASES,
    EXECUTIONS,
    f"CREATE INDEX IF NOT EXISTS executions_listed ON executions (machine_arn, {LISTED}, position)",
    "CREATE INDEX IF NOT EXISTS executions_unsettled ON executions (position) WHERE settled IS 0",
    *(f"DROP INDEX IF EXISTS {name}" for name in _INDEXES_OF_BEFORE),
    "CREATE INDEX IF NOT EXISTS executions_of_machine_by_start ON executions (machine_arn, status, started, position, stopped)",
    "CREATE INDEX IF NOT EXISTS executions_by_status_and_start ON executions (status, started, position, machine_arn, stopped)",
    *(
        f"CREATE INDEX IF NOT EXISTS executions_{status.lower()} ON executions (status, stopped, position, machine_arn) "
        f"WHERE status = '{status}'"
        for status in ("FAILED", "TIMED_OUT")
    ),
    "CREATE INDEX IF NOT EXISTS executions_by_name ON executions (name)",
    (
        "CREATE INDEX IF NOT EXISTS executions_by_error ON executions (error, started, position, machine_arn) "
        "WHERE error IS NOT NULL"
    ),
    SECRETS,
    REDRIVE_TOKENS,
    EVENTS,
    PARTS,
    MAP_RUNS,
    "CREATE INDEX IF NOT EXISTS map_runs_of_execution ON map_runs (execution_arn, position)",
    "CREATE INDEX IF NOT EXISTS map_runs_by_status ON map_runs (status)",
    CHILDREN,
    f"CREATE INDEX IF NOT EXISTS children_listed ON child_executions (run, {LISTED}, position)",
    CHILD_EVENTS,
    VISITS,
    "CREATE INDEX IF NOT EXISTS visits_under_way ON visits (uid, id) WHERE outcome IS NULL",
    "CREATE INDEX IF NOT EXISTS visits_of_iteration ON visits (uid, around, item, id) WHERE around IS NOT NULL",
    TRIES,
    TALLIES,
    PAYLOADS,
    ACTIVITIES,
    TAKINGS,
    ANSWERS,
    TEST_CASES,
    MOCKED_TASKS,
)

LAST: Final = 2**63 - 1
"""A position or number behind all others, where a list begins at its end: with the condition always there a statement
is one text, and the index gives its page without a look at what comes before."""
