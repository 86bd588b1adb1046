"""Visits of states in SQL, as they can be asked about. First what commits have reported of them is put in its place
(``sql.told_visits``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from sqlite3 import Connection, Row
from typing import Final, TypeAlias

from stepwright.asl.checkpoint.parts import CameFrom
from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.step import Try, Visit
from stepwright.catalog import cursors, visited
from stepwright.catalog.ports import Cursor, Page, VisitQuery
from stepwright.catalog.records import Execution, Iteration, Standing, Tally
from stepwright.engine.ports import Uid
from stepwright.sql import pages, schema, told_visits
from stepwright.sql.database import Database

Tallies: TypeAlias = Mapping[Pointer, Mapping[Standing, Tally]]

_UNDER: Final = "(:under IS NULL OR (path >= :under AND path < :beyond))"
"""With the parameters of ``_under``."""

_VISITS: Final = (
    f"SELECT * FROM visits WHERE uid = :uid AND id > :above AND id < :below AND {_UNDER} "  # noqa: S608 - constants
    "AND (:pointer IS NULL OR pointer = :pointer) "
    "AND (:standing IS NULL OR coalesce(outcome, 'Running') = :standing) ORDER BY id LIMIT :limit"
)

_TALLIES: Final = """
SELECT pointer, outcome AS standing, count, retries, millis, longest FROM tallies WHERE uid = :uid
UNION ALL SELECT pointer, 'Running', count(*), sum(attempts - 1), 0, 0 FROM visits WHERE uid = :uid AND outcome IS NULL
GROUP BY pointer
"""

_TALLIES_OF_VISITS: Final = f"""
SELECT pointer, standing, count(*) AS count, sum(attempts - 1) AS retries, sum(took) AS millis, max(took) AS longest FROM (
    SELECT pointer, attempts, CASE WHEN ended <= :at THEN outcome ELSE 'Running' END AS standing,
        CASE WHEN ended <= :at THEN ended - started ELSE 0 END AS took
    FROM visits WHERE uid = :uid AND started <= :at AND {_UNDER}
) AS moment GROUP BY pointer, standing
"""  # noqa: S608 - a constant

_ITERATIONS: Final = """
SELECT each.item, each.count, first.started, newest.id, newest.pointer, newest.ended, newest.error,
    coalesce(newest.outcome, 'Running') AS standing
FROM (
    SELECT item, count(*) AS count, min(id) AS first, max(id) AS newest FROM visits
    WHERE uid = :uid AND around = :around AND item > :beyond GROUP BY item ORDER BY item LIMIT :most
) AS each
JOIN visits AS first ON first.uid = :uid AND first.id = each.first
JOIN visits AS newest ON newest.uid = :uid AND newest.id = each.newest
"""


class SqlVisits:
    """Implements ``catalog.ports.Visits``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _sort_in(self, uid: Uid) -> None:
        more = await self._database.read(lambda connection: told_visits.is_told(connection, uid))
        while more:
            more = await self._database.call(lambda connection: told_visits.sort_in(connection, uid))

    async def visits(
        self, execution: Execution, query: VisitQuery, after: Cursor | None, limit: int
    ) -> Page[Visit]:
        await self._sort_in(execution.uid)
        asked = {
            "uid": execution.uid,
            "above": pages.number(after, query.above),
            "below": schema.LAST if query.below is None else query.below,
            "pointer": query.pointer,
            "standing": query.standing,
            "limit": limit + 1,
            **_under(query.under),
        }

        def look(connection: Connection) -> Page[Visit]:
            page = pages.cut(connection.execute(_VISITS, asked), limit, lambda row: row, _at_visit)
            tries = _tries(connection, execution.uid, page.items)
            return Page([_visit_of(row, tries.get(row["id"], ())) for row in page.items], page.next)

        return await self._database.read(look)

    async def tallies(
        self, execution: Execution, *, under: str | None = None, at: Millis | None = None
    ) -> Tallies:
        """Without ``under`` and ``at`` it takes no longer the more visits there are."""
        await self._sort_in(execution.uid)
        query = _TALLIES if under is None and at is None else _TALLIES_OF_VISITS
        asked = {"uid": execution.uid, "at": schema.LAST if at is None else at, **_under(under)}
        found: defaultdict[Pointer, dict[Standing, Tally]] = defaultdict(dict)
        for row in await self._database.rows(query, asked, tuple):
            pointer, standing, *numbers = row
            found[Pointer(pointer)][standing] = Tally(*numbers)
        return found

    async def iterations(
        self,
        execution: Execution,
        of: int,
        standing: Standing | None,
        after: Cursor | None,
        limit: int,
    ) -> Page[Iteration]:
        await self._sort_in(execution.uid)
        query = (
            f"{_ITERATIONS} WHERE :standing IS NULL OR coalesce(newest.outcome, 'Running') = :standing "
            "ORDER BY each.item LIMIT :limit"
        )
        asked = {
            "uid": execution.uid,
            "around": of,
            "standing": standing,
            "beyond": pages.number(after, -1),
            "most": limit + 1 if standing is None else schema.LAST,
        }
        return await pages.read(self._database, query, asked, limit, _iteration_of, _at_iteration)

    async def iteration_counts(self, execution: Execution, of: int) -> Mapping[Standing, int]:
        await self._sort_in(execution.uid)
        query = f"SELECT standing, count(*) FROM ({_ITERATIONS}) AS every GROUP BY standing"  # noqa: S608 - a constant
        asked = {"uid": execution.uid, "around": of, "beyond": -1, "most": schema.LAST}
        return dict(await self._database.rows(query, asked, tuple))


def _under(under: str | None) -> Mapping[str, str | None]:
    """Of ``Orders[17]``, every path that begins with ``Orders[17]/``: the character behind the slash is the zero."""
    return {"under": None if under is None else f"{under}/", "beyond": None if under is None else f"{under}0"}


def _tries(connection: Connection, uid: Uid, rows: Iterable[Row]) -> Mapping[int, tuple[Try, ...]]:
    """Of these visits, those that have failed, if there are any."""
    query = (
        "SELECT number, begun, ended, error FROM tries WHERE uid = :uid AND visit = :visit "
        "ORDER BY number DESC LIMIT :most"
    )
    found = {}
    for row in rows:
        if row["attempts"] > 1 or row["begun"] != row["started"]:
            asked = {"uid": uid, "visit": row["id"], "most": visited.MOST_TRIES}
            tried = [Try(*values) for values in connection.execute(query, asked)]
            found[row["id"]] = tuple(reversed(tried))
    return found


def _visit_of(row: Row, tries: tuple[Try, ...]) -> Visit:
    pointer = row["pointer"]
    edge = row["from_edge"]
    return Visit(
        id=row["id"],
        path=row["path"],
        state=_state(pointer),
        type=row["type"],
        started=row["started"],
        attempts=row["attempts"],
        outcome=row["outcome"],
        ended=row["ended"],
        error=row["error"],
        task=row["task"],
        pointer=Pointer(pointer),
        came_from=None if edge is None else CameFrom(row["from_visit"], edge),
        within=row["around"],
        index=row["item"],
        begun=row["begun"],
        tries=tries,
    )


def _state(pointer: str) -> str:
    return pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")


def _iteration_of(row: Row) -> Iteration:
    return Iteration(
        index=row["item"],
        standing=row["standing"],
        started=row["started"],
        visits=row["count"],
        newest=row["id"],
        pointer=Pointer(row["pointer"]),
        ended=row["ended"],
        error=row["error"],
    )


def _at_visit(row: Row) -> Cursor:
    return cursors.at(row["id"])


def _at_iteration(row: Row) -> Cursor:
    return cursors.at(row["item"])
