"""Distributed Maps of ``stepwright dev`` over a large object: how long, how many writes, and how much memory above idle.

The items are rows of CSV, each given to a child execution of one Pass state; the results are written. Everything but the API runs
in this process; beside it a stand-in for S3 (``bench.objects``) that costs next to nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

from bench import table
from bench.process import usage
from stepwright.asl.json_types import JsonText
from stepwright.assembly import process
from stepwright.assembly.connections import ServicesOfEnvironment
from stepwright.assembly.embedded import Embedded
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.clock import SystemClock
from stepwright.engine.garbage import Garbage
from stepwright.engine.ports import Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql import database as databases
from stepwright.sql.database import Database
from stepwright.sql.shards import SqlShards
from stepwright.sql.test_cases import SqlTestCases
from stepwright.tasks.calls.deferred import DeferredFiles
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.calls.remote_files import RemoteFiles
from stepwright.tasks.map_data.integration import MapData
from stepwright.tasks.map_shards.integration import MapShards
from tests.testcluster.ports import free_port

COUNT: Final = 100_000
TIMES: Final = 10
"""How many times as many items the second Map has."""
FIRST: Final = 2_000
"""Items of a Map before: what is imported at the first call of AWS is there then."""

PLACE: Final = Place("123456789012", "us-east-1")
_PASS: Final = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def run(folder: Path, count: int) -> None:
    rows = [_in_a_process(folder / str(number), number) for number in (count, count * TIMES)]
    table.show(
        "Distributed Maps of Pass states over rows of CSV, results written",
        ["items", "s", "processor s", "writes", "MiB above idle", "MiB of the database"],
        rows,
    )
    grown = rows[1][4] / rows[0][4]
    print(f"\n{TIMES} times the items take {grown:.2f} times the memory above idle.")


def _in_a_process(folder: Path, count: int) -> list[Any]:
    """So that each begins with the memory of a process that has done nothing."""
    said = subprocess.run(
        [sys.executable, "-m", "bench.maps", str(folder), str(count)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    figures: list[Any] = json.loads(said.stdout)
    return figures


async def measure(folder: Path, count: int) -> list[Any]:
    """As ``stepwright dev`` does it."""
    process.begin()
    looking = asyncio.create_task(Garbage().run())
    try:
        return await _measure(folder, count)
    finally:
        looking.cancel()


async def _measure(folder: Path, count: int) -> list[Any]:
    with objects(count) as url, counted() as writes:
        os.environ["AWS_ENDPOINT_URL"] = url
        async with opened(folder) as here:
            await _map(here, "first", MaxItems=FIRST)
            forget_peak(os.getpid())
            idle, before = usage(os.getpid()), writes()
            began = time.monotonic()
            await _map(here, "all")
            seconds, now = time.monotonic() - began, usage(os.getpid())
            made = writes() - before
    return [
        count,
        seconds,
        now.cpu_seconds - idle.cpu_seconds,
        made,
        now.peak_mib - idle.resident_mib,
        _database_mib(folder),
    ]


def _database_mib(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.glob(f"{databases.FILE}*")) / 2**20


def over_rows(**config: Any) -> dict[str, Any]:
    """The Map, with more of its ReaderConfig."""
    return {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": {"Bucket": "bench", "Key": "items.csv"},
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", **config},
        },
        "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **_PASS},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "bench"}},
        "End": True,
    }


async def _map(here: Embedded, name: str, **config: Any) -> None:
    definition = json.dumps({"StartAt": "Each", "States": {"Each": over_rows(**config)}})
    now, machine, arn = SystemClock().now(), PLACE.state_machine(name), PLACE.execution(name, "e")
    revision = Revision(name, definition, "arn:aws:iam::123456789012:role/r", now)
    await here.machines.add(StateMachine(machine, name, "STANDARD", now, revision))
    uid = Uid(str(uuid.uuid4()))
    await here.executions.start(Execution(arn, uid, "e", machine, name, "RUNNING", JsonText("{}"), now))
    await here.executions.until_ended(arn)
    found = await here.executions.execution(arn)
    assert found is not None
    assert found.status == "SUCCEEDED", found


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Embedded]:
    database = await Database.open(folder)
    clock, reports, services = SystemClock(), Reports(), ServicesOfEnvironment()
    shards = SqlShards(database, clock)
    drivers = [
        CallDriver(each, clock, reports)
        for each in (MapData(services, DeferredFiles(_no_urls)), MapShards(shards, clock, reports))
    ]
    here = Embedded(
        database, clock, drivers, reports, MockTestCases(SqlTestCases(database), None), shards=shards
    )
    running = asyncio.create_task(here.run())
    await here.executions.taken_up()
    try:
        yield here
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for driver in drivers:
            await driver.close()
        await services.close()
        await here.machines.deletions.close()
        await database.close()


def _no_urls() -> RemoteFiles:
    raise AssertionError("all items are in S3")


@contextmanager
def objects(count: int, address: str = "127.0.0.1") -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.objects", address, str(port), str(count)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "serves\n"
        yield f"http://{address}:{port}"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    """How many transactions have written to the database."""
    made = [0]
    transaction = databases._transaction  # noqa: SLF001 - nothing else knows of each

    @contextmanager
    def counting(connection: Any, begin: str, what: str) -> Iterator[None]:
        made[0] += what == "written"
        with transaction(connection, begin, what):
            yield

    databases._transaction = counting  # noqa: SLF001
    try:
        yield lambda: made[0]
    finally:
        databases._transaction = transaction  # noqa: SLF001


def forget_peak(pid: int) -> None:
    """The most that a process has had in memory counts from now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path(sys.argv[1]), int(sys.argv[2])))))
