"""Visits of states: what an execution has done and does, state by state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.step import Visit
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.records import Execution, Iteration, Standing, Tally


@dataclass(frozen=True, slots=True)
class VisitQuery:
    """Which visits are wanted: those with all that is given.

    ``above``, ``below``: with greater, with smaller ids. ``under``: in this iteration of a Map or branch of a Parallel, as
    paths name it (``Orders[17]``, ``Both[0]/Orders[17]``), however deep. ``pointer``: of this state. ``standing``: how they
    stand.
    """

    above: int = 0
    below: int | None = None
    under: str | None = None
    pointer: Pointer | None = None
    standing: Standing | None = None


class Visits(Protocol):
    """Visits of the states of Standard executions, those under way among them. There are none of an execution that an earlier
    version has run, or that was run while visits were not kept; and none of child executions of distributed Maps, of which
    ``MapRuns`` knows, and whose histories tell the rest."""

    async def visits(
        self, execution: Execution, query: VisitQuery, after: Cursor | None, limit: int
    ) -> Page[Visit]:
        """In the order in which states were entered. ``Visit.tries`` are the newest hundred at most."""

    async def tallies(
        self, execution: Execution, *, under: str | None = None, at: Millis | None = None
    ) -> Mapping[Pointer, Mapping[Standing, Tally]]:
        """By state, for each way its visits stand. ``under``: see ``VisitQuery``. ``at``: as it was then; what had not ended by
        then was running, and had as many retries as it has now."""

    async def iterations(
        self,
        execution: Execution,
        of: int,
        standing: Standing | None,
        after: Cursor | None,
        limit: int,
    ) -> Page[Iteration]:
        """Those iterations of an inline Map, or branches of a Parallel, that have begun, by index. ``of``: the id of the visit
        of that state."""

    async def iteration_counts(self, execution: Execution, of: int) -> Mapping[Standing, int]:
        """How many of these stand how."""
