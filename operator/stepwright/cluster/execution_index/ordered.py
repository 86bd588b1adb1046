"""Rows in an order of theirs: by a moment or by their name, and by their uids where these are the same."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from stepwright.asl.signals import Millis
from stepwright.catalog.ports import Cursor, NoSuchCursor
from stepwright.cluster.execution_index.row import Row

_FEW: Final = 32
"""Of so many rows, more than one that comes elsewhere: it is quicker to sort them all."""

P = TypeVar("P", bound=tuple[object, ...])
"""A place in an order."""

_MOST_DIGITS: Final = 15


class At(NamedTuple):
    """The place of a row in an order of moments. It stays the same while the row does, and whatever becomes of others."""

    moment: Millis
    uid: str

    @classmethod
    def of_cursor(cls, cursor: Cursor) -> At:
        """Raises NoSuchCursor."""
        moment, slash, uid = cursor.partition("/")
        if not (slash and moment.isascii() and moment.isdigit() and len(moment) <= _MOST_DIGITS):
            raise NoSuchCursor
        return cls(Millis(int(moment)), uid)

    @property
    def cursor(self) -> Cursor:
        return Cursor(f"{self.moment}/{self.uid}")


FIRST: Final = At(Millis(-(10**_MOST_DIGITS)), "")
"""Before all rows."""

LAST: Final = At(Millis(10**_MOST_DIGITS), "")
"""Behind all rows."""

Place = tuple[Millis, str]
"""As ``At``. Rows are asked for theirs many times for each change."""

Key = Callable[[Row], Place]


def by_start(row: Row) -> Place:
    return row.started, row.uid


def by_latest(row: Row) -> Place:
    return row.latest, row.uid


def by_name(row: Row) -> tuple[str, str]:
    return row.execution_name, row.uid


class Ordered(Generic[P]):
    """A list. Most rows come to its end and go from there or from its beginning; elsewhere one moves the others, some microseconds
    for 100,000 of them. An API server lists by names: of all that come elsewhere before somebody looks, few are put in their places,
    and many are sorted with the others."""

    __slots__ = ("_key", "_late", "_rows")

    def __init__(self, key: Callable[[Row], P]) -> None:
        self._key = key
        self._rows: list[Row] = []
        self._late: list[Row] | None = None

    def __len__(self) -> int:
        return len(self._rows) + len(self._late or ())

    def add(self, row: Row) -> None:
        if not self._rows or self._key(self._rows[-1]) <= self._key(row):
            self._rows.append(row)
        elif self._late is None:
            self._late = [row]
        else:
            self._late.append(row)

    def remove(self, row: Row) -> None:
        at = self._count_before(self._key(row))
        if at < len(self._rows) and self._rows[at].uid == row.uid:
            del self._rows[at]

    def replace(self, new: Row) -> None:
        """That with the same uid, which has the same place."""
        at = self._count_before(self._key(new))
        if at < len(self._rows) and self._rows[at].uid == new.uid:
            self._rows[at] = new

    def before(self, place: P) -> Iterator[Row]:
        """Those before it, the last first. Nothing may be added or removed meanwhile."""
        for at in range(self._count_before(place) - 1, -1, -1):
            yield self._rows[at]

    def first(self, count: int) -> Sequence[Row]:
        self._settle()
        return self._rows[:count]

    def between(self, place: P, behind: P, most: int) -> Sequence[Row] | None:
        """Those from one place on and before another; None if there are more."""
        first, end = self._count_before(place), self._count_before(behind)
        return None if end - first > most else self._rows[first:end]

    def _count_before(self, place: P) -> int:
        self._settle()
        return bisect_left(self._rows, place, key=self._key)

    def _settle(self) -> None:
        if self._late is None:
            return
        if len(self._late) > len(self._rows) // _FEW:
            self._rows += self._late
            self._rows.sort(key=self._key)
        else:
            for row in self._late:
                insort(self._rows, row, key=self._key)
        self._late = None
