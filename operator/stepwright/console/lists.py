"""Lists of executions: ``v1/executions`` and ``v1/executions/counts``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Cursor, ExecutionQuery
from stepwright.catalog.records import ExecutionRow as Found
from stepwright.console.models import ErrorCount, ExecutionCounts, ExecutionPage, ExecutionRow
from stepwright.console.parameters import Parameters, chosen, invalid, shown
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading
from stepwright.console.routes import Answer, Call, Route

_USUAL: Final = 50
MOST_ROWS: Final = 200

MOST_MACHINES: Final = 20
"""In one question: the store looks for those of each."""

_STATUSES: Final[tuple[Status, ...]] = get_args(Status)

FILTERS: Final = ("ns", "region", "name", "error", "from", "to")
MOST_LABELS: Final = 8
"""In one question."""

LISTS: Final = {"machine": MOST_MACHINES, "status": len(_STATUSES), "label": MOST_LABELS}


class Lists:
    def __init__(self, ports: Ports, reading: Reading) -> None:
        self._rows = ports.rows
        self._reading = reading

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "executions", self.page)
        yield Route("GET", "executions/counts", self.counts)

    async def page(self, call: Call) -> Answer:
        given = call.parameters(*FILTERS, "limit", "cursor", **LISTS)
        query, after = await self.query(call.caller, given), given.text("cursor")
        limit = given.limit(_USUAL, MOST_ROWS)
        page = await self._rows.find(query, None if after is None else Cursor(after), limit)
        return ExecutionPage(rows=[row_of(found) for found in page.items], next=page.next)

    async def counts(self, call: Call) -> Answer:
        query = await self.query(call.caller, call.parameters(*FILTERS, **LISTS))
        counts = await self._rows.count(query)
        errors = [ErrorCount(error=error, count=count) for error, count in counts.errors.items()]
        return ExecutionCounts(statuses=counts.statuses, errors=errors)

    async def query(self, caller: Caller, given: Parameters) -> ExecutionQuery:
        """What is looked for, by somebody who may. Raises Refused."""
        place = self._reading.place(caller, given.text("ns"), given.text("region"))
        await self._reading.require(caller, "ListExecutions", place.execution("*", "*"))
        return ExecutionQuery(
            place=place,
            machines=given.texts("machine"),
            statuses=[chosen("status", one, _STATUSES) for one in given.texts("status")],
            name=given.text("name") or "",
            error=given.text("error"),
            since=_moment(given, "from"),
            until=_moment(given, "to"),
            labels=[_label(each) for each in given.texts("label")],
        )


def _label(given: str) -> str:
    if "=" not in given:
        raise invalid(f"The parameter label is {shown(given)}; a label is given as KEY=VALUE")
    return given


def _moment(given: Parameters, name: str) -> Millis | None:
    number = given.number(name)
    return None if number is None else Millis(number)


def row_of(found: Found) -> ExecutionRow:
    return ExecutionRow(
        arn=found.arn,
        name=found.name,
        machine=found.machine_arn,
        status=found.status,
        started=found.started,
        stopped=found.stopped,
        error=found.error,
        version=found.version_arn,
        alias=found.alias_arn,
        redrives=found.redrives,
        redriven=found.redriven,
        waiting_until=found.waiting_until,
        paths=found.paths,
        labels=found.labels,
    )
