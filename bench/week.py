"""A busy installation after a week: 50,000 executions a day, of which seven days lie in the store.

What has ended is put into etcd below the API server, as copies of one execution that ran here: to run them all would
take days. An API server keeps all objects in its watch cache, and a week of them would fill a machine of 24 GiB. So the
oldest 60,000 are put there, a third of them first: what both sizes need shows, by a straight line, what a week needs. Then
executions come at the pace of a day for an hour, while the default retention deletes what has become a week old at the
same pace, since the oldest lie as close together as they would in truth. What grows is looked at: the store, and the memory of the
operator and of the API server.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp

from bench import ratios, table
from bench.alone import operator_alone
from bench.process import usage
from bench.stored import Copy, Pattern, put
from bench.watching import EXECUTIONS, Status, Watch, check, create, execution, has_ended, machine
from stepwright.kube import timestamps
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from stepwright.tasks.job import names
from tests.processes.operators import OperatorProcess
from tests.testcluster.alone import ControlPlane

A_DAY = 50_000
DAYS = 7
WEEK = A_DAY * DAYS
COUNT = 60_000
FIRST_SHARE = 1 / 3
#: For the operator's first round, and for what the API server has read to be collected.
SETTLE_SECONDS = 45
SECONDS = 3600
#: With --count: long enough for the pace, too short for Jobs to reach their TTL.
SECONDS_SHORT = 180
NAMESPACE = "default"
KEPT_SECONDS = DAYS * 24 * 3600
MISSED_SECONDS = 120.0

_TASK: dict[str, Any] = {
    "Type": "Task",
    "Resource": "k8s:job",
    "Parameters": {"image": "busybox:1.37", "command": ["true"], "input.$": "$"},
    "ResultPath": None,
}
#: The shape of examples/order-processing: two tasks side by side, a choice, two more.
DEFINITION: dict[str, Any] = {
    "StartAt": "CheckOrder",
    "States": {
        "CheckOrder": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": name, "States": {name: {**_TASK, "End": True}}}
                for name in ("ValidatePayment", "CheckInventory")
            ],
            "ResultPath": None,
            "Next": "InStock",
        },
        "InStock": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.order.id", "NumericGreaterThan": 0, "Next": "Ship"}],
        },
        "Ship": {**_TASK, "Next": "Notify"},
        "Notify": {**_TASK, "Next": "Receipt"},
        "Receipt": {"Type": "Pass", "End": True},
    },
}
INPUT = {"order": {"id": 7, "customer": "someone", "items": ["a", "b", "c"]}}
_ON_KWOK = {
    # A machine that is busy with other things makes pods late, which is not what is looked at.
    "pendingGraceSeconds": 1800,
    "nodeSelector": {"type": "kwok"},
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}],
}


@dataclass(frozen=True, slots=True)
class Sample:
    at: float
    stored: int
    """Bytes in use in etcd's file, versions that are not compacted yet among them."""
    file: int
    operator_mib: float
    operator_cpu: float
    apiserver_mib: float
    executions: int


def run(folder: Path, count: int) -> None:
    with operator_alone(folder, "--lease-seconds=15", with_simulated_node=True) as (plane, operator):
        asyncio.run(measure(plane, operator, count))


async def measure(plane: ControlPlane, operator: OperatorProcess, count: int) -> None:
    seconds = SECONDS if count == COUNT else SECONDS_SHORT
    async with await connect(plane.kubeconfig, user_agent="stepwright-bench", timeout_seconds=300) as api:
        operator.start()
        await machine(
            api,
            NAMESPACE,
            "orders",
            DEFINITION,
            taskDefaults=_ON_KWOK,
            retention={"ttlSecondsAfterFinished": KEPT_SECONDS},
        )
        async with Watch(api, EXECUTIONS, NAMESPACE, has_ended) as watch:
            await create(api, EXECUTIONS, NAMESPACE, execution("pattern", "orders", input=INPUT))
            await watch.until(["pattern"], 60)
            check(watch)
        await asyncio.sleep(2)
        operator.stop()
        pattern = await Pattern.of(plane, NAMESPACE, "pattern", "pattern")
        sizes: list[Sample] = []
        copies = copies_of(pattern, count)
        for part in (round(count * FIRST_SHARE), count - round(count * FIRST_SHARE)):
            began = time.perf_counter()
            await put(plane, islice(copies, part))
            size = len(pattern.text)
            print(f"{part:,} of {size:,} bytes stored in {time.perf_counter() - began:.0f} s", flush=True)
            began = time.perf_counter()
            await asyncio.to_thread(operator.start, ready_seconds=600)
            print(f"operator ready after {time.perf_counter() - began:.1f} s", flush=True)
            await asyncio.sleep(SETTLE_SECONDS)
            sizes.append(await sample(api, plane, operator))
            if len(sizes) == 1:
                await asyncio.to_thread(operator.stop)
        samples = sizes[-1:]
        took: list[float] = []
        await pace(api, plane, operator, seconds, samples, took)
    report(count, seconds, samples, sorted(took))
    extrapolate(count, sizes, samples)


async def pace(
    api: Api,
    plane: ControlPlane,
    operator: OperatorProcess,
    seconds: int,
    samples: list[Sample],
    took: list[float],
) -> None:
    """Executions at the pace of a day; a sample each minute."""
    total = seconds * A_DAY // 86_400
    began = time.perf_counter()

    async def one(watch: Watch, number: int) -> None:
        await asyncio.sleep(max(0.0, number * 86_400 / A_DAY - (time.perf_counter() - began)))
        name, created = f"new-{number}", time.time()
        await create(api, EXECUTIONS, NAMESPACE, execution(name, "orders", input=INPUT))
        status = await ended(name, watch)
        if status["phase"] != "Succeeded":
            jobs = plane.kubectl("describe", "jobs,pods", "-l", f"{names.EXECUTION}={name}", check=False)
            raise SystemExit(
                f"{name}: {status['phase']}: {status.get('error')}: {status.get('cause')}\n{jobs}"
            )
        # By what is written, not by when it was seen: the API server cuts each watch within the hour.
        took.append(timestamps.millis(status["endTime"]) / 1000 - created)

    async def ended(name: str, watch: Watch) -> Status:
        while True:
            # No watch reports what settles while one that was cut begins anew.
            with suppress(TimeoutError):
                await watch.until([name], MISSED_SECONDS)
            found: Status = (await api.get(path_of(*EXECUTIONS, NAMESPACE, name))).get("status") or {}
            if has_ended(found):
                return found

    async def look() -> None:
        while True:
            await asyncio.sleep(min(60, seconds / 3))
            samples.append(await sample(api, plane, operator))

    looking = asyncio.create_task(look())
    try:
        # What has ended stays out: to read a week of it would cost more than all that is measured.
        async with Watch(api, EXECUTIONS, NAMESPACE, has_ended, "status.settled!=true") as watch:
            await asyncio.gather(*(one(watch, number) for number in range(total)))
    finally:
        looking.cancel()
    samples.append(await sample(api, plane, operator))


async def sample(api: Api, plane: ControlPlane, operator: OperatorProcess) -> Sample:
    if not operator.alive:
        raise SystemExit(f"the operator ended:\n{operator.log_tail()}")
    async with aiohttp.ClientSession() as session, session.get(f"{plane.etcd_url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    figures = {
        name: float(value)
        for name, _, value in (line.rpartition(" ") for line in lines if "{" not in line)
        if name.startswith("etcd_mvcc_db_total_size")
    }
    first = await api.get(path_of(*EXECUTIONS, NAMESPACE) + "?limit=1")
    used, server = usage(operator.pid), usage(plane.servers["kube-apiserver"].pid)
    return Sample(
        at=time.perf_counter(),
        stored=int(figures["etcd_mvcc_db_total_size_in_use_in_bytes"]),
        file=int(figures["etcd_mvcc_db_total_size_in_bytes"]),
        operator_mib=used.resident_mib,
        operator_cpu=used.cpu_seconds,
        apiserver_mib=server.resident_mib,
        executions=1 + int(first["metadata"].get("remainingItemCount") or 0),
    )


def report(count: int, seconds: int, samples: list[Sample], took: list[float]) -> None:
    first, last = samples[0], samples[-1]
    rows = [
        [
            round((found.at - first.at) / 60),
            found.executions,
            round(found.stored / 2**20),
            round(found.file / 2**20),
            round(found.operator_mib),
            round(found.apiserver_mib),
        ]
        for found in (*samples[:: max(1, len(samples) // 12)], last)
    ]
    table.show(
        f"50,000 executions a day beside {count:,} that have ended",
        ["minute", "executions", "etcd in use, MiB", "etcd file, MiB", "operator MiB", "API server MiB"],
        rows,
    )
    cpu = (last.operator_cpu - first.operator_cpu) / (last.at - first.at) * 100
    print(
        f"\n{len(took):,} executions in {seconds / 60:.0f} minutes, each of four Jobs: "
        f"{took[len(took) // 2]:.1f} s (median), {took[int(len(took) * 0.99)]:.1f} s (99th percentile); "
        f"operator: {cpu:.1f} % of a core, {max(found.operator_mib for found in samples):.0f} MiB at most"
    )


def extrapolate(count: int, sizes: list[Sample], samples: list[Sample]) -> None:
    """What a whole week takes, in a straight line through the two sizes."""
    small, full = sizes

    def a_week(of: Callable[[Sample], float]) -> float:
        for_one = max(0.0, (of(full) - of(small)) / (full.executions - small.executions))
        return of(full) + for_one * (WEEK - full.executions)

    of_week = [a_week(of) for of in MEASURED]
    # The processor time is that of its start and of one round.
    table.show(
        f"A week of 50,000 a day, in a straight line through {small.executions:,} and {full.executions:,}",
        [
            "executions",
            "etcd in use, MiB",
            "etcd file, MiB",
            "operator MiB",
            "API server MiB",
            "operator CPU s",
        ],
        [[found.executions, *(round(of(found)) for of in MEASURED)] for found in sizes]
        + [[WEEK, *map(round, of_week)]],
    )
    if count == COUNT:
        stored_by_then, _, operator_mib, _, _ = of_week
        grown = max(found.operator_mib for found in samples) - full.operator_mib
        ratios.note("a week of 50,000 a day: operator's memory / 512 MiB", (operator_mib + grown) / 512)
        more = (samples[-1].stored - samples[0].stored) / 2**20
        ratios.note(
            "a week of 50,000 a day: etcd at the end / at the start", (stored_by_then + more) / stored_by_then
        )


MEASURED: tuple[Callable[[Sample], float], ...] = (
    lambda found: found.stored / 2**20,
    lambda found: found.file / 2**20,
    lambda found: found.operator_mib,
    lambda found: found.apiserver_mib,
    lambda found: found.operator_cpu,
)


def copies_of(pattern: Pattern, count: int) -> Iterator[Copy]:
    """Copies that ended at the pace of a day, the oldest a week ago."""
    oldest = datetime.now(UTC) - timedelta(seconds=KEPT_SECONDS)
    for number in range(count):
        ended = oldest + timedelta(seconds=number * 86_400 / A_DAY)
        yield pattern.copy(f"old-{number:06}", str(uuid.uuid4()), ended, ended)
