"""Executions per second in the embedded mode: the journal in SQLite, each commit on disk before anything follows.

``python -m bench.embedded [EXECUTIONS]``. All are started at once and run to their end in this process, without HTTP; of
the figures only ratios within one run carry over to another machine.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from stepwright.asl.json_types import JsonText
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution, Revision, StateMachine
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import Uid
from stepwright.local.catalog import SqlCatalog
from stepwright.local.database import Database
from stepwright.local.runner import LocalRunner

PLACE = Place("123456789012", "us-east-1")


def chain(length: int) -> dict[str, Any]:
    """States that pass on a small object, each of them a little changed."""
    states: dict[str, Any] = {
        f"S{n}": {"Type": "Pass", "Result": n, "ResultPath": f"$.n{n % 3}", "Next": f"S{n + 1}"}
        for n in range(length)
    }
    return {"StartAt": "S0", "States": {**states, f"S{length}": {"Type": "Succeed"}}}


def waits(count: int) -> dict[str, Any]:
    """Each Wait ends a step, so each is a commit of its own."""
    states: dict[str, Any] = {
        f"S{n}": {"Type": "Wait", "Seconds": 0, "Next": f"S{n + 1}"} for n in range(count)
    }
    return {"StartAt": "S0", "States": {**states, f"S{count}": {"Type": "Succeed"}}}


async def measure(definition: Any, executions: int) -> tuple[float, float, float]:
    """Seconds, seconds of CPU, and MiB on disk."""
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(Path(folder))
        clock = SystemClock()
        catalog = SqlCatalog(database)
        runner = LocalRunner(database, catalog, clock, ())
        running = asyncio.create_task(runner.run())
        now = clock.now()
        revision = Revision("r", json.dumps(definition), "arn:aws:iam::123456789012:role/bench", now)
        machine = StateMachine(PLACE.state_machine("bench"), "bench", "STANDARD", now, revision)
        await catalog.add_machine(machine)
        first = Execution(
            "", Uid(""), "", machine.arn, "r", "RUNNING", JsonText('{"order": 7, "items": [1, 2, 3]}'), now
        )

        async def one(number: int) -> None:
            name = f"e{number}"
            arn = PLACE.execution("bench", name)
            await runner.start(replace(first, arn=arn, uid=Uid(uuid.uuid4().hex), name=name))

        begun, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*(one(number) for number in range(executions)))
        while await catalog.executions(machine.arn, "RUNNING", None, 1):  # noqa: ASYNC110 - nothing tells of ends
            await asyncio.sleep(0.01)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - used
        size = (Path(folder) / "stepwright.db").stat().st_size / 2**20
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await database.close()
    return seconds, cpu, size


def main() -> None:
    executions = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(f"{executions} executions at once, SQLite (WAL, synchronous=FULL)\n")
    print(
        f"{'definition':<24} {'commits each':>12} {'executions/s':>12} {'commits/s':>10} {'CPU ms each':>11} {'MiB':>6}"
    )
    for name, definition, commits in (
        ("4 states", chain(3), 1),
        ("11 states", chain(10), 1),
        ("2 states, 1 wait", waits(1), 2),
        ("11 states, 10 waits", waits(10), 11),
    ):
        seconds, cpu, size = asyncio.run(measure(definition, executions))
        rate = executions / seconds
        # Writing down that the execution has begun is a write, too.
        print(
            f"{name:<24} {commits + 1:>12} {rate:>12.0f} {rate * (commits + 1):>10.0f} {cpu / executions * 1000:>11.2f} {size:>6.1f}"
        )


if __name__ == "__main__":
    main()
