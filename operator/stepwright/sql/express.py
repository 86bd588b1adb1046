"""Express executions of state machines in SQL."""

from __future__ import annotations

from msgspec import structs

from stepwright.asl.checkpoint.parts import Identity
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis
from stepwright.asl.step import Outcome
from stepwright.catalog.records import Execution
from stepwright.engine.express import Express
from stepwright.engine.ports import ExecutionRef, Loaded
from stepwright.sql.database import NAMESPACE
from stepwright.sql.starting import Starting


class SqlExpress:
    """Implements ``catalog.ports.Express``."""

    def __init__(self, starting: Starting, express: Express) -> None:
        self._starting = starting
        self._express = express

    async def start(self, execution: Execution) -> None:
        self._express.start(await self._starting.loaded(execution))

    async def run(self, execution: Execution) -> Execution:
        loaded = await self._starting.loaded(execution, synchronous=True)
        outcome, stopped = await self._express.outcome(loaded)
        return structs.replace(
            execution,
            status=outcome.status,
            stopped=Millis(stopped),
            output=outcome.output,
            error=outcome.error,
            cause=outcome.cause,
        )

    async def run_machine(self, machine: Machine, identity: Identity, input: JsonText) -> Outcome:
        ref = ExecutionRef.of(identity, NAMESPACE)
        outcome, _ = await self._express.outcome(Loaded(ref, identity, machine, input, seq=0, parts={}))
        return outcome
