"""What an execution does, state by state: ``.../tallies``, ``.../visits``, ``.../iterations``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stepwright.asl.json_types import Pointer
from stepwright.asl.signals import Millis
from stepwright.asl.step import Visit
from stepwright.catalog.ports import Cursor, VisitQuery
from stepwright.catalog.records import Iteration, Standing
from stepwright.catalog.records import Tally as Counted
from stepwright.console.models import (
    IterationPage,
    IterationRow,
    Tallies,
    Tally,
    TryRow,
    VisitPage,
    VisitRow,
)
from stepwright.console.parameters import invalid
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading, fitting
from stepwright.console.routes import Answer, Call, Route

_USUAL: Final = 200
_MOST: Final = 2_000

_STANDINGS: Final[tuple[Standing, ...]] = ("Running", "Succeeded", "Failed", "Caught", "Aborted", "TimedOut")


class VisitRoutes:
    def __init__(self, ports: Ports, reading: Reading) -> None:
        self._visits = ports.visits
        self._reading = reading

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "executions/{execution}/tallies", self.tallies)
        yield Route("GET", "executions/{execution}/visits", self.visits)
        yield Route("GET", "executions/{execution}/iterations", self.iterations)

    async def tallies(self, call: Call) -> Answer:
        given = call.parameters("at", "under")
        at = given.number("at")
        found = await self._reading.execution(call, "GetExecutionHistory")
        tallies = await self._visits.tallies(
            found, under=given.text("under"), at=None if at is None else Millis(at)
        )
        return Tallies(tallies=shown_tallies(tallies))

    async def visits(self, call: Call) -> Answer:
        given = call.parameters("after", "before", "under", "pointer", "standing", "limit")
        pointer = given.text("pointer")
        query = VisitQuery(
            above=given.number("after") or 0,
            below=given.number("before"),
            under=given.text("under"),
            pointer=None if pointer is None else Pointer(pointer),
            standing=given.choice("standing", _STANDINGS),
        )
        found = await self._reading.execution(call, "GetExecutionHistory")
        page = await self._visits.visits(found, query, None, given.limit(_USUAL, _MOST))
        rows = fitting(map(row_of, page.items))
        more = page.next is not None or len(rows) < len(page.items)
        return VisitPage(rows=rows, next=rows[-1].id if more else None)

    async def iterations(self, call: Call) -> Answer:
        given = call.parameters("of", "standing", "limit", "cursor")
        of, after = given.number("of"), given.text("cursor")
        if of is None:
            raise invalid("The parameter of names the visit of a Map or Parallel state by its id")
        found = await self._reading.execution(call, "GetExecutionHistory")
        page = await self._visits.iterations(
            found,
            of,
            given.choice("standing", _STANDINGS),
            None if after is None else Cursor(after),
            given.limit(_USUAL, _MOST),
        )
        counts = await self._visits.iteration_counts(found, of)
        return IterationPage(rows=[_iteration_row(one) for one in page.items], next=page.next, counts=counts)


def shown_tallies(
    tallies: Mapping[Pointer, Mapping[Standing, Counted]],
) -> dict[str, dict[Standing, Tally]]:
    return {
        pointer: {
            standing: Tally(
                count=tally.count, retries=tally.retries, millis=tally.millis, longest=tally.longest
            )
            for standing, tally in by_standing.items()
        }
        for pointer, by_standing in tallies.items()
    }


def row_of(visit: Visit) -> VisitRow:
    came_from = visit.came_from
    return VisitRow(
        id=visit.id,
        path=visit.path,
        pointer=visit.pointer,
        type=visit.type,
        started=visit.started,
        ended=visit.ended,
        outcome=visit.outcome,
        attempts=visit.attempts,
        error=visit.error,
        came_from=None if came_from is None else came_from.visit,
        edge=None if came_from is None else came_from.edge,
        within=visit.within,
        index=visit.index,
        begun=visit.begun,
        tries=[TryRow(one.number, one.begun, one.ended, one.error) for one in visit.tries],
    )


def _iteration_row(one: Iteration) -> IterationRow:
    return IterationRow(
        one.index, one.standing, one.started, one.ended, one.error, one.visits, one.newest, one.pointer
    )
