"""The stores that the contracts of ports are tried with, each with an engine that fills it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stepwright.asl.json_types import JsonText
from stepwright.asl.step import StartTask
from stepwright.assembly.embedded import Embedded
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import ExecutionRows, Executions, Visits
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from tests.engine.memory import MemoryDriver

PLACE: Final = Place("123456789012", "us-east-1")
TASK: Final[Mapping[str, Any]] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}}


@dataclass(frozen=True, slots=True)
class Store:
    visits: Visits
    rows: ExecutionRows
    executions: Executions
    add: Callable[[StateMachine], Any]

    async def machine(self, name: str, definition: Any, place: Place = PLACE) -> str:
        """Its ARN."""
        revision = Revision(f"r-{name}-{place.account}", json.dumps(definition), "role", SystemClock().now())
        arn = place.state_machine(name)
        await self.add(StateMachine(arn, name, "STANDARD", revision.created, revision))
        return arn

    async def start(self, machine: str, name: str, given: Any = None) -> Execution:
        parts = machine.split(":")
        place = Place(parts[4], parts[3])
        execution = Execution(
            place.execution(parts[6], name),
            Uid(str(uuid.uuid4())),
            name,
            machine,
            f"r-{parts[6]}-{place.account}",
            "RUNNING",
            JsonText(json.dumps({} if given is None else given)),
            SystemClock().now(),
        )
        return await self.executions.start(execution)

    async def ended(self, execution: Execution) -> Execution:
        async with asyncio.timeout(120):
            await self.executions.until_ended(execution.arn)
        found = await self.executions.execution(execution.arn)
        assert found is not None
        return found

    async def run(self, definition: Any, given: Any = None) -> Execution:
        """To its end."""
        name = f"m-{uuid.uuid4().hex[:8]}"
        return await self.ended(await self.start(await self.machine(name, definition), "e", given))


def _answer(task: StartTask) -> tuple[float, Any]:
    """A task fails if its input says with which error, once or always."""
    given: Mapping[str, Any] = task.input if isinstance(task.input, dict) else {}
    if "error" in given and task.attempt < given.get("times", 10):
        return 0.01, (given["error"], "for a reason")
    return float(given.get("seconds", 0.01)), task.input


@asynccontextmanager
async def in_sql(folder: Path) -> AsyncIterator[Store]:
    database = await Database.open(folder)
    clock, reports, driver = SystemClock(), Reports(), MemoryDriver(_answer)
    driver.report = reports
    embedded = Embedded(database, clock, (driver,), reports, MockTestCases(database, None))
    running = asyncio.create_task(embedded.run())
    await embedded.executions.taken_up()
    try:
        yield Store(embedded.visits, embedded.execution_rows, embedded.executions, embedded.machines.add)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await embedded.machines.deletions.close()
        await database.close()


STORES: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[Store]]]] = {"sql": in_sql}
