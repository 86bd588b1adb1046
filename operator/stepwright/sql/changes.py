"""What makes the tables of an earlier version of Stepwright those of this one.

Whatever is created here has the form of its version, even where ``sql.schema`` has gone on since.
"""

from __future__ import annotations

from typing import Final

OWNED_KEY: Final = '{"type":"AWS_OWNED_KEY"}'

CHANGES: Final = {
    2: (
        "ALTER TABLE executions ADD COLUMN redrives INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE executions ADD COLUMN redriven INTEGER",
        "ALTER TABLE executions ADD COLUMN redrivable BOOLEAN",
    ),
    3: (
        "ALTER TABLE machines ADD COLUMN deleting BOOLEAN NOT NULL DEFAULT 0",
        "ALTER TABLE machines ADD COLUMN since INTEGER NOT NULL DEFAULT 0",
        "DROP INDEX IF EXISTS executions_of_machine",
        "ALTER TABLE takings ADD COLUMN worker TEXT",
        f"ALTER TABLE activities ADD COLUMN encryption TEXT NOT NULL DEFAULT '{OWNED_KEY}'",
    ),
    4: (
        "ALTER TABLE map_runs ADD COLUMN redrives INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE map_runs ADD COLUMN redriven INTEGER",
    ),
    5: ("ALTER TABLE executions ADD COLUMN bare_tokens BOOLEAN NOT NULL DEFAULT 1",),
    # Tasks that wait for an execution which they have started. Those that are open are not to be stopped; an execution that
    # has ended has none, though what a redrive goes on from may say so.
    6: (
        "CREATE TABLE IF NOT EXISTS nested (uid TEXT NOT NULL, task INTEGER NOT NULL, PRIMARY KEY (uid, task))",
        """
INSERT INTO parts (uid, part, body) SELECT nested.uid, 'stop/' || task,
    '{"kind":"stop","cancelled":' || task || ',"resource":"arn:aws:states:::states:startExecution.sync"}'
FROM nested JOIN executions ON executions.uid = nested.uid AND settled IS FALSE
WHERE status <> 'RUNNING' OR NOT EXISTS (SELECT 1 FROM parts WHERE parts.uid = nested.uid AND part LIKE 'branch/%'
    AND json_extract(body, '$.task.id') = nested.task)
""",
        "DROP TABLE nested",
    ),
    # Child executions were among the executions, and their events among all events.
    7: (
        "CREATE TABLE IF NOT EXISTS children (uid TEXT NOT NULL PRIMARY KEY, map_run_arn TEXT, item_count INTEGER)",
        """
CREATE TABLE child_executions (
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
""",
        """
INSERT INTO child_executions SELECT executions.position, children.uid, map_runs.position, executions.revision, item_count,
    executions.status, executions.input, executions.output, executions.error, executions.cause, executions.started,
    executions.stopped, executions.redrives, executions.redriven
FROM children JOIN executions ON executions.uid = children.uid JOIN map_runs ON map_runs.arn = map_run_arn
""",
        """
CREATE TABLE child_events (
    child INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    bodies TEXT NOT NULL,
    PRIMARY KEY (child, first)
) WITHOUT ROWID
""",
        """
INSERT INTO child_events SELECT child_executions.position, id, id, '[' || body || ']'
FROM child_executions JOIN events ON events.uid = child_executions.uid
""",
        "DELETE FROM events WHERE uid IN (SELECT uid FROM child_executions)",
        "DELETE FROM executions WHERE uid IN (SELECT uid FROM child_executions)",
        # Positions go on behind the last one, so machines without executions must not ask for later ones.
        "UPDATE machines SET since = min(since, (SELECT coalesce(max(position), 0) + 1 FROM executions))",
        "DROP TABLE children",
    ),
    8: (
        "ALTER TABLE executions ADD COLUMN paths TEXT",
        "ALTER TABLE executions ADD COLUMN told_from INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE events ADD COLUMN visits TEXT",
    ),
    9: ("ALTER TABLE executions ADD COLUMN redrive_from TEXT",),
}
"""What makes tables of one version those of the next, new tables aside."""
