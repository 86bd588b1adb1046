"""Visits of states in SQL: what a commit says of them, and what can be asked about them.

A commit stores what it says of visits as one text. Whoever first asks about an execution has that put in its place, by the thread
that writes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from sqlite3 import Connection, Row
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct, structs

from stepwright.asl.checkpoint.parts import CameFrom
from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.step import Try, Visit, VisitOutcome
from stepwright.catalog.ports import Cursor, Page, VisitQuery
from stepwright.catalog.records import Execution, Iteration, Standing, Tally
from stepwright.engine.ports import Commit, Uid
from stepwright.sql import pages, schema
from stepwright.sql.database import Database, Statement

MOST_TRIES: Final = 100
"""Of each visit, the newest."""

TELL: Final = Statement(
    13, "INSERT INTO told_visits (uid, seq, may_repeat, reports) VALUES (:uid, :seq, :may_repeat, :reports)"
)

_PUT_VISIT: Final = (
    "INSERT INTO visits (uid, id, path, pointer, type, started, ended, outcome, attempts, begun, error, task, from_visit, "
    "from_edge, around, item) VALUES (:uid, :id, :path, :pointer, :type, :started, :ended, :outcome, :attempts, :begun, :error, "
    ":task, :from_visit, :from_edge, :within, :index) ON CONFLICT (uid, id) DO UPDATE SET ended = excluded.ended, "
    "outcome = excluded.outcome, attempts = excluded.attempts, begun = excluded.begun, error = excluded.error, "
    "task = excluded.task"
)
_PUT_TRY: Final = (
    "INSERT INTO tries (uid, visit, number, begun, ended, error) VALUES (:uid, :visit, :number, :begun, :ended, :error) "
    "ON CONFLICT (uid, visit, number) DO UPDATE SET begun = excluded.begun, ended = excluded.ended, error = excluded.error"
)
_ADD_TALLY: Final = (
    "INSERT INTO tallies (uid, pointer, outcome, count, retries, millis, longest) "
    "VALUES (:uid, :pointer, :outcome, :count, :retries, :millis, :longest) "
    "ON CONFLICT (uid, pointer, outcome) DO UPDATE SET count = tallies.count + excluded.count, "
    "retries = tallies.retries + excluded.retries, millis = tallies.millis + excluded.millis, "
    "longest = CASE WHEN tallies.longest < excluded.longest THEN excluded.longest ELSE tallies.longest END"
)
_TALLY_AGAIN: Final = (
    "INSERT INTO tallies (uid, pointer, outcome, count, retries, millis, longest) SELECT uid, pointer, outcome, count(*), "
    "sum(attempts - 1), sum(ended - started), max(ended - started) FROM visits WHERE uid = :uid AND outcome IS NOT NULL "
    "GROUP BY uid, pointer, outcome"
)

SORTED_AT_ONCE: Final = 2_000
"""Of so many visits, and those of one commit on top, what is told is put in its place at once: others write in between."""


class _Report(Struct, array_like=True):
    """A visit as a commit reports it, without names."""

    id: int
    path: str
    pointer: str
    type: str
    started: int
    ended: int | None
    outcome: VisitOutcome | None
    attempts: int
    begun: int | None
    error: str | None
    task: int | None
    from_visit: int | None
    from_edge: str | None
    within: int | None
    index: int | None
    tries: tuple[tuple[int, int, int, str | None], ...]


_REPORTS: Final = msgspec.json.Decoder(list[_Report])

Rows: TypeAlias = Iterator[tuple[Statement, Mapping[str, Any]]]
Tallies: TypeAlias = Mapping[Pointer, Mapping[Standing, Tally]]


def rows_of(uid: Uid, commit: Commit) -> Rows:
    """What a commit says of visits, as it is: a row for each visit would cost a commit of many a third as much again, and of most
    executions nobody ever asks."""
    own = [_report(visit) for visit in commit.visits if visit.child is None]
    if own:
        yield (
            TELL,
            {
                "uid": uid,
                "seq": commit.expected_seq,
                "may_repeat": _may_repeat(commit),
                "reports": msgspec.json.encode(own).decode(),
            },
        )


def _report(visit: Visit) -> _Report:
    came_from = visit.came_from
    return _Report(
        visit.id,
        visit.path,
        visit.pointer,
        visit.type,
        visit.started,
        visit.ended,
        visit.outcome,
        visit.attempts,
        visit.begun,
        visit.error,
        visit.task,
        None if came_from is None else came_from.visit,
        None if came_from is None else came_from.edge,
        visit.within,
        visit.index,
        tuple((tried.number, tried.begun, tried.ended, tried.error) for tried in visit.tries),
    )


def sort_in(connection: Connection, uid: Uid) -> bool:
    """Put what commits have told of an execution in its place: each visit in its row, and its end in a tally. Returns whether
    there is more of it."""
    query = "SELECT seq, may_repeat, reports FROM told_visits WHERE uid = :uid ORDER BY seq"
    newest: dict[int, _Report] = {}
    again, last = False, None
    for seq, may_repeat, reports in connection.execute(query, {"uid": uid}):
        if len(newest) >= SORTED_AT_ONCE:
            break
        last, again = seq, again or bool(may_repeat)
        told = _REPORTS.decode(reports)
        _put_tries(connection, uid, told)
        newest.update((report.id, report) for report in told)
    if last is None:
        return False
    connection.executemany(_PUT_VISIT, [{"uid": uid, **structs.asdict(report)} for report in newest.values()])
    if again:
        connection.execute("DELETE FROM tallies WHERE uid = :uid", {"uid": uid})
        connection.execute(_TALLY_AGAIN, {"uid": uid})
    else:
        connection.executemany(_ADD_TALLY, _tallied(uid, newest.values()))
    gone = "DELETE FROM told_visits WHERE uid = :uid AND seq <= :last"
    connection.execute(gone, {"uid": uid, "last": last})
    return len(newest) >= SORTED_AT_ONCE


def _put_tries(connection: Connection, uid: Uid, told: Iterable[_Report]) -> None:
    for report in told:
        for number, begun, ended, error in report.tries:
            tried = {"number": number, "begun": begun, "ended": ended, "error": error}
            connection.execute(_PUT_TRY, {"uid": uid, "visit": report.id, **tried})


def _may_repeat(commit: Commit) -> bool:
    """Whether visits may be in it that had ended in a commit before: a redrive goes on with some, and where Map Runs leave what
    they have, those that a stop has ended may be ended again."""
    if commit.outcome is not None and commit.outcome.status != "SUCCEEDED":
        return True
    return any(event["type"] == "ExecutionRedriven" for event in commit.events)


def _tallied(uid: Uid, reports: Iterable[_Report]) -> Iterator[Mapping[str, Any]]:
    alike: defaultdict[tuple[str, str], list[_Report]] = defaultdict(list)
    for report in reports:
        if report.outcome is not None:
            alike[report.pointer, report.outcome].append(report)
    for (pointer, outcome), found in alike.items():
        took = [(report.ended or report.started) - report.started for report in found]
        yield {
            "uid": uid,
            "pointer": pointer,
            "outcome": outcome,
            "count": len(found),
            "retries": sum(report.attempts - 1 for report in found),
            "millis": sum(took),
            "longest": max(took),
        }


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
        query = "SELECT 1 FROM told_visits WHERE uid = :uid LIMIT 1"
        more = await self._database.row(query, {"uid": uid}, bool)
        while more:
            more = await self._database.call(lambda connection: sort_in(connection, uid))

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
            asked = {"uid": uid, "visit": row["id"], "most": MOST_TRIES}
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
    return pages.at(row["id"])


def _at_iteration(row: Row) -> Cursor:
    return pages.at(row["item"])
