"""Keeps the index as the API server has it, and answers from it: implements ``catalog.ports.ExecutionRows``, ``Overviews``
and ``Watching``.

It watches rows of a table, which have neither inputs nor checkpoints nor histories: a small part of large objects. Whatever becomes
of a watch, a new list shows what has changed meanwhile (``kube.informer``), so nobody who follows an execution misses it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, NamedTuple

from stepwright.asl.step import Status
from stepwright.catalog import arns
from stepwright.catalog.arns import Place
from stepwright.catalog.counting import FAILED, Counting
from stepwright.catalog.ports import FEW, Change, Cursor, ExecutionQuery, Following, OverviewQuery, Page
from stepwright.catalog.records import ExecutionCounts, ExecutionRow, Overview
from stepwright.catalog.watchers import Watchers
from stepwright.cluster import shards
from stepwright.cluster.execution_index.index import STATUSES, Index
from stepwright.cluster.execution_index.naming import Naming
from stepwright.cluster.execution_index.ordered import At, Key, by_latest, by_start
from stepwright.cluster.execution_index.row import LONGEST, Row, reader
from stepwright.cluster.execution_index.wanted import Wanted
from stepwright.cluster.reading import EXECUTIONS
from stepwright.cluster.resources import API_VERSION
from stepwright.engine.ports import Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.forms import Rows
from stepwright.kube.informer import Informer

MOST_ERRORS: Final = 10

SILENT_SECONDS: Final = 180.0
"""After so much time without news, of which the API server has some each minute, what is known may be old."""


class _Spot(NamedTuple):
    """Where a state machine is. ``machine``: its object."""

    place: Place
    namespace: str
    machine: str


class ExecutionIndex:
    """``namespaces``: of these; without them, of all."""

    def __init__(self, api: Api, naming: Naming, namespaces: Sequence[str] = ()) -> None:
        self._naming = naming
        self._index = Index()
        self._watchers = Watchers()
        self._rows: Informer[Row] = Informer(
            api,
            API_VERSION,
            EXECUTIONS,
            Rows(reader),
            namespaces=namespaces,
            label_selector=f"!{shards.LABEL}",
            on_change=self._changed,
        )

    async def run(self) -> None:
        """Until cancelled."""
        await self._rows.run()

    @property
    def synced(self) -> asyncio.Event:
        """Set once all executions that there were are known."""
        return self._rows.synced

    async def find(self, query: ExecutionQuery, after: Cursor | None, limit: int) -> Page[ExecutionRow]:
        """Raises NoSuchCursor, Unavailable."""
        place = None if after is None else At.of_cursor(after)
        self._require_current()
        wanted = self._wanted(query)
        if wanted is None:
            return Page([])
        return self._page(await self._index.find(wanted, place, limit + 1), limit, query.place, by_start)

    async def count(self, query: ExecutionQuery) -> ExecutionCounts:
        """Raises Unavailable."""
        self._require_current()
        wanted = self._wanted(query)
        if wanted is None:
            return ExecutionCounts({}, {})
        counts = await self._index.count(wanted)
        most = sorted(counts.errors.items(), key=lambda error: (-error[1], error[0]))[:MOST_ERRORS]
        return ExecutionCounts(dict(counts.statuses), dict(most))

    async def overview(self, query: OverviewQuery) -> Overview:
        """Raises Unavailable."""
        counting = Counting(query)
        wanted = self._of(query.place, query.machine, since=query.since, until=query.until)
        if wanted is None:
            return counting.overview()
        async for rows in self._index.each(wanted, query.most):
            for row in rows:
                counting.add(row.machine, row.status, row.started, row.stopped, row.error)
        naming, namespace = self._naming, wanted.namespace
        return counting.overview(lambda name: query.place.state_machine(naming.machine(namespace, name)))

    async def failed_last(self, place: Place, machine: str | None) -> tuple[ExecutionRow, ...]:
        """Raises Unavailable."""
        wanted = self._of(place, machine, statuses=FAILED)
        found = [] if wanted is None else self._index.ended_last(wanted, FEW)
        return tuple(self._shown(row, place) for row in found)

    async def running_longest(self, place: Place, machine: str | None) -> tuple[ExecutionRow, ...]:
        """Raises Unavailable."""
        wanted = self._of(place, machine, statuses=("RUNNING",))
        found = [] if wanted is None else self._index.started_first(wanted, FEW)
        return tuple(self._shown(row, place) for row in found)

    def latest(
        self, machine_arn: str, status: Status | None, after: Cursor | None, limit: int
    ) -> Page[ExecutionRow]:
        """Those of a state machine in the order of ``Executions.executions``. Raises NoSuchCursor, Unavailable."""
        place = None if after is None else At.of_cursor(after)
        if (spot := self._spot(machine_arn)) is None:
            return Page([])
        statuses = STATUSES if status is None else (status,)
        found = self._index.latest(spot.namespace, spot.machine, statuses, place, limit + 1)
        return self._page(found, limit, spot.place, by_latest)

    def named(self, machine_arn: str, name: str) -> ExecutionRow | None:
        """An execution of a state machine. Raises Unavailable."""
        if (spot := self._spot(machine_arn)) is None:
            return None
        found = self._index.named(spot.namespace, spot.machine, name)
        return None if found is None else self._shown(found, spot.place)

    async def of_map_run(self, machine_arn: str, id: str) -> ExecutionRow | None:
        """The execution of a state machine that has, or had, a Map Run with this id. Raises Unavailable."""
        if (spot := self._spot(machine_arn)) is None:
            return None
        wanted = Wanted(spot.namespace, (spot.machine,), STATUSES, "", None, None, None, id)
        found = await self._index.find(wanted, None, 1)
        return self._shown(found[0], spot.place) if found else None

    def follow(self, uids: Collection[Uid], *, all_of_them: bool) -> AbstractContextManager[Following]:
        return self._watchers.follow(uids, all_of_them=all_of_them)

    def _require_current(self) -> None:
        """Raises Unavailable."""
        heard = self._rows.last_activity
        if heard is None:
            raise Unavailable(
                f"The executions of this cluster are being listed, {len(self._rows):,} so far: try again in a few seconds"
            )
        silent = asyncio.get_running_loop().time() - heard
        if silent > SILENT_SECONDS:
            raise Unavailable(
                f"The API server has reported nothing about executions for {silent:.0f} seconds, so lists would be out of date: try again"
            )

    def _spot(self, machine_arn: str) -> _Spot | None:
        """Of a state machine; None: there can be none. Raises Unavailable."""
        self._require_current()
        place = arns.place_of(machine_arn)
        namespace = self._naming.namespace(place)
        if namespace is None:
            return None
        return _Spot(place, namespace, self._naming.machine_object(arns.machine_name(machine_arn)))

    def _of(self, place: Place, machine: str | None, **more: Any) -> Wanted | None:
        """Those of a place, or of one state machine there, by its ARN; None: there can be none. Raises Unavailable."""
        self._require_current()
        return self._wanted(ExecutionQuery(place, () if machine is None else (machine,), **more))

    def _wanted(self, query: ExecutionQuery) -> Wanted | None:
        """None: nothing can be."""
        namespace = self._naming.namespace(query.place)
        if namespace is None:
            return None
        return Wanted(
            namespace=namespace,
            machines=self._machines(query) if query.machines else None,
            statuses=tuple(dict.fromkeys(query.statuses)) or STATUSES,
            name=query.name,
            error=None if query.error is None else query.error[:LONGEST],
            since=query.since,
            until=query.until,
            labels=tuple(query.labels),
        )

    def _machines(self, query: ExecutionQuery) -> Sequence[str]:
        """The objects of those that are where the question is about."""
        parsed = ((arn, arns.parse(arn)) for arn in query.machines)
        names = ((arn, found.names[0]) for arn, found in parsed if found is not None)
        return [
            self._naming.machine_object(name) for arn, name in names if arn == query.place.state_machine(name)
        ]

    def _page(self, found: Sequence[Row], limit: int, where: Place, key: Key) -> Page[ExecutionRow]:
        """``found``: one more than is wanted, if there are more."""
        following = At(*key(found[limit - 1])).cursor if len(found) > limit else None
        return Page([self._shown(row, where) for row in found[:limit]], following)

    def _shown(self, row: Row, where: Place) -> ExecutionRow:
        return row.shown(where, self._naming.machine(row.namespace, row.machine))

    def _changed(self, old: Row | None, new: Row | None) -> None:
        self._index.change(old, new)
        row = new or old
        assert row is not None
        followers = self._watchers.of(row.uid)
        place = self._naming.place(row.namespace) if followers else None
        if place is None:
            return
        written = old is None or new is None or old.seq != new.seq
        change = Change(
            uid=row.uid,
            arn=row.arn(place, self._naming.machine(row.namespace, row.machine)),
            turned=old is None or new is None or (old.status, old.redrives) != (new.status, new.redrives),
            last_event=0,
            waiting_until=row.waiting_until,
            visits=None if written else {},
            map_runs={},
        )
        for follower in followers:
            follower.put(change)
