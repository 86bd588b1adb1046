"""All rows, and what is asked of them. Whoever asks waits for nobody, but lets others have their turn."""

from __future__ import annotations

import asyncio
import heapq
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, get_args

from stepwright.asl.step import Status
from stepwright.cluster.execution_index.groups import Group, Machine, Namespace
from stepwright.cluster.execution_index.ordered import LAST, Key, Ordered, Place, by_latest, by_start
from stepwright.cluster.execution_index.row import Row
from stepwright.cluster.execution_index.wanted import Counts, Wanted

STATUSES: Final[tuple[Status, ...]] = get_args(Status)

AT_ONCE: Final = 5_000
"""Rows that are looked at before others have their turn: some milliseconds."""

FEW: Final = 1_000
"""If no more names begin as is asked, these are looked at; otherwise rows are, from the newest on."""

_LAST_CHARACTER: Final = "\U0010ffff"
"""No name has it."""


class Index:
    """By namespace."""

    def __init__(self) -> None:
        self._namespaces: dict[str, Namespace] = {}

    def change(self, old: Row | None, new: Row | None) -> None:
        """An execution is there (no ``old``), has changed, or is gone (no ``new``)."""
        if old is not None and new is not None and _places(old) == _places(new):
            self._namespaces[new.namespace].replace(new)
            return
        if old is not None:
            self._namespaces[old.namespace].remove(old)
        if new is not None:
            self._namespaces.setdefault(new.namespace, Namespace()).add(new)
        elif old is not None and self._namespaces[old.namespace].is_empty:
            del self._namespaces[old.namespace]

    async def find(self, wanted: Wanted, after: Place | None, limit: int) -> list[Row]:
        """Those started last first, and no more than so many."""
        begin = wanted.end if after is None else min(after, wanted.end)
        few = self._few(wanted)
        if few is not None:
            behind = [row for row in few if by_start(row) < begin]
            return heapq.nlargest(limit, behind, key=by_start)
        found: list[Row] = []
        place: Place | None = begin
        while place is not None and len(found) < limit:
            more, place = self._look(wanted, place, limit - len(found))
            found += more
            await asyncio.sleep(0)
        return found

    async def count(self, wanted: Wanted) -> Counts:
        counts = Counts(Counter(), Counter())
        few = self._few(wanted)
        if few is not None:
            counts.add(few)
        elif wanted.is_of_any:
            for group in self._groups(wanted):
                for status in wanted.statuses:
                    counts.statuses[status] += len(group.by_start.get(status, ()))
                    counts.errors.update(group.errors.get(status, {}))
        else:
            async for rows in self.each(wanted):
                counts.add(rows)
        return Counts(+counts.statuses, counts.errors)

    async def each(self, wanted: Wanted, most: int = sys.maxsize) -> AsyncIterator[Sequence[Row]]:
        """Some at a time, in no order; if there are more, those started last."""
        all_then = self._then(wanted, most)
        if all_then is not None:
            for rows in all_then:
                for at in range(0, len(rows), AT_ONCE):
                    some = rows[at : at + AT_ONCE]
                    yield list(filter(wanted.fits, some)) if wanted.is_narrow else some
                    await asyncio.sleep(0)
            return
        place: Place | None = wanted.end
        while place is not None and most > 0:
            found, place = self._look(wanted, place, min(AT_ONCE, most))
            most -= len(found)
            yield found
            await asyncio.sleep(0)

    def ended_last(self, wanted: Wanted, limit: int) -> list[Row]:
        """By their end, the last first."""
        return _latest(self._machines(wanted), wanted.statuses, LAST, limit)

    def started_first(self, wanted: Wanted, limit: int) -> list[Row]:
        """The first first."""
        lists = (ordered.first(limit) for ordered in self._lists(wanted))
        return heapq.nsmallest(limit, chain.from_iterable(lists), key=by_start)

    def latest(
        self, namespace: str, machine: str, statuses: Iterable[Status], after: Place | None, limit: int
    ) -> list[Row]:
        """Of a state machine, by their end or else their start, the last first."""
        known = self._namespaces.get(namespace)
        found = None if known is None else known.machines.get(machine)
        return [] if found is None else _latest((found,), statuses, LAST if after is None else after, limit)

    def named(self, namespace: str, machine: str, name: str) -> Row | None:
        """The execution of that name. Of several, which only have it where somebody has made objects for it: the first."""
        known = self._namespaces.get(namespace)
        of_name = () if known is None else known.by_name.between((name, ""), (f"{name}\0", ""), FEW) or ()
        return min((row for row in of_name if row.machine == machine), key=by_start, default=None)

    def _look(self, wanted: Wanted, place: Place, limit: int) -> tuple[list[Row], Place | None]:
        """Of the next rows before a place those that are wanted, and where to go on; None: nowhere."""
        found: list[Row] = []
        looked_at = 0
        for row in islice(_merged(self._lists(wanted), place, by_start), AT_ONCE):
            looked_at += 1
            place = by_start(row)
            if wanted.since is not None and row.started < wanted.since:
                return found, None
            if wanted.fits(row):
                found.append(row)
                if len(found) == limit:
                    break
        return found, None if looked_at < AT_ONCE and len(found) < limit else place

    def _then(self, wanted: Wanted, most: int) -> Sequence[Sequence[Row]] | None:
        """Those of the state machines, with one of the statuses, that began at that time; None: they are more. What changes
        later does not change it."""
        found = []
        for ordered in self._lists(wanted):
            rows = ordered.between(wanted.begin, wanted.end, most)
            if rows is None:
                return None
            most -= len(rows)
            found.append(rows)
        return found

    def _few(self, wanted: Wanted) -> list[Row] | None:
        """Those that are wanted, in no order, where their names lead to few. None: they do not."""
        known = self._namespaces.get(wanted.namespace)
        if known is None:
            return []
        if not wanted.name:
            return None
        found = known.by_name.between((wanted.name, ""), (f"{wanted.name}{_LAST_CHARACTER}", ""), FEW)
        if found is None:
            return None
        return [
            row
            for row in found
            if (wanted.machines is None or row.machine in wanted.machines)
            and row.status in wanted.statuses
            and wanted.fits(row)
        ]

    def _groups(self, wanted: Wanted) -> Iterable[Group]:
        if wanted.machines is not None:
            return self._machines(wanted)
        known = self._namespaces.get(wanted.namespace)
        return () if known is None else (known,)

    def _machines(self, wanted: Wanted) -> Iterable[Machine]:
        known = self._namespaces.get(wanted.namespace)
        if known is None:
            return ()
        if wanted.machines is None:
            return known.machines.values()
        return [known.machines[name] for name in dict.fromkeys(wanted.machines) if name in known.machines]

    def _lists(self, wanted: Wanted) -> Sequence[Ordered[Place]]:
        """Of each state machine, if some are given, and each status; those without the error are left out."""
        return [
            group.by_start[status]
            for group in self._groups(wanted)
            for status in wanted.statuses
            if group.may_have(status, wanted.error)
        ]


def _latest(machines: Iterable[Machine], statuses: Iterable[Status], after: Place, limit: int) -> list[Row]:
    lists = [
        machine.by_latest[status]
        for machine in machines
        for status in statuses
        if status in machine.by_latest
    ]
    return list(islice(_merged(lists, after, by_latest), limit))


def _places(row: Row) -> tuple[object, ...]:
    """What decides where it is in all orders, and how it counts."""
    return (
        row.uid,
        row.status,
        row.started,
        row.stopped,
        row.redriven,
        row.execution_name,
        row.machine,
        row.error,
    )


def _merged(lists: Sequence[Ordered[Place]], place: Place, key: Key) -> Iterator[Row]:
    return heapq.merge(*(ordered.before(place) for ordered in lists), key=key, reverse=True)
