"""The store in a cluster, on the API server of the simulation, with pages of visits that are full soon."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final, cast
from unittest import mock

from msgspec import structs

from stepwright.asl.signals import Millis
from stepwright.asl.step import HistoryEvent
from stepwright.catalog import arns
from stepwright.catalog.ports import Cursor, ExecutionRows, Executions, Overviews, Page
from stepwright.catalog.records import Execution, StateMachine
from stepwright.cluster import revisions, stored, told_visits
from stepwright.cluster.execution_fields import STATUSES
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.nested.names import object_name
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.stored import Pinned
from stepwright.cluster.visits import ClusterVisits
from stepwright.engine.engine import Engine
from stepwright.engine.ports import StopRequest, Uid
from stepwright.engine.reports import Reports
from tests.catalog.stores import Store, answer
from tests.engine.memory import AlwaysHeld, MemoryDriver
from tests.simulation import history
from tests.simulation.api_server import ApiServer, Body
from tests.tasks.kubernetes.played import Direct

FULL_CHARACTERS: Final = 300
"""Some three visits."""


class Carried:
    """Executions that an engine carries. What they need of ``catalog.ports.Executions`` to be watched."""

    def __init__(self, server: ApiServer, journal: ClusterJournal, engine: Engine) -> None:
        self._server = server
        self._journal = journal
        self._engine = engine
        self._pinned: dict[str, Pinned] = {}
        self._started: dict[str, Execution] = {}

    async def add(self, machine: StateMachine) -> None:
        namespace = arns.account_of(machine.arn)
        body: Body = {
            "apiVersion": "stepwright.dev/v1",
            "kind": "StateMachine",
            "metadata": {"name": machine.name},
            "spec": {"definition": json.loads(machine.revision.definition)},
        }
        body = self._server.create("statemachines", namespace, body)
        data = {"definition": machine.revision.definition, "settings": {}}
        revision = self._server.create("controllerrevisions", namespace, revisions.manifest(body, data, 1))
        uid = body["metadata"]["uid"]
        self._pinned[machine.arn] = Pinned(machine.name, uid, revision["metadata"]["name"])

    async def start(self, execution: Execution) -> Execution:
        arn = arns.parse(execution.arn)
        assert arn is not None
        machine, name = arn.names
        body: Body = {
            "metadata": {"name": object_name(machine, name)},
            "spec": {
                "stateMachineRef": {"name": machine},
                "name": name,
                "inputJson": execution.input,
            },
            "status": {"phase": "Pending", "seq": 0},
        }
        found = stored.of(self._server.create("executions", arn.account, body))
        self._engine.adopt(await self._journal.open(found, self._pinned[execution.machine_arn]))
        self._started[execution.arn] = structs.replace(execution, uid=Uid(found.uid))
        return self._started[execution.arn]

    def _body(self, execution: Execution) -> Body:
        for body in self._server.all("executions"):
            if body["metadata"]["uid"] == execution.uid:
                return body
        raise AssertionError(execution)

    async def execution(self, arn: str) -> Execution:
        started = self._started[arn]
        phase = stored.of(self._body(started)).phase
        return structs.replace(started, status=STATUSES.get(phase, "RUNNING"))

    async def until_ended(self, arn: str) -> None:
        while (await self.execution(arn)).status == "RUNNING":  # noqa: ASYNC110 - nothing reports it
            await asyncio.sleep(0.01)

    async def stop(self, execution: Execution, request: StopRequest) -> Millis:
        self._engine.stop_execution(execution.uid, request)
        await self.until_ended(execution.arn)
        return Millis(0)

    async def events(
        self, execution: Execution, after: Cursor | None, limit: int, **_: Any
    ) -> Page[HistoryEvent]:
        """All of them."""
        assert after is None
        pages = {body["metadata"]["name"]: body for body in self._server.all("executionhistories")}
        return Page(history.read(self._body(execution)["status"], pages)[:limit])


@asynccontextmanager
async def in_cluster(_: Path) -> AsyncIterator[Store]:
    server = ApiServer(Random(1))
    api = Direct(server)
    known = Revisions(api)
    journal = ClusterJournal(api, known)
    reports, driver = Reports(), MemoryDriver(answer)
    driver.report = reports
    engine = Engine(journal, (driver,), AlwaysHeld(), reports=reports)
    carried = Carried(server, journal, engine)
    with mock.patch.object(told_visits, "FULL_CHARACTERS", FULL_CHARACTERS):
        running = asyncio.create_task(engine.run())
        try:
            yield Store(
                ClusterVisits(api, Revisions(api)),
                cast("ExecutionRows", None),
                cast("Overviews", None),
                cast("Executions", carried),
                carried.add,
            )
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
