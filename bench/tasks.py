"""Executions of Tasks beside the same bare Jobs: alone, five in a row, in a burst; on a real node and on KWOK's.

Both run the same pod on the same node, in turns; times are from before the create request to the watch event that
says it is done, seen by this process. Writes are counted in the API server's audit log.

A kubelet asks its runtime once a second what has become of its containers, and everything that a pod's end starts
begins at such a moment. What is created a tenth of a second after one is done with the next, a second later, and what
is created half a second after it perhaps with the same. So rounds are spread evenly over that second, and the mean is
shown; and since a task in a row always begins at such a moment, a row of five is compared with executions of one task
that do, too: each created as the one before it ends.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from statistics import mean
from typing import Any

import msgspec

from bench import ratios, table
from bench.chains import chain
from bench.process import machine_cpu_seconds, usage
from bench.watching import (
    EXECUTIONS,
    JOBS,
    Object,
    Watch,
    at_once,
    check,
    create,
    execution,
    has_ended,
    is_complete,
    machine,
)
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

IMAGE = "busybox:1.37"
COMMAND = ["sh", "-c", "echo '{}' > /dev/termination-log"]
USER_AGENT = "stepwright/"
FIVE = 5
ROWS = 4
SETTLING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Node:
    """Where the pods run. ``pause``: seconds after an execution in which its Jobs' own ends would disturb the next."""

    name: str
    defaults: Object
    pod: Object
    rounds: int
    burst: int
    pause: float


REAL = Node("real node", {}, {}, rounds=8, burst=40, pause=2.5)
_KWOK_POD: Object = {
    "nodeSelector": {"type": "kwok"},
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}],
}
KWOK = Node("KWOK", _KWOK_POD, _KWOK_POD, rounds=8, burst=1000, pause=0.5)


async def run(cluster: Cluster, namespace: str, operator: OperatorProcess, node: Node) -> None:
    audit = Audit(cluster.audit_log)
    task: Object = {
        "Type": "Task",
        "Resource": "k8s:job",
        "Parameters": {"image": IMAGE, "command": COMMAND},
    }
    async with await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        defaults = {"taskDefaults": node.defaults} if node.defaults else {}
        await machine(api, namespace, "one", chain(task, 1), **defaults)
        await machine(api, namespace, "five", chain(task, FIVE), **defaults)
        async with (
            Watch(api, EXECUTIONS, namespace, has_ended) as executions,
            Watch(api, JOBS, namespace, is_complete) as jobs,
        ):
            await alone(api, namespace, node, executions, jobs, audit if cluster.can("audit") else None)
            await burst(api, namespace, node, executions, jobs, operator)
            check(executions)


async def alone(
    api: Api, namespace: str, node: Node, executions: Watch, jobs: Watch, audit: Audit | None
) -> None:
    await timed_execution(api, namespace, "warm-up", "one", executions)
    await timed_job(api, namespace, "warm-up-bare", node, jobs)
    await until_quiet(api, namespace)
    since = audit.mark() if audit else 0
    ones: list[float] = []
    bare: list[float] = []
    for number in range(node.rounds):
        # What has just ended did so at one of the kubelet's moments.
        pause = node.pause + number / node.rounds
        await asyncio.sleep(pause)
        ones.append(await timed_execution(api, namespace, f"one-{number}", "one", executions))
        await asyncio.sleep(pause)
        bare.append(await timed_job(api, namespace, f"bare-{number}", node, jobs))
    await timed_execution(api, namespace, "next-first", "one", executions)
    following = [
        await timed_execution(api, namespace, f"next-{number}", "one", executions)
        for number in range(node.rounds)
    ]
    await until_quiet(api, namespace)
    written = by_request(audit, since, namespace) if audit else Counter()
    await timed_execution(api, namespace, "row-first", "one", executions)
    fives = [
        await timed_execution(api, namespace, f"five-{number}", "five", executions) for number in range(ROWS)
    ]
    job = mean(bare)
    rows: Sequence[tuple[str, list[float]]] = (
        ("bare Job to Complete", bare),
        ("one-task Execution", ones),
        ("one-task Execution, as another ends", following),
        ("five tasks in a row, as another ends", fives),
    )
    table.show(
        f"One at a time, {node.name}: seconds from create to done",
        ["what", "times", "mean", "least", "most", "ratio to bare Job"],
        [[what, len(took), mean(took), min(took), max(took), mean(took) / job] for what, took in rows],
    )
    print(f"\nfive in a row / one as another ends: {mean(fives) / mean(following):.2f}")
    print(f"each further task in a row: {(mean(fives) - mean(following)) / (FIVE - 1):.2f} s")
    ratios.note(f"one task, {node.name} / bare Job", mean(ones) / job)
    if node is REAL:
        ratios.note("five tasks in a row, real node / one task", mean(fives) / mean(following))
    else:
        ratios.note(f"five tasks in a row, {node.name} / bare Job", mean(fives) / job)
    if audit:
        count = len(ones) + 1 + len(following)
        show_writes(written, count)
        suffix = "" if node is REAL else f", {node.name}"
        ratios.note(f"writes per one-task execution{suffix}", written.total() / count)


@dataclass(frozen=True, slots=True)
class _Burst:
    """``seconds``: from the first create to the end of the last. ``cpu_seconds``: of the whole machine, until there is
    nothing more to do for any Job."""

    seconds: float
    cpu_seconds: float


async def burst(
    api: Api, namespace: str, node: Node, executions: Watch, jobs: Watch, operator: OperatorProcess
) -> None:
    """Bare Jobs before and after, and each burst begins when nothing is left to do of the one before."""
    count = node.burst

    async def timed(
        watch: Watch, names: Sequence[str], creates: Sequence[Coroutine[Any, Any, None]]
    ) -> _Burst:
        cpu, began = machine_cpu_seconds(), time.perf_counter()
        await at_once(creates)
        await watch.until(names)
        seconds = max(watch.done[name] for name in names) - began
        await until_over(api, namespace)
        cpu = machine_cpu_seconds() - cpu
        await asyncio.sleep(SETTLING_SECONDS)
        return _Burst(seconds, cpu)

    async def bare(when: str) -> _Burst:
        names = [f"burst-bare-{when}-{n}" for n in range(count)]
        return await timed(
            jobs, names, [create(api, JOBS, namespace, bare_job(name, node)) for name in names]
        )

    await until_quiet(api, namespace)
    before = await bare("before")
    idle = usage(operator.pid)
    names = [f"burst-{n}" for n in range(count)]
    ours = await timed(
        executions, names, [create(api, EXECUTIONS, namespace, execution(name, "one")) for name in names]
    )
    quiet = usage(operator.pid)
    after = await bare("after")
    theirs = _Burst((before.seconds + after.seconds) / 2, (before.cpu_seconds + after.cpu_seconds) / 2)
    table.show(
        f"A burst of {count:,}, {node.name}",
        ["what", "seconds", "per minute", "rate / bare", "processor ms each", "/ bare"],
        [
            [
                what,
                one.seconds,
                60 * count / one.seconds,
                theirs.seconds / one.seconds,
                1000 * one.cpu_seconds / count,
                one.cpu_seconds / theirs.cpu_seconds,
            ]
            for what, one in (
                ("bare Jobs, before", before),
                ("one-task Executions", ours),
                ("bare Jobs, after", after),
            )
        ],
    )
    ratios.note(f"burst of {count:,}, {node.name}: rate / bare Jobs", theirs.seconds / ours.seconds)
    if node is KWOK:  # on the real node containers start, which takes most of the processor's time
        ratios.note(
            f"burst of {count:,}, {node.name}: processor time / bare Jobs",
            ours.cpu_seconds / theirs.cpu_seconds,
        )
    print(
        "\nprocessor time: of the whole machine, until all Jobs had ended and were let go; of it the operator's: "
        f"{quiet.cpu_seconds - idle.cpu_seconds:.1f} s; its peak memory {quiet.peak_mib:.0f} MiB"
    )


class _Job(msgspec.Struct):
    metadata: dict[str, Any]
    spec: dict[str, Any]
    status: dict[str, Any] = {}

    @property
    def is_over(self) -> bool:
        """It has ended and, if it is a task's, was let go."""
        ours = "ownerReferences" in self.metadata
        return is_complete(self.status) and not (ours and "ttlSecondsAfterFinished" not in self.spec)


async def until_quiet(api: Api, namespace: str) -> None:
    await until_over(api, namespace)
    await asyncio.sleep(SETTLING_SECONDS)


async def until_over(api: Api, namespace: str) -> None:
    """Until there is nothing more to do for any Job. Tasks end before their Jobs do: what follows would bear the rest."""
    async with asyncio.timeout(300):
        while True:
            if await _all_over(api, namespace):
                break
            await asyncio.sleep(1)


async def _all_over(api: Api, namespace: str) -> bool:
    async with aclosing(lists.pages(api, path_of(*JOBS, namespace), page_size=500)) as pages:
        async for items, _ in pages:
            if not all(msgspec.json.decode(item, type=_Job).is_over for item in items):
                return False
    return True


def by_request(audit: Audit, since: int, namespace: str) -> Counter[tuple[str, str]]:
    return Counter(
        (write.verb, f"{write.resource}/{write.subresource}".rstrip("/"))
        for write in audit.writes(since, user_agent_prefix=USER_AGENT, namespace=namespace)
        if write.resource != "leases"
    )


def show_writes(writes: Counter[tuple[str, str]], count: int) -> None:
    rows: list[list[Any]] = [
        [f"{verb} {resource}", times, times / count] for (verb, resource), times in sorted(writes.items())
    ]
    total = sum(writes.values())
    table.show(
        f"Requests that write, by Stepwright, for {count} one-task executions (audit log; lease renewals aside)",
        ["request", "count", "per execution"],
        [*rows, ["all", total, total / count]],
    )


async def timed_execution(api: Api, namespace: str, name: str, machine_name: str, watch: Watch) -> float:
    began = time.perf_counter()
    await create(api, EXECUTIONS, namespace, execution(name, machine_name))
    await watch.until([name], 120)
    return watch.done[name] - began


async def timed_job(api: Api, namespace: str, name: str, node: Node, watch: Watch) -> float:
    began = time.perf_counter()
    await create(api, JOBS, namespace, bare_job(name, node))
    await watch.until([name], 120)
    return watch.done[name] - began


def bare_job(name: str, node: Node) -> Object:
    container = {"name": "main", "image": IMAGE, "command": COMMAND}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "backoffLimit": 0,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container], **node.pod}},
        },
    }
