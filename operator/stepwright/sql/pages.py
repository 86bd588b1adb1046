"""Pages of lists in SQL. A cursor is the sort key of the last row of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from sqlite3 import Connection, Row
from typing import Any, Final, TypeVar

from stepwright.catalog import cursors
from stepwright.catalog.ports import Cursor, Page
from stepwright.sql import schema
from stepwright.sql.database import Database

T = TypeVar("T")

EXECUTIONS: Final = f"({schema.LISTED}, position) < (:moment, :position) ORDER BY {schema.LISTED} DESC, position DESC LIMIT :limit"
"""The next page of executions, the newest first, with the parameters of ``before_execution``."""


async def read(
    database: Database,
    sql: str,
    asked: Mapping[str, Any],
    limit: int,
    of: Callable[[Row], T],
    cursor: Callable[[Row], Cursor],
) -> Page[T]:
    """``sql`` gives the list in order from where the page begins, and at most ``:limit`` rows. Raises
    Unavailable."""

    def look(connection: Connection) -> Page[T]:
        return cut(connection.execute(sql, {**asked, "limit": limit + 1}), limit, of, cursor)

    return await database.read(look)


def cut(rows: Iterable[Row], limit: int, of: Callable[[Row], T], cursor: Callable[[Row], Cursor]) -> Page[T]:
    """The first ``limit`` rows. One more is read, to see whether there are more."""
    found = list(islice(rows, limit + 1))
    items = [of(row) for row in found[:limit]]
    return Page(items, cursor(found[limit - 1]) if len(found) > limit else None)


# --- Lists by name ----------------------------------------------------------------------------------------------------


def at_name(row: Row) -> Cursor:
    return Cursor(row["name"])


def name(after: Cursor | None) -> str:
    """The next names are those that are greater."""
    return after or ""


# --- Lists by a number ------------------------------------------------------------------------------------------------


def number(after: Cursor | None, otherwise: int = schema.LAST) -> int:
    """``otherwise``: where the first page begins. Raises NoSuchCursor."""
    return cursors.number(after, otherwise)


def beyond_event(after: Cursor | None, first: int | None, *, newest_first: bool) -> int:
    """The id behind which the next page of events begins; ``first``: the first event of the first page. Raises NoSuchCursor."""
    if first is None:
        return number(after) if newest_first else number(after, -1)
    return number(after, first + 1 if newest_first else first - 1)


def at_execution(row: Row) -> Cursor:
    moments = (row["stopped"], row["redriven"], row["started"])
    return cursors.at(next(moment for moment in moments if moment is not None), row["position"])


def before_execution(after: Cursor | None) -> dict[str, int]:
    """The parameters of ``EXECUTIONS``. Raises NoSuchCursor."""
    moment, position = (schema.LAST, schema.LAST) if after is None else cursors.numbers(after, 2)
    return {"moment": moment, "position": position}
