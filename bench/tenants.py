"""Two tenants, one operator: what a burst of the one costs the other.

The quiet tenant runs one execution of one task after another, first alone, then while the busy tenant's burst is under way:
some of it has ended, and some has not begun. Its task is a container, as tasks are; then the same on KWOK's node, which runs no
container, so that what is left is Kubernetes and Stepwright; then that Job without Stepwright: what a burst costs it, it costs
whoever uses the cluster. At last the burst comes as bare Jobs, as many in a second as the executions were. All that is in a burst
runs on KWOK's node.
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
from bench.tasks import KWOK, REAL, bare_job, until_quiet
from bench.watching import (
    EXECUTIONS,
    JOBS,
    Watch,
    check,
    create,
    execution,
    has_ended,
    is_complete,
    machine,
)
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

COUNT: Final = 10_000
GOAL: Final = 2
QUIET_ROUNDS: Final = 12
PAUSE_SECONDS: Final = 0.5
"""Between two rounds of the quiet tenant, so that they do not meet a moment of the burst's own rhythm."""
UNDER_WAY_FROM: Final = 0.02
"""Share of the burst that has ended when measuring begins."""
MOST_BARE: Final = 2_000
"""Jobs of the bare burst: it shows what their rate costs, and need not last as long."""
ALONE, BESIDE, BESIDE_JOBS = "alone", "beside-executions", "beside-jobs"
"""When a round was: on a quiet system, beside another's burst of executions, beside as many bare Jobs."""
CONTAINER, KWOKS, BARE = "execution", "execution on KWOK", "bare Job on KWOK"
MACHINES: Final = {CONTAINER: ("one-container", REAL), KWOKS: ("one", KWOK)}


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
            async with await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
                await measure(api, busy, bare, quiet, operator, count)
    finally:
        cluster.kubectl("delete", "statemachines", "--all", "-n", quiet, "--timeout=60s", check=False)
        cluster.kubectl("delete", "namespace", bare, quiet, "--wait=false", check=False)


class Quiet:
    """The quiet tenant's rounds: an execution of one task on either node, then the same Job without Stepwright."""

    def __init__(self, api: Api, namespace: str, phases: Phases) -> None:
        self._api, self._namespace, self._phases = api, namespace, phases
        self._took: dict[tuple[str, str], dict[str, float]] = {}
        """Seconds by what ran and when, by name."""

    def names(self, what: str, when: str) -> list[str]:
        return list(self._took.get((what, when), ()))

    def seconds(self, what: str, when: str) -> list[float]:
        return list(self._took.get((what, when), {}).values())

    async def round(self, when: str, number: int, *, under_way: Callable[[], bool] = lambda: True) -> None:
        """What ends after the burst does not count."""
        name = f"{when}-{number}"
        # A kubelet looks at its containers once a second, so rounds begin at moments spread over that second.
        await asyncio.sleep(number % QUIET_ROUNDS / QUIET_ROUNDS)
        for what, kind, body, end in (
            *(
                (what, EXECUTIONS, execution(f"{name}-{machine_name}", machine_name), ENDED)
                for what, (machine_name, _) in MACHINES.items()
            ),
            (BARE, JOBS, bare_job(f"{name}-bare", KWOK), POD_ENDED),
        ):
            await asyncio.sleep(PAUSE_SECONDS)
            created = body["metadata"]["name"]
            self._phases.note(created, CREATE)
            await create(self._api, kind, self._namespace, body)
            self._phases.note(created, CREATED)
            seconds = await self._phases.until(created, end)
            if under_way():
                self._took.setdefault((what, when), {})[created] = seconds


async def measure(api: Api, busy: str, bare: str, quiet: str, operator: OperatorProcess, count: int) -> None:
    await machine(api, busy, "one", ONE_TASK, taskDefaults=KWOK.defaults)
    for name, node in MACHINES.values():
        await machine(api, quiet, name, ONE_TASK, taskDefaults=node.defaults)
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
        jobs_count = min(count, MOST_BARE)
        creating = create_jobs(api, bare, jobs_count, count / seconds)
        await during(rounds, BESIDE_JOBS, jobs, creating, jobs_count)
    show(rounds, phases, count)
    print(
        f"\nburst: {count:,} executions in {seconds:.0f} s, {60 * count / seconds:,.0f} a minute; operator: "
        f"{after.cpu_seconds - before.cpu_seconds:.0f} CPU seconds, peak memory {after.peak_mib:.0f} MiB"
    )
    if count == COUNT:
        ratios.note(
            "one task beside a burst of 10,000 / on a quiet system",
            mean(rounds.seconds(CONTAINER, BESIDE)) / mean(rounds.seconds(CONTAINER, ALONE)),
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
    if not all(rounds.seconds(what, BESIDE) for what in MACHINES):
        raise SystemExit(f"a burst of {count:,} was over before another tenant's execution had ended")
    table.show(
        f"One tenant's executions of one task (goal: {GOAL} x at most), the same without a container, and the Job of that without "
        f"Stepwright, until its container has ended; a burst is of {count:,}",
        ["what", "when", "times", "mean", "median", "least", "most", "mean / alone"],
        [
            [what, when, len(took), mean(took), median(took), min(took), max(took), mean(took) / mean(alone)]
            for what in (*MACHINES, BARE)
            for alone in [rounds.seconds(what, ALONE)]
            for when in (ALONE, BESIDE, BESIDE_JOBS)
            if (took := rounds.seconds(what, when))
        ],
    )
    for what in MACHINES:
        groups = [(when, rounds.names(what, when)) for when in (ALONE, BESIDE, BESIDE_JOBS)]
        phases.show(f"Where the time of an {what} goes", groups)
