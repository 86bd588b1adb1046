"""What is asked for while a process takes up what the last one has left."""
# ruff: noqa: ASYNC110 - what is waited for has no event

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import TaskId
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import Loaded, Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.test_cases import SqlTestCases
from stepwright.tasks.activities.driver import ActivityDriver

PLACE = Place("123456789012", "us-east-1")
MACHINE = PLACE.state_machine("m")
ARN, UID = PLACE.execution("m", "e"), Uid("43e358d5-0f2c-4d43-9a70-3c8a3f2b0c11")
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:a"
DEFINITION = {"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": ACTIVITY, "End": True}}}


class Process:
    def __init__(self, database: Database, embedded: Embedded, work: ActivityDriver) -> None:
        self.database = database
        self.embedded = embedded
        self.work = work

    async def start(self) -> None:
        now = SystemClock().now()
        revision = Revision("r", json.dumps(DEFINITION), "arn:aws:iam::123456789012:role/r", now)
        await self.embedded.machines.add(StateMachine(MACHINE, "m", "STANDARD", now, revision))
        execution = Execution(ARN, UID, "e", MACHINE, "r", "RUNNING", JsonText("{}"), now)
        await self.embedded.executions.start(execution)

    async def execution(self) -> Execution:
        found = await self.embedded.executions.execution(ARN)
        assert found is not None
        return found

    async def take(self) -> str:
        """The token of the task."""
        taken = await self.work.take(ACTIVITY, None, 60)
        assert taken is not None
        return taken.token

    async def succeed(self) -> None:
        await self.embedded.answers.succeed(await self.take(), JsonText("1"))
        await self.is_done()

    async def is_done(self) -> None:
        while self.is_carried:
            await asyncio.sleep(0.01)

    @property
    def is_carried(self) -> bool:
        return self.embedded.executions.has_open(UID, TaskId(1), None) is not None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        running = asyncio.create_task(self.embedded.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def process(folder: Path) -> AsyncIterator[Process]:
    database = await Database.open(folder)
    reports = Reports()
    work = activity_driver(database, reports)
    await work.recall()
    embedded = Embedded(
        database, SystemClock(), (work,), reports, MockTestCases(SqlTestCases(database), None)
    )
    try:
        async with asyncio.timeout(120):
            yield Process(database, embedded, work)
    finally:
        await embedded.machines.deletions.close()
        await database.close()


async def test_an_execution_that_ends_meanwhile_does_not_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came back with the task that it had when it was read, a worker was given that again, and a redrive waited for its answer."""
    async with process(tmp_path) as here:
        read = here.embedded.journal.unsettled

        async def unsettled() -> list[Loaded]:
            """As where there are so many definitions to be compiled that the execution has ended by then."""
            await here.start()
            token = await here.take()
            found = await read()
            await here.embedded.answers.succeed(token, JsonText("1"))
            await here.is_done()
            return found

        monkeypatch.setattr(here.embedded.journal, "unsettled", unsettled)
        async with here.running():
            await here.embedded.executions.taken_up()
            assert not here.is_carried
            assert (await here.execution()).status == "SUCCEEDED"


async def test_what_the_last_process_had_just_ended_can_be_redriven_at_once(tmp_path: Path) -> None:
    """It was refused until the stops that the end had left were made."""
    async with process(tmp_path) as here:
        await here.start()
        await here.embedded.answers.fail(await here.take(), "Busy", None)
        await here.is_done()
        await here.database.execute("UPDATE executions SET settled = FALSE", {})
    async with process(tmp_path) as here:
        redriving = asyncio.create_task(here.embedded.executions.redrive(await here.execution(), None))
        async with here.running():
            await redriving
            await here.succeed()
            assert (await here.execution()).status == "SUCCEEDED"
