"""Three tenants, two operators: what two whose definitions compute all they may, all the time, cost the third.

The third runs one execution of one task after another, first alone, then beside them. What counts is how long each waits
for its first write: later it waits for Kubernetes, which takes its own time on the same processors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import Final

from bench import ratios, table
from bench.replicas import ONE_TASK
from bench.tasks import KWOK
from bench.watching import machine
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from tests.data import costly_tenants
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

COUNT: Final = 200
ALONE_COUNT: Final = 20
GOAL_SECONDS: Final = 2
LEASE_SECONDS: Final = 15
SETTLES_SECONDS: Final = 8.0
"""For members to find each other and share."""


async def run(cluster: Cluster, namespace: str, folder: Path, count: int) -> None:
    quiet, costly = namespace, [f"{namespace}-a", f"{namespace}-b"]
    for tenant in costly:
        cluster.kubectl("create", "namespace", tenant)
    try:
        with ExitStack() as operators:
            for number in range(2):
                operators.enter_context(_operator(cluster, folder, number, quiet, costly))
            async with await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
                await machine(api, quiet, "one", ONE_TASK, taskDefaults=KWOK.defaults)
                await asyncio.sleep(SETTLES_SECONDS)
                await measure(api, quiet, costly, count)
            for tenant in (*costly, quiet):
                what = ("delete", "executions,statemachines", "--all", "-n", tenant, "--timeout=120s")
                cluster.kubectl(*what, check=False)
    finally:
        cluster.kubectl("delete", "namespace", *costly, "--wait=false", check=False)


def _operator(
    cluster: Cluster, folder: Path, number: int, quiet: str, costly: Sequence[str]
) -> OperatorProcess:
    return OperatorProcess(
        cluster,
        folder / f"operator-{number}.log",
        *(f"--namespace={tenant}" for tenant in (quiet, *costly)),
        f"--lease-seconds={LEASE_SECONDS}",
        "--log-level=warning",
        lease_namespace=quiet,
    )


async def measure(api: Api, quiet: str, costly: Sequence[str], count: int) -> None:
    async with costly_tenants.watched_leases(api, quiet) as leases:
        alone = await _starts(api, quiet, "alone", ALONE_COUNT)
        async with AsyncExitStack() as tenants:
            for namespace in costly:
                await tenants.enter_async_context(costly_tenants.busy(api, namespace))
            beside = await _starts(api, quiet, "beside", count)
    table.show(
        "Seconds until an execution has started (goal: 99 of 100 within 2 s), beside two tenants that compute all the time",
        ["when", "times", "p50", "p99", "most"],
        [
            [when, len(took), median(took), p99(took), max(took)]
            for when, took in (("alone", alone), ("beside", beside))
        ],
    )
    longest = max(leases.longest.values())
    print(
        f"\nlongest time between two renewals of a Lease: {longest * LEASE_SECONDS:.1f} s; Leases lost: {leases.gone}"
    )
    if count == COUNT:
        ratios.note("start beside tenants that compute all the time, p99 / 2 s", p99(beside) / GOAL_SECONDS)


def p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[-1]


async def _starts(api: Api, namespace: str, prefix: str, count: int) -> list[float]:
    return [
        (await costly_tenants.started_and_ended(api, namespace, f"{prefix}-{number}", "one"))[0]
        for number in range(count)
    ]
