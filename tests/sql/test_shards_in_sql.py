"""A Map in shards on a database that outlives processes: nothing is done twice, nothing is left, and no list shows them."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.json_types import JsonText
from stepwright.asl.limits import STANDARD
from stepwright.asl.signals import UpdateMapRun
from stepwright.asl.step import MapRunStatus
from stepwright.assembly.embedded import Embedded, activity_driver
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import StopRequest, Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.shards import SqlShards
from stepwright.sql.test_cases import SqlTestCases
from stepwright.tasks.activities.driver import ActivityDriver
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.map_shards.integration import MapShards

PLACE = Place("123456789012", "us-east-1")
MACHINE = PLACE.state_machine("m")
ARN = PLACE.execution("m", "e")
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:a"
LIMITS = replace(STANDARD, shard_items=10, child_executions=5, shards=3)


def each(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "S",
        "States": {"S": {**state, "End": True}},
    }
    return {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}},
    }


class Here:
    def __init__(self, database: Database, embedded: Embedded, work: ActivityDriver) -> None:
        self.database = database
        self.embedded = embedded
        self.work = work

    async def start(self, definition: dict[str, Any], count: int) -> None:
        now = SystemClock().now()
        revision = Revision("r", json.dumps(definition), "arn:aws:iam::123456789012:role/r", now)
        await self.embedded.machines.add(StateMachine(MACHINE, "m", "STANDARD", now, revision))
        items = JsonText(json.dumps(list(range(count))))
        uid = Uid(str(uuid.uuid4()))
        await self.embedded.executions.start(Execution(ARN, uid, "e", MACHINE, "r", "RUNNING", items, now))

    async def execution(self) -> Execution:
        found = await self.embedded.executions.execution(ARN)
        assert found is not None
        return found

    async def ended(self) -> Execution:
        async with asyncio.timeout(120):
            await self.embedded.executions.until_ended(ARN)
        return await self.execution()

    async def shards(self) -> list[tuple[str, bool]]:
        query = "SELECT status, settled FROM executions WHERE arn LIKE '%:shard:%'"
        return list(await self.database.rows(query, {}, tuple))

    async def until(self, wanted: Callable[[list[tuple[str, bool]]], bool]) -> None:
        """The shards that are stored are those that are wanted."""
        async with asyncio.timeout(60):
            while not wanted(await self.shards()):  # noqa: ASYNC110 - rows notify nobody
                await asyncio.sleep(0.01)

    async def take(self) -> tuple[str, int]:
        """The next task's token and input."""
        async with asyncio.timeout(60):
            while (taken := await self.work.take(ACTIVITY, None, 60)) is None:
                pass
        return taken.token, int(json.loads(taken.input))

    async def done(self, count: int) -> list[int]:
        """Do so many tasks; their inputs."""
        inputs = []
        for _ in range(count):
            token, given = await self.take()
            inputs.append(given)
            await self.embedded.answers.succeed(token, JsonText(str(given)))
        return inputs

    async def run(self) -> MapRunStatus:
        [found] = (await self.embedded.map_runs.map_runs(ARN, None, 10)).items
        return found

    async def update(self, **bounds: int) -> None:
        assert await self.embedded.map_runs.update(UpdateMapRun((await self.run()).arn, **bounds))

    async def until_each(self, *wanted: tuple[int, int]) -> None:
        """Of each shard, the oldest first: how many child executions it may run at once, and how many it runs."""
        query = (
            "SELECT body FROM parts JOIN executions ON executions.uid = parts.uid WHERE arn LIKE '%:shard:%' "
            "AND part = 'fork/0' ORDER BY position"
        )
        async with asyncio.timeout(60):
            while True:
                forks = await self.database.rows(query, {}, lambda row: json.loads(row[0]))
                if [(fork["limit"], len(fork["live"])) for fork in forks] == [*wanted]:
                    return
                await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Here]:
    """A process, until it ends without a word."""
    database = await Database.open(folder)
    clock, reports = SystemClock(), Reports()
    shards = SqlShards(database, clock)
    calls = CallDriver(MapShards(shards, clock, reports), clock, reports)
    work = activity_driver(database, reports)
    await work.recall()
    embedded = Embedded(
        database,
        clock,
        (work, calls),
        reports,
        MockTestCases(SqlTestCases(database), None),
        LIMITS,
        shards=shards,
    )
    running = asyncio.create_task(embedded.run())
    await embedded.executions.taken_up()
    try:
        yield Here(database, embedded, work)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await calls.close()
        await embedded.machines.deletions.close()
        await database.close()


async def test_a_map_in_shards_gives_what_it_gives_in_one_and_no_list_shows_them(tmp_path: Path) -> None:
    async with opened(tmp_path) as here:
        await here.start(each({"Type": "Pass"}), 205)
        execution = await here.ended()

        assert json.loads(execution.output or "") == list(range(205))
        await here.until(lambda shards: shards == [])
        listed = await here.embedded.executions.executions(MACHINE, None, None, 100)
        assert [each.arn for each in listed.items] == [ARN]
        [run] = (await here.embedded.map_runs.map_runs(ARN, None, 10)).items
        described = await here.embedded.map_runs.map_run(run.arn)
        assert described is not None
        assert (described.status, described.items.succeeded, described.executions.succeeded) == (
            "SUCCEEDED",
            205,
            205,
        )
        children = await here.embedded.map_runs.children(run.arn, None, None, 1000)
        assert len(children.items) == 205
        assert {child.status for child in children.items} == {"SUCCEEDED"}


@pytest.mark.parametrize("after", [0, 1, 7, 23])
async def test_whenever_the_process_ends_each_task_is_handed_out_once(tmp_path: Path, after: int) -> None:
    done: list[int] = []
    async with opened(tmp_path) as here:
        await here.start(each({"Type": "Task", "Resource": ACTIVITY}), 36)
        done += await here.done(after)
    async with opened(tmp_path) as here:
        done += await here.done(5)
    async with opened(tmp_path) as here:
        done += await here.done(36 - 5 - after)
        execution = await here.ended()

        assert sorted(done) == list(range(36))
        assert json.loads(execution.output or "") == list(range(36))


async def test_what_is_stopped_leaves_no_shard_running(tmp_path: Path) -> None:
    async with opened(tmp_path) as here:
        await here.start(each({"Type": "Wait", "Seconds": 3600}), 50)
        await here.until(lambda shards: len(shards) == 3)
        await here.embedded.executions.stop(await here.execution(), StopRequest())
    async with opened(tmp_path) as here:
        await here.until(lambda shards: shards == [("ABORTED", True)] * 3)

        assert (await here.execution()).status == "ABORTED"


async def test_a_redrive_does_what_had_not_been_done(tmp_path: Path) -> None:
    async with opened(tmp_path) as here:
        await here.start(each({"Type": "Task", "Resource": ACTIVITY}), 24)
        done = await here.done(9)
        token, failed = await here.take()
        await here.embedded.answers.fail(token, "E", "c")
        execution = await here.ended()
        assert execution.error == "States.ExceedToleratedFailureThreshold"
    async with opened(tmp_path) as here:
        await here.embedded.executions.redrive(await here.execution(), None)
        again = await here.done(15)
        execution = await here.ended()

        assert failed in again
        assert sorted(done + again) == list(range(24))
        assert json.loads(execution.output or "") == list(range(24))
        [run] = (await here.embedded.map_runs.map_runs(ARN, None, 10)).items
        described = await here.embedded.map_runs.map_run(run.arn)
        assert described is not None
        assert (described.status, described.redrives, described.items.succeeded) == ("SUCCEEDED", 1, 24)


async def test_new_bounds_hold_for_shards_under_way_also_once_the_process_has_ended(tmp_path: Path) -> None:
    async with opened(tmp_path) as here:
        await here.start(each({"Type": "Task", "Resource": ACTIVITY}), 36)
        taken = [await here.take() for _ in range(15)]
        await here.update(max_concurrency=2, tolerated_failure_count=4)
        await here.until_each((2, 5), (0, 5), (0, 5))
        for token, _ in taken[:4]:  # none was tolerated when the shards were opened
            await here.embedded.answers.fail(token, "E", "c")
        for token, given in taken[4:]:
            await here.embedded.answers.succeed(token, JsonText(str(given)))
        await here.until_each((2, 2), (0, 0), (0, 0))
    async with opened(tmp_path) as here:
        done = [given for _, given in taken] + await here.done(2)
        await here.until_each((2, 2), (0, 0), (0, 0))
        await here.update(max_concurrency=0)
        await here.until_each((5, 3), (5, 5), (5, 5))
        done += await here.done(19)

        assert (await here.ended()).status == "SUCCEEDED"
        assert sorted(done) == list(range(36))
