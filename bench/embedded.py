"""The embedded mode: executions per second with the journal in SQLite, each commit on disk before anything follows, and
what an execution that waits takes in memory.

All executions of a definition are started at once and run to their end in this process, without HTTP. Beside it, from
the same run and disk: commits of one row, one after the other, by Python's own sqlite3; and, in processor time, the
language alone, which makes the same steps and encodes what a journal would store.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sqlite3
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from msgspec import structs

from bench import interpreter, ratios, table
from stepwright.asl.json_types import JsonText
from stepwright.assembly.embedded import Embedded as Parts
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import Uid
from stepwright.engine.reports import Reports
from stepwright.mocks.test_cases import MockTestCases
from stepwright.sql.database import Database
from stepwright.sql.test_cases import SqlTestCases

PLACE: Final = Place("123456789012", "us-east-1")
COUNT: Final = 500
ROUNDS: Final = 3
BARE_COMMITS: Final = 300
BARE_RUNS: Final = 200
WARMING_UP: Final = 100
A_YEAR: Final = 31_536_000
LIVE_SECONDS: Final = 25
"""Too short a wait to be parked, long enough to be looked at meanwhile."""

KIB: Final = 1024


def definitions() -> dict[str, tuple[dict[str, Any], int]]:
    """By name; with each, how often an execution of it is written."""
    shaping = {"id.$": "$.order.id", "who.$": "States.Format('{}!', $.order.customer)"}
    five = {
        "A": {"Type": "Pass", "Parameters": shaping, "ResultPath": "$.r", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "C"}]},
        "C": {"Type": "Pass", "Result": [1, 2], "ResultPath": "$.c", "Next": "D"},
        "D": {"Type": "Pass", "InputPath": "$.order", "Next": "E"},
        "E": {"Type": "Succeed"},
    }
    inner = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": inner, "End": True}
    return {
        "one Pass": (one({"Type": "Pass", "End": True}), 2),
        "five states": ({"StartAt": "A", "States": five}, 2),
        "Map of 40": (one(each), 2),
    }


def one(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "S", "States": {"S": state}}


def waits(seconds: int) -> dict[str, Any]:
    return one({"Type": "Wait", "Seconds": seconds, "End": True})


@dataclass(frozen=True, slots=True)
class Figures:
    seconds: float
    cpu_seconds: float
    """Of this process, all threads."""
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded mode in a folder, with one state machine."""

    database: Database
    parts: Parts
    machine: StateMachine
    database_file: Path

    async def start(self, count: int, prefix: str = "e") -> None:
        now = SystemClock().now()
        first = Execution("", Uid(""), "", self.machine.arn, "r", "RUNNING", JsonText(interpreter.INPUT), now)

        async def begin(number: int) -> None:
            name = f"{prefix}{number}"
            arn = PLACE.execution("bench", name)
            await self.parts.executions.start(
                structs.replace(first, arn=arn, uid=Uid(uuid.uuid4().hex), name=name)
            )

        await asyncio.gather(*map(begin, range(count)))

    async def ended(self) -> None:
        while (await self.parts.executions.executions(self.machine.arn, "RUNNING", None, 1)).items:  # noqa: ASYNC110 - nothing reports it
            await asyncio.sleep(0.01)

    async def written(self) -> None:
        """Until every execution has made its first step, and what it needed for it is gone."""
        fresh = "SELECT 1 FROM executions WHERE seq = 0 LIMIT 1"
        while True:
            found = await self.database.read(lambda connection: connection.execute(fresh).fetchone())
            await asyncio.sleep(0.2)
            if found is None:
                break
        gc.collect()

    def size_bytes(self) -> int:
        """Of the database and what is not yet folded into it."""
        log = self.database_file.with_name(self.database_file.name + "-wal")
        return self.database_file.stat().st_size + log.stat().st_size


@asynccontextmanager
async def embedded(folder: Path, definition: dict[str, Any]) -> AsyncIterator[Embedded]:
    clock = SystemClock()
    with tempfile.TemporaryDirectory(dir=folder) as inside:
        database = await Database.open(Path(inside))
        parts = Parts(database, clock, (), Reports(), MockTestCases(SqlTestCases(database), None))
        running = asyncio.create_task(parts.run())
        await parts.executions.taken_up()
        revision = Revision("r", json.dumps(definition), "arn:aws:iam::123456789012:role/bench", clock.now())
        machine = StateMachine(PLACE.state_machine("bench"), "bench", "STANDARD", clock.now(), revision)
        await parts.machines.add(machine)
        try:
            yield Embedded(database, parts, machine, Path(inside) / "stepwright.db")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await database.close()


async def measure(folder: Path, definition: dict[str, Any], count: int) -> Figures:
    async with embedded(folder, definition) as mode:
        began, used = time.perf_counter(), time.process_time()
        await mode.start(count)
        await mode.ended()
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - used
        return Figures(seconds, cpu_seconds, mode.size_bytes())


def bare_commits_per_second(folder: Path) -> float:
    """One row each, on disk when it returns, as whoever writes without sharing a transaction would do."""
    with tempfile.TemporaryDirectory(dir=folder) as inside:
        connection = sqlite3.connect(Path(inside) / "bare.db", isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL)")
        began = time.perf_counter()
        for number in range(BARE_COMMITS):
            connection.execute("INSERT INTO rows VALUES (?, ?)", (number, interpreter.INPUT))
        seconds = time.perf_counter() - began
        connection.close()
    return BARE_COMMITS / seconds


def language_cpu_seconds(definition: dict[str, Any]) -> float:
    """Processor time of one execution in the language alone."""
    execution = interpreter.execution_of(definition, encode=True)
    began = time.process_time()
    for _ in range(BARE_RUNS):
        execution()
    return (time.process_time() - began) / BARE_RUNS


async def waiting_bytes(folder: Path, seconds: int, count: int) -> float:
    """What one execution in a Wait of so many seconds takes of Python's memory."""
    async with embedded(folder, waits(seconds)) as mode:
        tracemalloc.start()
        await mode.start(WARMING_UP, "before")  # whatever is made once
        await mode.written()
        before = tracemalloc.get_traced_memory()[0]
        await mode.start(count)
        await mode.written()
        taken = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    return taken / count


def run(folder: Path, count: int = COUNT) -> None:
    rows: list[list[object]] = []
    for name, (definition, writes) in definitions().items():
        # In turns, and the best of each: what else the machine does slows any of them.
        rates, bare, cpu, alone, size = [], [], [], [], 0
        for _ in range(ROUNDS):
            bare.append(bare_commits_per_second(folder))
            alone.append(language_cpu_seconds(definition))
            figures = asyncio.run(measure(folder, definition, count))
            rates.append(count / figures.seconds)
            cpu.append(figures.cpu_seconds / count)
            size = figures.size_bytes
        rate, commits = max(rates), max(bare)
        rows.append(
            [
                name,
                round(rate),
                round(rate * writes),
                round(commits),
                rate / commits,
                min(cpu) * 1000,
                min(cpu) / min(alone),
                size / count / KIB,
            ]
        )
        if name == "one Pass":
            ratios.note(f"embedded, {name}: executions per second / bare commits", rate / commits)
        ratios.note(f"embedded, {name}: processor time / the language alone", min(cpu) / min(alone))
    table.show(
        f"{count:,} executions at once, SQLite (WAL, synchronous = FULL)",
        [
            "execution",
            "per second",
            "writes/s",
            "bare commits/s",
            "ratio",
            "CPU ms each",
            "/ language alone",
            "KiB on disk",
        ],
        rows,
    )
    live = asyncio.run(waiting_bytes(folder, LIVE_SECONDS, count))
    parked = asyncio.run(waiting_bytes(folder, A_YEAR, count))
    table.show(
        f"Memory of an execution that waits, of {count:,}",
        ["waits", "KiB each"],
        [["25 s, in memory", live / KIB], ["a year, parked", parked / KIB]],
    )
    ratios.note("embedded, memory of an execution that waits 25 s / 16 KiB", live / (16 * KIB))
    ratios.note("embedded, memory of an execution that waits a year / 4 KiB", parked / (4 * KIB))
