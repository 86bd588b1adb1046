"""What a stream reports of one execution, or of a list of them: the newest state, however much lies between."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Final, Protocol

from stepwright.asl.json_types import Pointer
from stepwright.asl.step import Counts
from stepwright.catalog.ports import Change, ExecutionQuery
from stepwright.catalog.records import Execution, Standing, Tally
from stepwright.console import models
from stepwright.console.executions import OneExecution
from stepwright.console.lists import row_of as list_row_of
from stepwright.console.models import Model
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading
from stepwright.console.visits import row_of, shown_tallies
from stepwright.engine.ports import Uid

MOST_ROWS: Final = 50
"""Of a list, that are looked at again for one frame."""

_SAME_NAME: Final = 200
"""Executions whose names begin as that of one, which are looked through for it."""

Changes = Mapping[Uid, Change] | None
"""None: of more executions than are reported."""

Told = tuple[str, Model]
"""The name of an event, and what it says."""

Right = tuple[str, str]
"""The operation that whoever watches must be allowed, and on what."""


class Watch(Protocol):
    """``uid``: of the execution that it is about; None: of any."""

    @property
    def uid(self) -> Uid | None: ...

    @property
    def right(self) -> Right: ...

    def beginning(self) -> AsyncIterator[Told]:
        """What is reported before anything happens."""

    def news(self, changes: Changes) -> AsyncIterator[Told]:
        """What is reported of these changes."""


class OfExecution:
    """Implements ``Watch``."""

    def __init__(
        self, number: int, ports: Ports, reading: Reading, one: OneExecution, found: Execution
    ) -> None:
        self.uid: Uid | None = found.uid
        self.right: Right = ("GetExecutionHistory", found.arn)
        self._number = number
        self._visits = ports.visits
        self._reading = reading
        self._one = one
        self._found = found
        self._tallies: Mapping[Pointer, Mapping[Standing, Tally]] = {}

    async def beginning(self) -> AsyncIterator[Told]:
        yield await self._described()
        async for told in self._tallied(always=True):
            yield told

    async def news(self, changes: Changes) -> AsyncIterator[Told]:
        change = None if changes is None else changes.get(self._found.uid)
        if changes is None or (change is not None and change.visits is None):
            yield "resync", models.ResyncFrame(watch=self._number)
            async for told in self.beginning():
                yield told
            return
        if change is None:
            return
        async for told in self._tallied():
            yield told
        if change.visits:
            rows = [row_of(visit) for _, visit in sorted(change.visits.items())]
            yield "visits", models.VisitsFrame(watch=self._number, rows=rows)
        for run in change.map_runs.values():
            yield (
                "mapRun",
                models.MapRunFrame(
                    watch=self._number,
                    map_run=run.arn,
                    status=run.status,
                    items=_counts(run.items),
                    executions=_counts(run.executions),
                ),
            )
        if change.turned:
            yield await self._described()
        else:
            yield (
                "progress",
                models.ProgressFrame(
                    watch=self._number, last_event=change.last_event, waiting_until=change.waiting_until
                ),
            )

    async def _described(self) -> Told:
        found = await self._reading.again(self._found)
        described = await self._one.described(found)
        return "execution", models.ExecutionFrame(watch=self._number, execution=described)

    async def _tallied(self, *, always: bool = False) -> AsyncIterator[Told]:
        before, self._tallies = self._tallies, await self._visits.tallies(self._found)
        changed = {
            pointer: tally
            for pointer, tally in self._tallies.items()
            if always or tally != before.get(pointer)
        }
        if changed or always:
            yield "tallies", models.TalliesFrame(watch=self._number, tallies=shown_tallies(changed))


class OfList:
    """Implements ``Watch``."""

    uid: Uid | None = None

    def __init__(self, number: int, ports: Ports, query: ExecutionQuery) -> None:
        self.right: Right = ("ListExecutions", query.place.execution("*", "*"))
        self._number = number
        self._rows = ports.rows
        self._query = query

    async def beginning(self) -> AsyncIterator[Told]:
        return
        yield  # nothing: the page asks for its rows

    async def news(self, changes: Changes) -> AsyncIterator[Told]:
        wanted = None if changes is None else list(filter(self._is_here, changes.values()))
        if wanted is None or len(wanted) > MOST_ROWS:
            yield "resync", models.ResyncFrame(watch=self._number)
            return
        for change in wanted:
            yield await self._told(change)

    def _is_here(self, change: Change) -> bool:
        machine, name = _names(change.arn)
        machines, place = self._query.machines, self._query.place
        return (
            change.arn == place.execution(machine, name)
            and (not machines or place.state_machine(machine) in machines)
            and name.startswith(self._query.name)
        )

    async def _told(self, change: Change) -> Told:
        """Whether the list has it is the store's to say, which knows names by their beginnings."""
        machine, name = _names(change.arn)
        query = replace(self._query, machines=[self._query.place.state_machine(machine)], name=name)
        page = await self._rows.find(query, None, _SAME_NAME)
        for found in page.items:
            if found.uid == change.uid:
                return "row", models.RowFrame(watch=self._number, row=list_row_of(found))
        if page.next is not None:
            return "resync", models.ResyncFrame(watch=self._number)
        return "gone", models.GoneFrame(watch=self._number, arn=change.arn)


def _names(arn: str) -> tuple[str, str]:
    """Of the state machine, and of the execution."""
    machine, name = arn.split(":")[6:8]
    return machine, name


def _counts(counts: Counts) -> models.MapRunCounts:
    return models.MapRunCounts(
        total=counts.total,
        running=counts.running,
        succeeded=counts.succeeded,
        failed=counts.failed,
        aborted=counts.aborted,
    )
