"""What commits tell of visits of states, in SQL.

A commit stores what it says of visits as one text, beside its last event: a row of its own for that would cost as much again as the
text. Whoever first asks about an execution has that put in its place, by the thread that writes (``sql.visits``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from sqlite3 import Connection
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from stepwright.asl.step import Visit
from stepwright.engine.ports import Commit, Uid
from stepwright.sql.database import Statement

TELL: Final = Statement(
    10,
    "UPDATE events SET visits = coalesce(visits || '\n', '') || :visits "
    "WHERE uid = :uid AND id = (SELECT max(id) FROM events WHERE uid = :uid)",
)
"""For the few commits that have no event."""

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

_IS_TOLD: Final = "uid = :uid AND id >= coalesce((SELECT told_from FROM executions WHERE uid = :uid), 0) AND visits IS NOT NULL"

_FIRST_TOLD: Final = f"SELECT 1 FROM events WHERE {_IS_TOLD} LIMIT 1"  # noqa: S608 - a constant
_ALL_TOLD: Final = f"SELECT id, visits FROM events WHERE {_IS_TOLD} ORDER BY id"  # noqa: S608 - likewise
_TAKE: Final = f"UPDATE events SET visits = NULL WHERE {_IS_TOLD} AND id <= :last"  # noqa: S608 - likewise

_IS_LEFT: Final = (
    "uid = :uid AND outcome IS NULL "
    "AND EXISTS (SELECT 1 FROM executions WHERE uid = :uid AND status <> 'RUNNING')"
)
"""Visits of an execution that has ended while they were not kept: nobody knows how they have."""
_FIRST_LEFT: Final = f"SELECT 1 FROM visits WHERE {_IS_LEFT} LIMIT 1"  # noqa: S608 - a constant
_DROP_LEFT: Final = f"DELETE FROM visits WHERE {_IS_LEFT}"  # noqa: S608 - likewise

SORTED_AT_ONCE: Final = 2_000
"""Of so many visits, and those of one commit on top, what is reported is put in its place at once: others write in between."""


class _Told(Struct, array_like=True):
    """``may_repeat``: visits may be in it that had ended before."""

    may_repeat: bool
    visits: list[Visit]


_TOLD: Final = msgspec.json.Decoder(_Told)


def told_by(commit: Commit) -> str | None:
    """What a commit says of visits, as it is: a row for each visit would cost a commit of many a third as much again, and of most
    executions nobody ever asks."""
    own = [visit for visit in commit.visits if visit.child is None]
    return msgspec.json.encode(_Told(_may_repeat(commit), own)).decode() if own else None


def is_told(connection: Connection, uid: Uid) -> bool:
    """Whether there is anything to put in its place, or to be left out."""
    return any(connection.execute(query, {"uid": uid}).fetchone() for query in (_FIRST_TOLD, _FIRST_LEFT))


def sort_in(connection: Connection, uid: Uid) -> bool:
    """Put what commits have reported of an execution in its place: each visit in its row, and its end in a tally. Returns whether
    there is more of it. When there is no more, what is left of one that has ended goes."""
    newest: dict[int, Visit] = {}
    again, last = False, None
    for id, lines in connection.execute(_ALL_TOLD, {"uid": uid}):
        if len(newest) >= SORTED_AT_ONCE:
            break
        last = id
        for told in _TOLD.decode_lines(lines):
            again = again or told.may_repeat
            _put_tries(connection, uid, told.visits)
            newest.update((visit.id, visit) for visit in told.visits)
    if last is not None:
        _put(connection, uid, newest.values(), again=again)
        taken = {"uid": uid, "last": last}
        connection.execute(_TAKE, taken)
        connection.execute("UPDATE executions SET told_from = :last WHERE uid = :uid", taken)
    if len(newest) >= SORTED_AT_ONCE:
        return True
    connection.execute(_DROP_LEFT, {"uid": uid})
    return False


def _put(connection: Connection, uid: Uid, visits: Collection[Visit], *, again: bool) -> None:
    """``again``: tallies are counted anew."""
    connection.executemany(_PUT_VISIT, [_row_of(uid, visit) for visit in visits])
    if again:
        connection.execute("DELETE FROM tallies WHERE uid = :uid", {"uid": uid})
        connection.execute(_TALLY_AGAIN, {"uid": uid})
    else:
        connection.executemany(_ADD_TALLY, _tallied(uid, visits))


def _row_of(uid: Uid, visit: Visit) -> Mapping[str, Any]:
    came_from = visit.came_from
    return {
        **structs.asdict(visit),
        "uid": uid,
        "from_visit": None if came_from is None else came_from.visit,
        "from_edge": None if came_from is None else came_from.edge,
    }


def _put_tries(connection: Connection, uid: Uid, told: Iterable[Visit]) -> None:
    for visit in told:
        for tried in visit.tries:
            connection.execute(_PUT_TRY, {"uid": uid, "visit": visit.id, **structs.asdict(tried)})


def _may_repeat(commit: Commit) -> bool:
    """Whether visits may be in it that had ended in a commit before: a redrive goes on with some, and where Map Runs leave what
    they have, those that a stop has ended may be ended again."""
    if commit.outcome is not None and commit.outcome.status != "SUCCEEDED":
        return True
    return bool(commit.events) and commit.events[0]["type"] == "ExecutionRedriven"


def _tallied(uid: Uid, visits: Iterable[Visit]) -> Iterator[Mapping[str, Any]]:
    alike: defaultdict[tuple[str, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        if visit.outcome is not None:
            alike[visit.pointer, visit.outcome].append(visit)
    for (pointer, outcome), found in alike.items():
        took = [(visit.ended or visit.started) - visit.started for visit in found]
        yield {
            "uid": uid,
            "pointer": pointer,
            "outcome": outcome,
            "count": len(found),
            "retries": sum(visit.attempts - 1 for visit in found),
            "millis": sum(took),
            "longest": max(took),
        }
