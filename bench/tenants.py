"""Two tenants, one operator: what a burst of the one costs the other.

The quiet tenant runs one execution of one task after another, first alone, then while the busy tenant's burst is under way:
some of it has ended, and some has not begun. Both run on KWOK's node, so what is measured is Kubernetes and Stepwright, and
no container.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from statistics import mean, median
from typing import Final

from bench import ratios, table
from bench.populating import create_all
from bench.process import usage
from bench.replicas import ONE_TASK
from bench.tasks import KWOK, timed_execution, until_quiet
from bench.watching import EXECUTIONS, Watch, check, has_ended, machine
from stepwright.cluster.api import Api
from tests.cluster import Cluster
from tests.operator_process import OperatorProcess

COUNT: Final = 10_000
GOAL: Final = 2
QUIET_ROUNDS: Final = 12
PAUSE_SECONDS: Final = 0.5
"""Between two executions of the quiet tenant, so that they do not meet a moment of the burst's own rhythm."""
UNDER_WAY_FROM: Final = 0.02
"""Share of the burst that has ended when measuring begins."""


async def run(cluster: Cluster, namespace: str, folder: Path, count: int) -> None:
    busy, quiet = namespace, f"{namespace}-quiet"
    cluster.kubectl("create", "namespace", quiet)
    operator = OperatorProcess(
        cluster,
        folder / "operator.log",
        f"--namespace={busy}",
        f"--namespace={quiet}",
        "--log-level=warning",
        lease_namespace=busy,
    )
    try:
        with operator:
            async with await Api.connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
                await measure(api, busy, quiet, operator, count)
    finally:
        cluster.kubectl("delete", "statemachines", "--all", "-n", quiet, "--timeout=60s", check=False)
        cluster.kubectl("delete", "namespace", quiet, "--wait=false", check=False)


async def measure(api: Api, busy: str, quiet: str, operator: OperatorProcess, count: int) -> None:
    for tenant in (busy, quiet):
        await machine(api, tenant, "one", ONE_TASK, taskDefaults=KWOK.defaults)
    async with (
        Watch(api, EXECUTIONS, busy, has_ended) as burst,
        Watch(api, EXECUTIONS, quiet, has_ended) as single,
    ):
        await timed_execution(api, quiet, "warm-up", "one", single)
        await until_quiet(api, quiet)
        alone = [await paced(api, quiet, f"alone-{n}", single) for n in range(QUIET_ROUNDS)]
        names = [f"burst-{n}" for n in range(count)]
        before = usage(operator.pid)
        creating = asyncio.create_task(create_all(api, busy, "one", names, {}))
        began = asyncio.get_running_loop().time()
        beside: list[float] = []
        try:
            await burst.until_count(int(count * UNDER_WAY_FROM))
            while len(burst.done) < count:
                took = await paced(api, quiet, f"beside-{len(beside)}", single)
                if len(burst.done) < count:
                    beside.append(took)
            seconds = asyncio.get_running_loop().time() - began
        finally:
            creating.cancel()
            await asyncio.gather(creating, return_exceptions=True)
        check(burst)
        check(single)
        after = usage(operator.pid)
    show(alone, beside, count)
    print(
        f"\nburst: {count:,} executions in {seconds:.0f} s, {60 * count / seconds:,.0f} a minute; operator: "
        f"{after.cpu_seconds - before.cpu_seconds:.0f} CPU seconds, peak memory {after.peak_mib:.0f} MiB"
    )
    if count == COUNT:
        ratios.note("one task beside a burst of 10,000 / on a quiet system", mean(beside) / mean(alone))


async def paced(api: Api, namespace: str, name: str, watch: Watch) -> float:
    await asyncio.sleep(PAUSE_SECONDS)
    return await timed_execution(api, namespace, name, "one", watch)


def show(alone: list[float], beside: list[float], count: int) -> None:
    if not beside:
        raise SystemExit(f"a burst of {count:,} was over before another tenant's execution had ended")
    rows = (("on a quiet system", alone), (f"beside another's burst of {count:,}", beside))
    table.show(
        f"One-task executions of one tenant (goal: {GOAL} x at most)",
        ["when", "times", "mean", "median", "least", "most", "mean / quiet"],
        [
            [when, len(took), mean(took), median(took), min(took), max(took), mean(took) / mean(alone)]
            for when, took in rows
        ],
    )
