"""The stores that the contracts of ports are tried with, each with an engine that fills it."""
# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from stepwright.asl.json_types import JsonText
from stepwright.asl.step import StartTask
from stepwright.assembly.embedded import Embedded
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import ExecutionRows, Executions, Overviews, Visits
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.cluster.execution_index import ExecutionIndex
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.test_cases import SqlTestCases
from tests.cluster.executions_served import Body, ExecutionsServed, execution
from tests.engine.memory import MemoryDriver

PLACE: Final = Place("123456789012", "us-east-1")
TASK: Final[Mapping[str, Any]] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}}


class Listed(Protocol):
    """A store as tests of its lists need it."""

    @property
    def rows(self) -> ExecutionRows: ...

    @property
    def overviews(self) -> Overviews: ...

    async def machine(self, name: str, definition: Any, place: Place = PLACE) -> str:
        """Its ARN."""

    async def start(self, machine: str, name: str, given: Any = None) -> Execution: ...

    async def ended(self, execution: Execution) -> Execution: ...


@dataclass(frozen=True, slots=True)
class Store:
    visits: Visits
    rows: ExecutionRows
    overviews: Overviews
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


def answer(task: StartTask) -> tuple[float, Any]:
    """A task fails if its input says with which error, once or always."""
    given: Mapping[str, Any] = task.input if isinstance(task.input, dict) else {}
    if "error" in given and task.attempt < given.get("times", 10):
        return 0.01, (given["error"], "for a reason")
    return float(given.get("seconds", 0.01)), task.input


@asynccontextmanager
async def in_sql(folder: Path) -> AsyncIterator[Store]:
    database = await Database.open(folder)
    clock, reports, driver = SystemClock(), Reports(), MemoryDriver(answer)
    driver.report = reports
    embedded = Embedded(database, clock, (driver,), reports, MockTestCases(SqlTestCases(database), None))
    running = asyncio.create_task(embedded.run())
    await embedded.executions.taken_up()
    try:
        yield Store(
            embedded.visits,
            embedded.execution_rows,
            embedded.overviews,
            embedded.executions,
            embedded.machines.add,
        )
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await embedded.machines.deletions.close()
        await database.close()


STORES: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[Store]]]] = {"sql": in_sql}


@dataclass(frozen=True, slots=True)
class Objects:
    """Implements ``Listed``: Executions of a cluster, with what an operator writes there."""

    rows: ExecutionIndex
    server: ExecutionsServed
    bodies: dict[str, Body] = field(default_factory=dict)
    """By ARN."""

    @property
    def overviews(self) -> ExecutionIndex:
        return self.rows

    async def machine(self, name: str, definition: Any, place: Place = PLACE) -> str:  # noqa: ARG002
        return place.state_machine(name)

    async def start(self, machine: str, name: str, given: Any = None) -> Execution:
        parts = machine.split(":")
        arn = Place(parts[4], parts[3]).execution(parts[6], name)
        now, said = SystemClock().now(), given or {}
        body = self.server.put(execution(name, parts[6], namespace=f"of-{parts[4]}"))
        text = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
        body = self.server.status(body, phase="Running", startTime=text, currentState="Work")
        if "seconds" not in said:
            failed = {"error": said["error"]} if "error" in said else {}
            phase = "Failed" if failed else "Succeeded"
            body = self.server.status(body, phase=phase, endTime=text, currentState="", **failed)
        self.bodies[arn] = body
        uid = Uid(body["metadata"]["uid"])
        return Execution(arn, uid, name, machine, "", "RUNNING", JsonText("{}"), now)

    async def ended(self, execution: Execution) -> Execution:
        async with asyncio.timeout(120):
            while (
                found := self.rows.named(execution.machine_arn, execution.name)
            ) is None or found.status == "RUNNING":
                await asyncio.sleep(0.01)
        return execution


class _Naming:
    """Implements ``Naming``."""

    def place(self, namespace: str) -> Place | None:
        return Place(namespace.removeprefix("of-"), PLACE.region)

    def namespace(self, place: Place) -> str | None:
        return f"of-{place.account}"

    def machine(self, namespace: str, object_name: str) -> str:  # noqa: ARG002
        return object_name

    def machine_object(self, name: str) -> str:
        return name


@asynccontextmanager
async def in_cluster(_: Path) -> AsyncIterator[Objects]:
    server = ExecutionsServed()
    index = ExecutionIndex(server, _Naming())
    running = asyncio.create_task(index.run())
    try:
        await asyncio.wait_for(index.synced.wait(), 60)
        yield Objects(index, server)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


LISTED: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[Listed]]]] = {
    "sql": in_sql,
    "cluster": in_cluster,
}
