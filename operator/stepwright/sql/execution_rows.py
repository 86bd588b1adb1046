"""Lists of executions of all state machines in SQL.

An index has the executions of each state machine with each status in the order of their start, another all with each status. So
a page is put together from as many short reads as there are such pairs, and none of them looks at more than the page needs.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import replace
from sqlite3 import Connection, Row
from typing import Any, Final, get_args

import msgspec

from stepwright.asl.step import Status
from stepwright.catalog import cursors
from stepwright.catalog.ports import Cursor, ExecutionQuery, Page
from stepwright.catalog.records import ExecutionCounts, ExecutionRow
from stepwright.engine.ports import Uid
from stepwright.sql import pages, schema
from stepwright.sql.database import Database

MOST_ERRORS: Final = 10

FEW: Final = 1_000
"""If no more names begin as is asked, all of them are looked at; otherwise executions are, from the newest on, until there are
enough."""

COLUMNS: Final = (
    "position, arn, uid, name, machine_arn, status, started, stopped, error, version_arn, alias_arn, redrives, redriven, "
    "waiting_until, paths"
)

LAST_CHARACTER: Final = "\U0010ffff"
"""No name has it."""

_ORDER: Final = "ORDER BY started DESC, position DESC LIMIT :limit"


class SqlExecutionRows:
    """Implements ``catalog.ports.ExecutionRows``. Executions have no labels here, as they have no tags in AWS."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, query: ExecutionQuery, after: Cursor | None, limit: int) -> Page[ExecutionRow]:
        if query.labels:
            return Page([])
        started, position = (schema.LAST, schema.LAST) if after is None else cursors.numbers(after, 2)
        given = {"from_start": started, "from_position": position, "limit": limit + 1}

        def look(connection: Connection) -> Page[ExecutionRow]:
            return pages.cut(_found(connection, query, given), limit, row_of, _at_row)

        return await self._database.read(look)

    async def count(self, query: ExecutionQuery) -> ExecutionCounts:
        if query.labels:
            return ExecutionCounts({}, {})
        return await self._database.read(lambda connection: _counted(connection, query))


def _found(connection: Connection, query: ExecutionQuery, given: Mapping[str, Any]) -> Iterable[Row]:
    """In order, and as many as are asked for at least."""
    page = "(started, position) < (:from_start, :from_position)"
    if query.name and _are_few(connection, query):
        where, asked = _where(query)
        # The plus keeps the database from walking along the order of starts.
        text = f"SELECT {COLUMNS} FROM executions WHERE {where} AND {page} ORDER BY +started DESC, +position DESC LIMIT :limit"  # noqa: S608
        return connection.execute(text, {**asked, **given})
    if query.error is not None:  # an index has them in order
        where, asked = _where(query)
        text = f"SELECT {COLUMNS} FROM executions WHERE {where} AND {page} {_ORDER}"  # noqa: S608 - constants
        return connection.execute(text, {**asked, **given})
    where, asked = _where(query, but=("machines", "statuses"))
    machine = "machine_arn = :machine AND " if query.machines else ""
    text = f"SELECT {COLUMNS} FROM executions WHERE {machine}status = :status AND {where} AND {page} {_ORDER}"  # noqa: S608
    lists = [
        connection.execute(text, {**asked, **given, "machine": machine, "status": status})
        for machine in dict.fromkeys(query.machines or ("",))
        for status in dict.fromkeys(query.statuses or get_args(Status))
    ]
    return heapq.merge(*lists, key=lambda row: (row["started"], row["position"]), reverse=True)


def _where(query: ExecutionQuery, but: Iterable[str] = ()) -> tuple[str, dict[str, Any]]:
    """A condition and its parameters; ``but``: fields of the query that it leaves to others."""
    here = query.place.state_machines
    conditions = ["machine_arn >= :here AND machine_arn < :not_here"]
    asked: dict[str, Any] = {"here": here, "not_here": f"{here}{LAST_CHARACTER}"}
    for field, column in (("machines", "machine_arn"), ("statuses", "status")):
        wanted = getattr(query, field)
        if wanted and field not in but:
            names = {f"{column}_{number}": value for number, value in enumerate(dict.fromkeys(wanted))}
            conditions.append(f"{column} IN ({', '.join(f':{name}' for name in names)})")
            asked |= names
    if query.name:
        conditions.append("name >= :name AND name < :not_name")
        asked |= {"name": query.name, "not_name": f"{query.name}{LAST_CHARACTER}"}
    if query.error is not None:
        conditions.append("error = :error")
        asked["error"] = query.error
    if query.since is not None:
        conditions.append("started >= :since")
        asked["since"] = query.since
    if query.until is not None:
        conditions.append("started < :until")
        asked["until"] = query.until
    return " AND ".join(conditions), asked


def _are_few(connection: Connection, query: ExecutionQuery) -> bool:
    text = "SELECT count(*) FROM (SELECT 1 FROM executions WHERE name >= :name AND name < :not_name LIMIT :most) AS found"
    asked = {"name": query.name, "not_name": f"{query.name}{LAST_CHARACTER}", "most": FEW + 1}
    (count,) = connection.execute(text, asked).fetchone()
    return bool(count <= FEW)


def _counted(connection: Connection, query: ExecutionQuery) -> ExecutionCounts:
    # With all statuses named, an index alone answers; so it does for errors, none of which is before the empty text.
    where, asked = _where(replace(query, statuses=query.statuses or get_args(Status)))
    by_status = f"SELECT status, count(*) FROM executions WHERE {where} GROUP BY status"  # noqa: S608 - constants
    statuses = {status: count for status, count in connection.execute(by_status, asked)}  # noqa: C416 - rows
    where, asked = _where(query)
    by_error = (
        f"SELECT error, count(*) FROM executions WHERE error >= '' AND {where} "  # noqa: S608 - constants
        f"GROUP BY error ORDER BY count(*) DESC, error LIMIT {MOST_ERRORS}"
    )
    errors = {error: count for error, count in connection.execute(by_error, asked)}  # noqa: C416 - rows
    return ExecutionCounts(statuses, errors)


def row_of(row: Row) -> ExecutionRow:
    return ExecutionRow(
        arn=row["arn"],
        uid=Uid(row["uid"]),
        name=row["name"],
        machine_arn=row["machine_arn"],
        status=row["status"],
        started=row["started"],
        stopped=row["stopped"],
        error=row["error"],
        version_arn=row["version_arn"],
        alias_arn=row["alias_arn"],
        redrives=row["redrives"],
        redriven=row["redriven"],
        waiting_until=row["waiting_until"],
        paths=() if row["paths"] is None else tuple(msgspec.json.decode(row["paths"])),
    )


def _at_row(row: Row) -> Cursor:
    return cursors.at(row["started"], row["position"])
