"""Executions that only wait: what the operator needs in memory for each, and in time for all of them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bench import ratios, table
from bench.alone import operator_alone
from bench.populating import create_all, until_all_wait
from bench.process import Usage, usage
from bench.watching import machine
from stepwright.kube.connection import connect
from tests.processes.operators import OperatorProcess

COUNT = 100_000
IDLE_SECONDS = 60
SETTLE_SECONDS = 20
YEAR_SECONDS = 365 * 24 * 3600
LEASE = "--lease-seconds=15"
"""As where nobody says anything else. Tests have 3, so that they need not wait, and five times the requests of an idle operator."""
NAMESPACE = "default"
INPUT = {"order": {"id": 7, "customer": "someone", "items": ["a", "b", "c"]}}
DEFINITION = {
    "StartAt": "Hold",
    "States": {"Hold": {"Type": "Wait", "Seconds": YEAR_SECONDS, "End": True}},
}


def run(folder: Path, count: int) -> None:
    with operator_alone(folder, LEASE) as (plane, operator):
        asyncio.run(measure(plane.kubeconfig, operator, count))


async def measure(kubeconfig: Path, operator: OperatorProcess, count: int) -> None:
    rows: list[list[object]] = []

    async def note(what: str, took: float) -> Usage:
        await asyncio.sleep(SETTLE_SECONDS)
        before = usage(operator.pid)
        await asyncio.sleep(IDLE_SECONDS)
        after = usage(operator.pid)
        idle = (after.cpu_seconds - before.cpu_seconds) / IDLE_SECONDS * 100
        rows.append([what, took, before.cpu_seconds, after.resident_mib, after.peak_mib, idle])
        return after

    async with await connect(kubeconfig, user_agent="stepwright-bench", timeout_seconds=300) as api:
        operator.start()
        await machine(api, NAMESPACE, "hold", DEFINITION)
        empty = await note("no execution", 0.0)
        began = time.perf_counter()
        await create_all(api, NAMESPACE, "hold", [f"hold-{n}" for n in range(count)], INPUT)
        await until_all_wait(api, NAMESPACE, operator, count)
        full = await note(f"{count:,} started by it", time.perf_counter() - began)
        operator.kill()
        began = time.perf_counter()
        operator.start(ready_seconds=300)
        await until_all_wait(api, NAMESPACE, operator, count)
        again = await note("the same after a restart", time.perf_counter() - began)
    table.show(
        f"{count:,} executions that wait a year, on an API server and an etcd of their own",
        [
            "operator",
            "seconds until all wait",
            "CPU seconds for it",
            "resident MiB",
            "most MiB",
            "idle CPU, % of a core",
        ],
        rows,
    )
    most = max(full.resident_mib, again.resident_mib)
    print(f"\nresident per execution: {(most - empty.resident_mib) * 1024 / count:.2f} KiB")
    if count == COUNT:
        ratios.note("100,000 waiting: resident memory / 2 GiB", most / 2048)
        idle = max(float(str(row[-1])) for row in rows[1:])
        ratios.note("100,000 waiting: idle CPU / 2 % of a core", idle / 2)
