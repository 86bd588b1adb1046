"""What AWS's API does not tell of state machines: what keeps one as it stands, why one is not ready, and what one may do with it:
``v1/machines``."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog import arns
from stepwright.catalog.records import NOT_CHECKED, Drift, StateMachine
from stepwright.console import models
from stepwright.console.models import MachineFacts, Machines, Unready, UnreadyMachine
from stepwright.console.parameters import shown
from stepwright.console.ports import Ports
from stepwright.console.reading import Reading
from stepwright.console.routes import Answer, Call, Route
from stepwright.http.messages import Refused

BUTTONS: Final = ("UpdateStateMachine", "DeleteStateMachine", "StartExecution")
"""The operations to which a right may be given for one state machine alone."""

MOST_MACHINES: Final = 1_000
_MOST_UNREADY: Final = 100
_MOST_CHARACTERS: Final = 2_000
"""Of a message: all findings of a definition may be in it."""

_CHECKING_SECONDS: Final = 2.0

_LOOKED_AT_MILLIS: Final = 30_000
"""So long an operator may take before it is said that none has checked a state machine."""


class MachineRoutes:
    def __init__(self, ports: Ports, reading: Reading) -> None:
        self._machines = ports.machines
        self._rights = ports.rights
        self._readiness = ports.readiness
        self._clock = ports.clock
        self._reading = reading

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "machines", self.overview)
        yield Route("GET", "machines/{machine}", self.facts)

    async def overview(self, call: Call) -> Answer:
        given = call.parameters("ns", "region")
        place = self._reading.place(call.caller, given.text("ns"), given.text("region"))
        await self._reading.require(call.caller, "ListStateMachines", place.state_machine("*"))
        machines = (await self._machines.machines(place, None, MOST_MACHINES)).items
        found: list[UnreadyMachine] = []
        # Checking many takes long once: what is not found by then is when this is asked for again.
        with suppress(TimeoutError):
            async with asyncio.timeout(_CHECKING_SECONDS):
                for machine in machines:
                    unready = await self._unready(machine)
                    if unready is not None and len(found) < _MOST_UNREADY:
                        found.append(UnreadyMachine(arn=machine.arn, name=machine.name, unready=unready))
        return Machines(count=len(machines), unready=found)

    async def facts(self, call: Call) -> Answer:
        arn = call.ids["machine"]
        parsed = arns.parse(arn)
        if parsed is None or parsed.service != "states" or parsed.kind != "stateMachine":
            raise Refused("InvalidArn", f"{shown(arn)} is not the ARN of a state machine", 400)
        await self._reading.require(call.caller, "DescribeStateMachine", arn)
        found = await self._machines.machine(arn)
        if found is None:
            raise Refused("StateMachineDoesNotExist", f"There is no state machine {shown(arn)}", 404)
        may = [operation for operation in BUTTONS if await self._rights.allows(call.caller, operation, arn)]
        return MachineFacts(
            managed_by=found.managed_by,
            drift=None if found.drift is None else _drift(found.drift),
            may=may,
            unready=await self._unready(found),
        )

    async def _unready(self, machine: StateMachine) -> Unready | None:
        found = machine.unready
        if found is None and self._readiness is not None:
            found = await self._readiness.of(machine)
        if found is None:
            return None
        if found.reason == NOT_CHECKED and self._clock.now() - found.since < _LOOKED_AT_MILLIS:
            return None
        message = found.message
        if len(message) > _MOST_CHARACTERS:
            message = f"{message[:_MOST_CHARACTERS]}..."
        return Unready(reason=found.reason, message=message, since=found.since, pointer=found.pointer)


def _drift(found: Drift) -> models.Drift:
    applied = found.applied if "definition" in found.fields else None
    if applied is not None and not isinstance(applied, str):
        try:
            applied = jsontext.dump(applied)
        except InvalidJson:  # it nests too deep
            applied = None
    return models.Drift(fields=list(found.fields), by=found.by, at=found.at, applied=applied)
