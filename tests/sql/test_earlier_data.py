"""What earlier versions of ``stepwright dev`` have left behind is carried on, with nothing lost in between.

``tests/golden/dev/5.sql`` was written by the code that had version 5 of the tables: of two executions that wait for
another one each, one was stopped, and the process ended before it could stop the other with it. ``6.sql`` has a Map Run
that has ended and one whose child executions wait. ``7.sql`` has an execution that has ended and one that waits in an iteration of a
Map, both from before visits were kept.
"""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from stepwright.api.line import Line
from stepwright.api.own_calls import of_any_task
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import CallingTask, ExecutionQuery, VisitQuery
from stepwright.catalog.records import Execution
from stepwright.engine.ports import StopRequest, Uid, Unavailable
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql import schema
from stepwright.sql.database import FILE, Database
from stepwright.sql.test_cases import SqlTestCases
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.step_functions.integration import StepFunctions

GOLDEN: Final = Path(__file__).parents[1] / "golden" / "dev"
ARNS: Final = "arn:aws:states:us-east-1:123456789012:execution"


class Then:
    """The time at which the process had ended; it passes no more."""

    longest_sleep_seconds = 3600.0

    def now(self) -> Millis:
        return Millis(1_795_941_680_000)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Away:
    """An API that cannot be asked to stop executions just now."""

    def __init__(self, line: Line) -> None:
        self.serves, self.call = line.serves, line.call
        self.is_express, self.until_ended = line.is_express, line.until_ended

    async def stop(self, by: CallingTask) -> None:  # noqa: ARG002
        raise Unavailable("the store is away")


def write(folder: Path, version: int) -> None:
    database = sqlite3.connect(folder / FILE)
    database.executescript((GOLDEN / f"{version}.sql").read_text())
    database.close()


@asynccontextmanager
async def opened(folder: Path, *, may_stop: bool = True) -> AsyncIterator[tuple[Database, Embedded]]:
    stored = await Database.open(folder)
    reports, line = Reports(), Line()
    calls = line if may_stop else Away(line)
    nested = CallDriver(StepFunctions(calls, Then()), Then(), reports)
    here = Embedded(stored, Then(), (nested,), reports, MockTestCases(SqlTestCases(stored), None))
    work = activity_driver(stored, reports)
    place = Place("123456789012", "us-east-1")
    service = here.service(work, place, new_id=lambda: str(uuid.uuid4()), chance=lambda: 0.5)
    running = asyncio.gather(here.run(), line.answer(of_any_task(service)))
    try:
        yield stored, here
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await here.machines.deletions.close()
        await stored.close()


async def until(database: Database, query: str, wanted: Callable[[list[Any]], bool]) -> list[Any]:
    """What a query finds, once that is what is wanted."""
    async with asyncio.timeout(60):
        while not wanted(found := list(await database.rows(query, {}, tuple))):  # noqa: ASYNC110 - rows notify nobody
            await asyncio.sleep(0.01)
    return found


async def statuses(database: Database, name: str, status: str) -> dict[str, str]:
    """Of all executions, once that of this name has this status."""
    query = "SELECT name, status FROM executions"
    return dict(await until(database, query, lambda rows: (name, status) in rows))


async def stop(here: Embedded, name: str = "parent:waits") -> None:
    """The one that waits."""
    waits = await here.executions.execution(f"{ARNS}:{name}")
    assert waits is not None
    await here.executions.stop(waits, StopRequest())


async def until_settled(database: Database) -> None:
    """But for what runs."""
    query = "SELECT uid FROM executions WHERE settled IS FALSE AND status <> 'RUNNING'"
    await until(database, query, lambda rows: not rows)


async def stops(database: Database) -> list[Any]:
    return list(await database.rows("SELECT part FROM parts WHERE part LIKE 'stop/%'", {}, tuple))


async def test_what_was_to_be_stopped_with_its_execution_still_is_and_what_is_waited_for_runs(
    tmp_path: Path,
) -> None:
    write(tmp_path, 5)
    async with opened(tmp_path) as (database, here):
        assert await statuses(database, "of-stopped", "ABORTED") == {
            "waits": "RUNNING",
            "of-waits": "RUNNING",
            "stopped": "ABORTED",
            "of-stopped": "ABORTED",
        }
        await stop(here)
        await statuses(database, "of-waits", "ABORTED")
        await until_settled(database)
        assert await stops(database) == []
        assert await database.rows("PRAGMA user_version", {}, tuple) == [(schema.VERSION,)]


async def test_child_executions_are_listed_with_their_histories_and_go_on(tmp_path: Path) -> None:
    write(tmp_path, 6)
    async with opened(tmp_path) as (database, here):
        [ended] = (await here.map_runs.map_runs(f"{ARNS}:ended:e", None, 10)).items
        children = await here.map_runs.children(ended.arn, None, None, 10)
        assert [child.output for child in reversed(children.items)] == ['"a"', f'"{"b" * 8300}"']
        for child in children.items:
            assert await here.executions.execution(child.arn) == child
            history = (await here.executions.events(child, None, 10, newest_first=False)).items
            assert [event["id"] for event in history] == [1, 2, 3, 4]
            assert history[-1]["executionSucceededEventDetails"]["output"] == child.output

        [waits] = (await here.map_runs.map_runs(f"{ARNS}:waits:e", None, 10)).items
        await stop(here, "waits:e")
        aborted = await here.map_runs.children(waits.arn, "ABORTED", None, 10)
        for child in aborted.items:
            newest = await here.executions.events(child, None, 2, newest_first=True)
            assert [(event["id"], event["type"]) for event in newest.items] == [
                (3, "ExecutionAborted"),
                (2, "WaitStateEntered"),
            ]
        assert len(aborted.items) == 2
        assert await database.rows("SELECT name FROM executions", {}, tuple) == [("e",), ("e",)]


async def test_an_execution_that_is_started_then_is_listed(tmp_path: Path) -> None:
    """Though what was stored when its state machine was created has another place now."""
    write(tmp_path, 6)
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:later"
    async with opened(tmp_path) as (_, here):
        started = Execution(
            f"{ARNS}:later:e", Uid("new"), "e", machine, "r-later", "RUNNING", JsonText("{}"), Then().now()
        )
        await here.executions.start(started)
        await here.executions.until_ended(started.arn)
        listed = await here.executions.executions(machine, None, None, 10)
        assert [execution.arn for execution in listed.items] == [started.arn]


async def test_a_stop_that_could_not_be_made_is_made_by_the_next_process(tmp_path: Path) -> None:
    write(tmp_path, 5)
    async with opened(tmp_path, may_stop=False) as (database, here):
        await stop(here)
        assert (await statuses(database, "waits", "ABORTED"))["of-waits"] == "RUNNING"
        assert await stops(database) == [("stop/3",), ("stop/3",)]

    async with opened(tmp_path) as (database, _):
        await statuses(database, "of-waits", "ABORTED")
        await statuses(database, "of-stopped", "ABORTED")
        await until_settled(database)
        assert await stops(database) == []


async def test_executions_of_before_visits_were_kept_are_listed_and_what_they_do_from_now_on_is_kept(
    tmp_path: Path,
) -> None:
    write(tmp_path, 7)
    place = Place("123456789012", "us-east-1")
    async with opened(tmp_path) as (_, here):
        rows = (await here.execution_rows.find(ExecutionQuery(place), None, 10)).items
        assert [(row.name, row.status) for row in rows] == [("waits", "RUNNING"), ("ended", "SUCCEEDED")]
        waits, ended = [await here.executions.execution(row.arn) for row in rows]
        assert waits is not None
        assert ended is not None
        assert (await here.visits.visits(ended, VisitQuery(), None, 10)).items == []

        await here.executions.stop(waits, StopRequest())
        visits = (await here.visits.visits(waits, VisitQuery(), None, 10)).items
        assert [(visit.path, visit.outcome, visit.came_from) for visit in visits] == [
            ("Each", "Aborted", None),
            ("Each[0]/Waits", "Aborted", None),
        ]
        tallies = await here.visits.tallies(waits)
        assert {pointer: tally["Aborted"].count for pointer, tally in tallies.items()} == {
            "/States/Each": 1,
            "/States/Each/ItemProcessor/States/Waits": 1,
        }
