"""Two tenants, one operator: what a burst of the one costs the other.

The quiet tenant runs one execution of one task after another, first alone, then while the busy tenant's burst is under way:
some of it has ended, and some has not begun. Between them it runs the same Job without Stepwright: what a burst costs that, it
costs whoever uses the cluster. At last the burst comes as bare Jobs, as many in a second as the executions were. All run on
KWOK's node, so what is measured is Kubernetes and Stepwright, and no container.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from pathlib import Path
from statistics import mean, median
from typing import Any, Final

from bench import ratios, table
from bench.phases import CREATE, CREATED, ENDED, POD_ENDED, Phases
from bench.populating import create_all
from bench.process import usage
from bench.replicas import ONE_TASK
from bench.tasks import KWOK, bare_job, until_quiet
from bench.watching import (
    EXECUTIONS,
    JOBS,
    Kind,
    Watch,
    check,
    create,
    execution,
    has_ended,
    is_complete,
    machine,
)
from stepwright.cluster.api import Api
from tests.cluster import Cluster
from tests.operator_process import OperatorProcess

COUNT: Final = 10_000
GOAL: Final = 2
QUIET_ROUNDS: Final = 12
PAUSE_SECONDS: Final = 0.5
"""Between two rounds of the quiet tenant, so that they do not meet a moment of the burst's own rhythm."""
UNDER_WAY_FROM: Final = 0.02
"""Share of the burst that has ended when measuring begins."""
ALONE, BESIDE, BESIDE_JOBS = "alone", "beside-executions", "beside-jobs"
"""When a round was: on a quiet system, beside another's burst of executions, beside as many bare Jobs."""


async def run(cluster: Cluster, namespace: str, folder: Path, count: int) -> None:
    busy, bare, quiet = namespace, f"{namespace}-bare", f"{namespace}-quiet"
    for tenant in (bare, quiet):
        cluster.kubectl("create", "namespace", tenant)
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
                await measure(api, busy, bare, quiet, operator, count)
    finally:
        cluster.kubectl("delete", "statemachines", "--all", "-n", quiet, "--timeout=60s", check=False)
        cluster.kubectl("delete", "namespace", bare, quiet, "--wait=false", check=False)


class Quiet:
    """The quiet tenant's rounds: an execution of one task, then the same Job without Stepwright."""

    def __init__(self, api: Api, namespace: str, phases: Phases) -> None:
        self._api, self._namespace, self._phases = api, namespace, phases
        self._took: dict[Kind, dict[str, dict[str, float]]] = {EXECUTIONS: {}, JOBS: {}}
        """Seconds by kind, by when it ran, by name."""

    def names(self, when: str) -> list[str]:
        return list(self._took[EXECUTIONS].get(when, ()))

    def seconds(self, when: str) -> list[float]:
        return list(self._took[EXECUTIONS].get(when, {}).values())

    def bare_seconds(self, when: str) -> list[float]:
        return list(self._took[JOBS].get(when, {}).values())

    async def round(self, when: str, number: int, *, under_way: Callable[[], bool] = lambda: True) -> None:
        """What ends when the burst is no longer under way does not count."""
        for kind, name, body, end in (
            (EXECUTIONS, f"{when}-{number}", execution(f"{when}-{number}", "one"), ENDED),
            (JOBS, f"{when}-bare-{number}", bare_job(f"{when}-bare-{number}", KWOK), POD_ENDED),
        ):
            await asyncio.sleep(PAUSE_SECONDS)
            self._phases.note(name, CREATE)
            await create(self._api, kind, self._namespace, body)
            self._phases.note(name, CREATED)
            seconds = await self._phases.until(name, end)
            if under_way():
                self._took[kind].setdefault(when, {})[name] = seconds


async def measure(api: Api, busy: str, bare: str, quiet: str, operator: OperatorProcess, count: int) -> None:
    for tenant in (busy, quiet):
        await machine(api, tenant, "one", ONE_TASK, taskDefaults=KWOK.defaults)
    async with (
        Watch(api, EXECUTIONS, busy, has_ended) as executions,
        Watch(api, JOBS, bare, is_complete) as jobs,
        Phases(api, quiet) as phases,
    ):
        rounds = Quiet(api, quiet, phases)
        await rounds.round("warm-up", 0)
        await until_quiet(api, quiet)
        for number in range(QUIET_ROUNDS):
            await rounds.round(ALONE, number)
        before = usage(operator.pid)
        names = [f"burst-{n}" for n in range(count)]
        seconds = await during(rounds, BESIDE, executions, create_all(api, busy, "one", names, {}), count)
        check(executions)
        after = usage(operator.pid)
        await until_quiet(api, busy)
        await during(rounds, BESIDE_JOBS, jobs, create_jobs(api, bare, count, count / seconds), count)
    show(rounds, phases, count)
    print(
        f"\nburst: {count:,} executions in {seconds:.0f} s, {60 * count / seconds:,.0f} a minute; operator: "
        f"{after.cpu_seconds - before.cpu_seconds:.0f} CPU seconds, peak memory {after.peak_mib:.0f} MiB"
    )
    if count == COUNT:
        ratios.note(
            "one task beside a burst of 10,000 / on a quiet system",
            mean(rounds.seconds(BESIDE)) / mean(rounds.seconds(ALONE)),
        )


async def during(
    rounds: Quiet, when: str, burst: Watch, creating: Coroutine[Any, Any, None], count: int
) -> float:
    """The quiet tenant's rounds while a burst is under way, which ``creating`` makes; how long it took."""
    task = asyncio.create_task(creating)
    try:
        await burst.until_count(int(count * UNDER_WAY_FROM))
        for number in itertools.count():
            if len(burst.done) >= count:
                break
            await rounds.round(when, number, under_way=lambda: len(burst.done) < count)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return max(burst.done.values()) - min(burst.done.values())


async def create_jobs(api: Api, namespace: str, count: int, a_second: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / a_second - loop.time()))
            group.create_task(create(api, JOBS, namespace, bare_job(f"burst-{number}", KWOK)))


def show(rounds: Quiet, phases: Phases, count: int) -> None:
    if not rounds.seconds(BESIDE):
        raise SystemExit(f"a burst of {count:,} was over before another tenant's execution had ended")
    table.show(
        f"One tenant's executions of one task (goal: {GOAL} x at most) and the same Job without Stepwright, until its container "
        f"has ended; a burst is of {count:,}",
        ["what", "when", "times", "mean", "median", "least", "most", "mean / alone"],
        [
            [what, when, len(took), mean(took), median(took), min(took), max(took), mean(took) / mean(alone)]
            for what, seconds in (("execution", rounds.seconds), ("bare Job", rounds.bare_seconds))
            for alone in [seconds(ALONE)]
            for when in (ALONE, BESIDE, BESIDE_JOBS)
            if (took := seconds(when))
        ],
    )
    phases.show("Where the time goes", [(when, rounds.names(when)) for when in (ALONE, BESIDE, BESIDE_JOBS)])
