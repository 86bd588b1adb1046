"""Executions of Tasks beside the same bare Jobs: alone, five in a row, in a burst; on a real node and on KWOK's.

Both run the same pod on the same node, in turns; times are from before the create request to the watch event that
says it is done, seen by this process. Writes are counted in the API server's audit log.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench import ratios, table
from bench.process import usage
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
from stepwright.cluster.api import Api
from tests.cluster import Cluster
from tests.cluster.audit import Audit
from tests.operator_process import OperatorProcess

IMAGE = "busybox:1.37"
COMMAND = ["sh", "-c", "echo '{}' > /dev/termination-log"]
USER_AGENT = "stepwright/"
FIVE = 5


@dataclass(frozen=True, slots=True)
class Node:
    """Where the pods run. ``pause``: seconds after an execution in which its Jobs' own ends would disturb the next."""

    name: str
    defaults: Object
    pod: Object
    rounds: int
    burst: int
    pause: float


REAL = Node("real node", {}, {}, rounds=7, burst=40, pause=2.5)
_KWOK_POD: Object = {
    "nodeSelector": {"type": "kwok"},
    "tolerations": [{"key": "kwok.x-k8s.io/node", "operator": "Exists", "effect": "NoSchedule"}],
}
KWOK = Node("KWOK", _KWOK_POD, _KWOK_POD, rounds=7, burst=1000, pause=0.5)


async def run(cluster: Cluster, namespace: str, operator: OperatorProcess, node: Node) -> None:
    audit = Audit(cluster.audit_log)
    task: Object = {
        "Type": "Task",
        "Resource": "k8s:job",
        "Parameters": {"image": IMAGE, "command": COMMAND},
    }
    row: Object = {f"T{n}": {**task, "Next": f"T{n + 1}"} for n in range(FIVE - 1)}
    row[f"T{FIVE - 1}"] = {**task, "End": True}
    async with await Api.connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        defaults = {"taskDefaults": node.defaults} if node.defaults else {}
        await machine(
            api, namespace, "one", {"StartAt": "T", "States": {"T": {**task, "End": True}}}, **defaults
        )
        await machine(api, namespace, "five", {"StartAt": "T0", "States": row}, **defaults)
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
    ones: list[float] = []
    fives: list[float] = []
    bare: list[float] = []
    await timed_execution(api, namespace, "warm-up", "one", executions)
    await timed_job(api, namespace, "warm-up-bare", node, jobs)
    written = 0
    writes: Counter[tuple[str, str]] = Counter()
    for number in range(node.rounds):
        since = audit.mark() if audit else 0
        ones.append(await timed_execution(api, namespace, f"one-{number}", "one", executions))
        await asyncio.sleep(node.pause)
        if audit:
            writes += by_request(audit, since, namespace)
            written += 1
        bare.append(await timed_job(api, namespace, f"bare-{number}", node, jobs))
    for number in range(3):
        fives.append(await timed_execution(api, namespace, f"five-{number}", "five", executions))
        await asyncio.sleep(node.pause)
    one, job, five = map(statistics.median, (ones, bare, fives))
    table.show(
        f"One at a time, {node.name}: seconds from create to done, {node.rounds} rounds in turns",
        ["what", "median", "least", "most", "ratio to bare Job"],
        [
            ["bare Job to Complete", job, min(bare), max(bare), 1.0],
            ["one-task Execution", one, min(ones), max(ones), one / job],
            ["five tasks in a row", five, min(fives), max(fives), five / job],
        ],
    )
    print(f"\nfive in a row / one: {five / one:.2f}")
    ratios.note(f"one task, {node.name} / bare Job", one / job)
    if node is REAL:
        ratios.note("five tasks in a row, real node / one task", five / one)
    else:
        ratios.note(f"five tasks in a row, {node.name} / bare Job", five / job)
    if audit:
        show_writes(writes, written)


async def burst(
    api: Api, namespace: str, node: Node, executions: Watch, jobs: Watch, operator: OperatorProcess
) -> None:
    names = [f"burst-{n}" for n in range(node.burst)]
    before = usage(operator.pid)
    began = time.perf_counter()
    await at_once([create(api, EXECUTIONS, namespace, execution(name, "one")) for name in names])
    await executions.until(names)
    ours = max(executions.done[name] for name in names) - began
    after = usage(operator.pid)
    await asyncio.sleep(5)
    bare = [f"burst-bare-{n}" for n in range(node.burst)]
    began = time.perf_counter()
    await at_once([create(api, JOBS, namespace, bare_job(name, node)) for name in bare])
    await jobs.until(bare)
    theirs = max(jobs.done[name] for name in bare) - began
    table.show(
        f"A burst of {node.burst}, {node.name}",
        ["what", "seconds", "per minute", "rate / bare"],
        [
            ["bare Jobs", theirs, 60 * node.burst / theirs, 1.0],
            ["one-task Executions", ours, 60 * node.burst / ours, theirs / ours],
        ],
    )
    ratios.note(f"burst of {node.burst:,}, {node.name}: rate / bare Jobs", theirs / ours)
    print(
        f"\noperator: {after.cpu_seconds - before.cpu_seconds:.1f} CPU seconds for the burst, "
        f"peak memory {after.peak_mib:.0f} MiB"
    )


def by_request(audit: Audit, since: int, namespace: str) -> Counter[tuple[str, str]]:
    return Counter(
        (write.verb, f"{write.resource}/{write.subresource}".rstrip("/"))
        for write in audit.writes(since, user_agent_prefix=USER_AGENT, namespace=namespace)
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
    ratios.note("writes per one-task execution", total / count)


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
