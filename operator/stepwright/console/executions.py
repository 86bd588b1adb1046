"""One execution: what it is and what it runs. ``v1/executions/{execution}`` and ``.../definition``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stepwright.catalog import redrives
from stepwright.catalog.ports import VisitQuery
from stepwright.catalog.records import Execution as Found
from stepwright.console.models import Definition, Execution
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading, beginning
from stepwright.console.routes import Answer, Call, Route
from stepwright.console.visits import row_of
from stepwright.http.messages import Refused

_MOST_CURRENT: Final = 20


class OneExecution:
    def __init__(self, ports: Ports, reading: Reading) -> None:
        self._executions = ports.executions
        self._machines = ports.machines
        self._visits = ports.visits
        self._clock = ports.clock
        self._reading = reading

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "executions/{execution}", self.describe)
        yield Route("GET", "executions/{execution}/definition", self.definition)

    async def describe(self, call: Call) -> Answer:
        call.parameters()
        return await self.described(await self._reading.execution(call))

    async def described(self, found: Found) -> Execution:
        newest = await self._executions.events(found, None, 1, newest_first=True)
        running = VisitQuery(standing="Running")
        current = await self._visits.visits(found, running, None, _MOST_CURRENT)
        refusal = await self._redrive_refusal(found)
        return Execution(
            arn=found.arn,
            name=found.name,
            machine=found.machine_arn,
            status=found.status,
            started=found.started,
            stopped=found.stopped,
            error=found.error,
            cause=found.cause,
            version=found.version_arn,
            alias=found.alias_arn,
            redrives=found.redrives,
            redriven=found.redriven,
            redrivable=refusal is None,
            not_redrivable=None if found.status in ("RUNNING", "SUCCEEDED") else refusal,
            input=beginning(found.input),
            output=None if found.output is None else beginning(found.output),
            revision=found.revision_id,
            map_run=found.map_run_arn,
            items=found.items,
            trace_header=found.trace_header,
            last_event=newest.items[0]["id"] if newest.items else 0,
            current=[row_of(visit) for visit in current.items],
            labels=found.labels,
        )

    async def _redrive_refusal(self, found: Found) -> str | None:
        """Why RedriveExecution would not let it go on."""
        if found.map_run_arn is not None:
            return "It is redriven with the Map Run that it belongs to"
        if (refusal := redrives.refusal(found, self._clock.now())) is not None:
            return refusal
        return None if await self._executions.has_machine(found) else "Its state machine was deleted"

    async def definition(self, call: Call) -> Answer:
        call.parameters()
        found = await self._reading.execution(call, "DescribeStateMachineForExecution")
        revision = await self._machines.revision(found.revision_id)
        if revision is None:
            raise Refused("StateMachineDoesNotExist", "The definition that it runs is not kept any more", 404)
        machine = await self._machines.machine(found.machine_arn)
        return Definition(
            text=revision.definition,
            revision=revision.id,
            role=revision.role_arn,
            created=revision.created,
            drifted=machine is not None and machine.revision.id != revision.id,
            machine_exists=machine is not None,
        )
