"""Several replicas of the operator: how soon the executions of a killed one go on, and what a burst gains by them.

The first: executions that write once a second, and a watch of all their writes. Right after the SIGKILL those of the
killed replica fall silent; how long is what people wait for. The Lease counts its usual 15 seconds.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import msgspec

from bench import ratios, table
from bench.process import usage
from bench.tasks import COMMAND, IMAGE, KWOK
from bench.watching import EXECUTIONS, Object, Watch, at_once, check, create, execution, has_ended, machine
from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

GOAL_SECONDS = 20
TICKING = 60
BURST = 300
LEASE_SECONDS = 15
SETTLES_SECONDS = 8.0
"""For members to find each other and share."""

FOR_EVER: Object = {
    "StartAt": "Tick",
    "States": {
        "Tick": {"Type": "Wait", "Seconds": 1, "Next": "Enough"},
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.enough", "IsPresent": True, "Next": "Done"}],
            "Default": "Tick",
        },
        "Done": {"Type": "Succeed"},
    },
}
ONE_TASK: Object = {
    "StartAt": "T",
    "States": {
        "T": {
            "Type": "Task",
            "Resource": "k8s:job",
            "Parameters": {"image": IMAGE, "command": COMMAND},
            "End": True,
        }
    },
}


async def run(cluster: Cluster, namespace: str, folder: Path) -> None:
    async with await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        takeovers = []
        for count in (2, 3):
            with replicas(cluster, namespace, folder, count) as running:
                await asyncio.sleep(SETTLES_SECONDS)
                takeovers.append([count, *await takeover(api, namespace, running)])
        table.show(
            f"Take-over after SIGKILL of one replica, --lease-seconds={LEASE_SECONDS}: seconds from the kill to the next "
            f"write of its executions, {TICKING} executions in all (goal: {GOAL_SECONDS} at most)",
            ["replicas", "executions taken over", "first", "median", "last"],
            takeovers,
        )
        ratios.note(
            f"replicas: taken over from a dead one / {GOAL_SECONDS} s",
            max(row[-1] for row in takeovers) / GOAL_SECONDS,
        )
        bursts: list[list[object]] = []
        for count in (1, 2, 3):
            with replicas(cluster, namespace, folder, count) as running:
                await asyncio.sleep(SETTLES_SECONDS)
                bursts.append([count, *await burst(api, namespace, running, count)])
        rates = [row[2] for row in bursts]
        table.show(
            f"A burst of {BURST} one-task Executions, KWOK, by the number of replicas on the same machine",
            ["replicas", "seconds", "per minute", "rate / one replica", "CPU seconds of all replicas"],
            [[*row[:3], row[2] / rates[0], row[3]] for row in bursts],  # type: ignore[operator] # figures
        )


@contextmanager
def replicas(cluster: Cluster, namespace: str, folder: Path, count: int) -> Iterator[list[OperatorProcess]]:
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                OperatorProcess(
                    cluster,
                    folder / f"operator-{count}-{number}.log",
                    f"--namespace={namespace}",
                    f"--lease-seconds={LEASE_SECONDS}",
                    "--log-level=warning",
                    lease_namespace=namespace,
                )
            )
            for number in range(count)
        ]


async def takeover(
    api: Api, namespace: str, running: list[OperatorProcess]
) -> tuple[int, float, float, float]:
    """How many executions fell silent, and for how long: the first, the median, the last of them."""
    count = len(running)
    await machine(api, namespace, f"ticks-{count}", FOR_EVER)
    names = [f"tick-{count}-{number}" for number in range(TICKING)]
    await at_once([create(api, EXECUTIONS, namespace, execution(name, f"ticks-{count}")) for name in names])
    async with writes(api, namespace) as seen:
        await asyncio.sleep(10)
        running.pop().kill()
        killed = time.perf_counter()
        await asyncio.sleep(GOAL_SECONDS * 2)
        ended = time.perf_counter()
        gaps = [longest_silence(seen.get(name, []), killed, ended) for name in names]
    for name in names:
        await api.delete(path_of(*EXECUTIONS, namespace, name))
    silent = sorted(gap for gap in gaps if gap > LEASE_SECONDS / 2)
    if not silent:
        raise SystemExit("the killed replica carried nothing")
    return len(silent), silent[0], statistics.median(silent), silent[-1]


def longest_silence(written: list[float], killed: float, ended: float) -> float:
    """The longest time without a write that reaches past the kill: events of before may come late."""
    moments = [*written, ended]
    return max(
        (after - max(before, killed) for before, after in pairwise(moments) if after > killed), default=0.0
    )


async def burst(
    api: Api, namespace: str, running: list[OperatorProcess], count: int
) -> tuple[float, float, float]:
    await machine(api, namespace, f"one-{count}", ONE_TASK, taskDefaults=KWOK.defaults)
    async with Watch(api, EXECUTIONS, namespace, has_ended) as executions:
        names = [f"burst-{count}-{number}" for number in range(BURST)]
        before = sum(usage(process.pid).cpu_seconds for process in running)
        began = time.perf_counter()
        await at_once([create(api, EXECUTIONS, namespace, execution(name, f"one-{count}")) for name in names])
        await executions.until(names)
        seconds = max(executions.done[name] for name in names) - began
        check(executions)
    spent = sum(usage(process.pid).cpu_seconds for process in running) - before
    await asyncio.sleep(10)  # the Jobs' own ends would disturb what comes next
    return seconds, 60 * BURST / seconds, spent


@asynccontextmanager
async def writes(api: Api, namespace: str) -> AsyncIterator[dict[str, list[float]]]:
    """When each Execution was seen to be written, by name, while the block lasts."""
    seen: dict[str, list[float]] = {}

    async def follow() -> None:
        while True:
            with suppress(ApiError):
                async for event in watches.watch(api, path_of(*EXECUTIONS, namespace)):
                    if event.type == "MODIFIED":
                        name = msgspec.json.decode(event.object, type=_Named).metadata.name
                        seen.setdefault(name, []).append(time.perf_counter())

    task = asyncio.create_task(follow())
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Metadata(msgspec.Struct):
    name: str


class _Named(msgspec.Struct):
    metadata: _Metadata
