"""Child executions of Map Runs in SQL, and their histories.

The execution that a child execution belongs to carries it, so nothing of it is here but what can be asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from sqlite3 import Connection, Row
from typing import Any, Final, TypeVar

import msgspec

from stepwright.asl.interpreter.map_runs import execution_arn, machine_arn
from stepwright.asl.json_types import JsonText
from stepwright.asl.step import ChildExecution, HistoryEvent, Status
from stepwright.catalog import cursors
from stepwright.catalog.ports import Cursor, Page
from stepwright.catalog.records import Execution
from stepwright.engine import payloads
from stepwright.engine.ports import Commit, Uid
from stepwright.sql import pages
from stepwright.sql.database import Database, Statement
from stepwright.sql.rows import read_payloads, text_of

T = TypeVar("T")

_COLUMNS: Final = (
    "uid",
    "item_count",
    "status",
    "input",
    "output",
    "error",
    "cause",
    "started",
    "stopped",
    "redrives",
    "redriven",
)
"""Those that a step tells, in the order of ``_values``."""
_PUT: Final = (
    f"INSERT INTO child_executions (run, revision, {', '.join(_COLUMNS)}) "
    "SELECT map_runs.position, executions.revision, "
)
# A child execution runs what its parent runs. Its Map Run was stored before it, or is with it.
_OF_RUN: Final = "map_runs.arn = :map_run_arn AND executions.uid = :parent"
_AS_IT_IS_NOW: Final = (
    "ON CONFLICT (uid) DO UPDATE SET status = excluded.status, output = excluded.output, error = excluded.error, "
    "cause = excluded.cause, stopped = excluded.stopped, redrives = excluded.redrives, redriven = excluded.redriven"
)
PUT_CHILD: Final = Statement(
    11,
    f"{_PUT}{', '.join(f':{name}' for name in _COLUMNS)} FROM map_runs, executions WHERE {_OF_RUN} {_AS_IT_IS_NOW}",
)
PUT_CHILDREN: Final = Statement(
    11,
    f"{_PUT}{', '.join(f'value ->> {place}' for place in range(len(_COLUMNS)))} FROM map_runs CROSS JOIN executions "
    f"CROSS JOIN json_each(:children) WHERE {_OF_RUN} {_AS_IT_IS_NOW}",
)
"""Of many child executions, as one JSON text of their values: a row by itself costs several times as much."""
ADD_EVENTS: Final = Statement(
    12,
    "INSERT INTO child_events (child, first, last, bodies) SELECT position, value ->> 1, value ->> 2, value ->> 3 "
    "FROM json_each(:events) CROSS JOIN child_executions WHERE uid = value ->> 0",
)
"""Of many child executions. In the array of its events, which is a JSON text, no zero stands as it is."""

AT_ONCE: Final = 100
"""Of so many child executions one JSON text is made. Those of a thousand would be texts of more than a megabyte, of which SQLite makes
others: such large pieces of memory leave holes between them."""


def rows_of(
    parent: Uid, commit: Commit, texts: payloads.Payloads
) -> Iterator[tuple[Statement, Mapping[str, Any]]]:
    """What a commit says of child executions, in its order. Long texts of their events are put into ``texts``."""
    if any(map(_has_zero, commit.children)):
        for child in commit.children:
            row = dict(zip(_COLUMNS, _values(child), strict=True))
            yield PUT_CHILD, {"parent": parent, "map_run_arn": child.map_run_arn, **row}
    else:
        of_runs: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for child in commit.children:
            of_runs[child.map_run_arn].append(_values(child))
        for run, rows in of_runs.items():
            for some in _in_pieces(rows):
                yield PUT_CHILDREN, {"parent": parent, "map_run_arn": run, "children": text_of(some)}
    for histories in _in_pieces(commit.child_histories.rows()):
        yield ADD_EVENTS, {"events": text_of(histories)}
    texts |= commit.child_histories.texts


def _in_pieces(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _has_zero(child: ChildExecution) -> bool:
    """SQLite ends a text that it reads from JSON at a zero, which only these two can hold."""
    return "\0" in (child.error or "") or "\0" in (child.cause or "")


def _values(child: ChildExecution) -> tuple[Any, ...]:
    """Of ``_COLUMNS``."""
    return (
        child.name,
        child.items,
        child.status,
        child.input,
        child.output,
        child.error,
        child.cause,
        child.started,
        child.stopped,
        child.redrives,
        child.redriven,
    )


async def find(database: Database, arn: str) -> Execution | None:
    """By its ARN, whose last part is its name."""
    query = (
        "SELECT child_executions.*, map_runs.arn AS map_run_arn FROM child_executions "
        "JOIN map_runs ON map_runs.position = child_executions.run WHERE child_executions.uid = :uid"
    )
    found = await database.row(query, {"uid": arn.rpartition(":")[2]}, _execution_of)
    return found if found is not None and found.arn == arn else None


async def listed(
    database: Database,
    map_run_arn: str,
    status: Status | None,
    after: Cursor | None,
    limit: int,
    *,
    redriven: bool | None,
) -> Page[Execution]:
    query = (
        "SELECT *, :map_run_arn AS map_run_arn FROM child_executions "  # noqa: S608 - a constant
        "WHERE run = (SELECT position FROM map_runs WHERE arn = :map_run_arn) "
        "AND (:status IS NULL OR status = :status) AND (:redriven IS NULL OR (redrives > 0) = :redriven) "
        f"AND {pages.EXECUTIONS}"
    )
    asked = {
        "map_run_arn": map_run_arn,
        "status": status,
        "redriven": redriven,
        **pages.before_execution(after),
    }
    return await pages.read(database, query, asked, limit, _execution_of, pages.at_execution)


async def events(
    database: Database, uid: Uid, beyond: int, limit: int, *, newest_first: bool
) -> Page[HistoryEvent]:
    """Those behind the one with the id ``beyond``. Each row has at least one event, so as many rows are enough."""
    query = (
        "SELECT bodies FROM child_events WHERE child = (SELECT position FROM child_executions WHERE uid = :uid) "  # noqa: S608
        f"AND {'first < :beyond ORDER BY first DESC' if newest_first else 'last > :beyond ORDER BY first'} LIMIT :limit"
    )
    asked = {"uid": uid, "beyond": beyond, "limit": limit + 1}

    def look(connection: Connection) -> Page[HistoryEvent]:
        found: list[HistoryEvent] = []
        for (bodies,) in connection.execute(query, asked):
            together: list[HistoryEvent] = msgspec.json.decode(bodies)
            if newest_first:
                found += [event for event in reversed(together) if event["id"] < beyond]
            else:
                found += [event for event in together if event["id"] > beyond]
            if len(found) > limit:
                break
        page = found[:limit]
        texts = read_payloads(connection, page)
        cursor = cursors.at(page[-1]["id"]) if len(found) > limit else None
        return Page([payloads.put_back(event, texts) for event in page], cursor)

    return await database.read(look)


def _execution_of(row: Row) -> Execution:
    run = row["map_run_arn"]
    return Execution(
        arn=execution_arn(run, row["uid"]),
        uid=Uid(row["uid"]),
        name=row["uid"],
        machine_arn=machine_arn(run),
        revision_id=row["revision"],
        status=row["status"],
        input=JsonText(row["input"]),
        started=row["started"],
        stopped=row["stopped"],
        output=row["output"],
        error=row["error"],
        cause=row["cause"],
        map_run_arn=run,
        items=row["item_count"],
        redrives=row["redrives"],
        redriven=row["redriven"],
    )
