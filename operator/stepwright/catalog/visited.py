"""What is asked about the visits of an execution, where all of them are in memory."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeVar

from msgspec.structs import replace

from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.step import Visit
from stepwright.catalog import cursors
from stepwright.catalog.ports import Cursor, Page, VisitQuery
from stepwright.catalog.records import Iteration, Standing, Tally

T = TypeVar("T")

MOST_TRIES: Final = 100
"""Of each visit, the newest."""


def add(known: dict[int, Visit], told: Iterable[Visit]) -> None:
    """What was reported later, to what was reported before."""
    for visit in told:
        earlier = known.get(visit.id)
        if earlier is None:
            known[visit.id] = visit
        else:
            together = visit.after(earlier)
            known[visit.id] = replace(together, tries=together.tries[-MOST_TRIES:])


class Visited:
    """Answers as ``catalog.ports.Visits`` does."""

    def __init__(self, visits: Iterable[Visit]) -> None:
        self._visits: Final = sorted(visits, key=lambda visit: visit.id)

    def visits(self, query: VisitQuery, after: Cursor | None, limit: int) -> Page[Visit]:
        above = cursors.number(after, query.above)
        found = (
            visit
            for visit in self._visits
            if visit.id > above
            and (query.below is None or visit.id < query.below)
            and _is_under(visit, query.under)
            and query.pointer in (None, visit.pointer)
            and query.standing in (None, _standing(visit))
        )
        return _page(found, limit, lambda visit: visit.id)

    def tallies(
        self, *, under: str | None = None, at: Millis | None = None
    ) -> Mapping[Pointer, Mapping[Standing, Tally]]:
        tallies: defaultdict[Pointer, dict[Standing, Tally]] = defaultdict(dict)
        for visit in self._visits:
            if not _is_under(visit, under) or (at is not None and visit.started > at):
                continue
            standing, took = _standing(visit), (visit.ended or visit.started) - visit.started
            if at is not None and visit.ended is not None and visit.ended > at:
                standing, took = "Running", 0
            so_far = tallies[visit.pointer].get(standing, Tally(0))
            tallies[visit.pointer][standing] = Tally(
                so_far.count + 1,
                so_far.retries + visit.attempts - 1,
                so_far.millis + took,
                max(so_far.longest, took),
            )
        return tallies

    def iterations(
        self, of: int, standing: Standing | None, after: Cursor | None, limit: int
    ) -> Page[Iteration]:
        beyond = cursors.number(after, -1)
        found = (
            iteration
            for iteration in self._iterations(of)
            if iteration.index > beyond and standing in (None, iteration.standing)
        )
        return _page(found, limit, lambda iteration: iteration.index)

    def iteration_counts(self, of: int) -> Mapping[Standing, int]:
        return Counter(iteration.standing for iteration in self._iterations(of))

    def _iterations(self, of: int) -> Iterator[Iteration]:
        by_index: defaultdict[int, list[Visit]] = defaultdict(list)
        for visit in self._visits:
            if visit.within == of and visit.index is not None:
                by_index[visit.index].append(visit)
        for index in sorted(by_index):
            visits = by_index[index]
            newest = visits[-1]
            yield Iteration(
                index,
                _standing(newest),
                visits[0].started,
                len(visits),
                newest.id,
                newest.pointer,
                newest.ended,
                newest.error,
            )


def _page(found: Iterator[T], limit: int, number: Callable[[T], int]) -> Page[T]:
    items = list(islice(found, limit))
    more = next(found, None) is not None
    return Page(items, cursors.at(number(items[-1])) if more else None)


def _standing(visit: Visit) -> Standing:
    return visit.outcome or "Running"


def _is_under(visit: Visit, under: str | None) -> bool:
    return under is None or visit.path.startswith(f"{under}/")
