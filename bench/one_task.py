"""A one-task execution beside the same bare Job, and what it costs the API server in writes.

Both run the same container on the same node, one after the other, in turns; times are from before the create request
to the watch event that says it is done, both seen by this process.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from bench import table
from stepwright.cluster.api import Api, path_of
from tests.cluster import Cluster
from tests.cluster.audit import Audit

ROUNDS = 7
IMAGE = "busybox:1.37"
COMMAND = ["sh", "-c", "echo '{}' > /dev/termination-log"]
USER_AGENT = "stepwright/"

MACHINE = {
    "apiVersion": "stepwright.dev/v1",
    "kind": "StateMachine",
    "metadata": {"name": "one"},
    "spec": {
        "definition": {
            "StartAt": "Only",
            "States": {
                "Only": {
                    "Type": "Task",
                    "Resource": "k8s:job",
                    "Parameters": {"image": IMAGE, "command": COMMAND},
                    "End": True,
                }
            },
        }
    },
}


def execution(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Execution",
        "metadata": {"name": name},
        "spec": {"stateMachineRef": {"name": "one"}},
    }


def bare_job(name: str) -> dict[str, Any]:
    container = {"name": "main", "image": IMAGE, "command": COMMAND}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "backoffLimit": 0,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
        },
    }


async def run(cluster: Cluster, namespace: str) -> None:
    audit = Audit(cluster.audit_log)
    async with await Api.connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        await api.create(path_of("stepwright.dev/v1", "statemachines", namespace), MACHINE)
        await seen(api, "stepwright.dev/v1", "statemachines", namespace, "one", is_ready)
        jobs, executions = [], []
        await one_execution(api, namespace, "warm-up")
        await one_job(api, namespace, "warm-up-bare")
        since = audit.mark() if cluster.can("audit") else 0
        for number in range(ROUNDS):
            executions.append(await one_execution(api, namespace, f"one-{number}"))
            await asyncio.sleep(2.5)  # its Job's own end, two seconds later, is not to disturb the next
            jobs.append(await one_job(api, namespace, f"bare-{number}"))
    job, ours = statistics.median(jobs), statistics.median(executions)
    table.show(
        f"One task, real node: seconds from create to done, {ROUNDS} rounds in turns",
        ["what", "median", "least", "most", "ratio"],
        [
            ["bare Job to Complete", job, min(jobs), max(jobs), 1.0],
            ["one-task Execution to Succeeded", ours, min(executions), max(executions), ours / job],
        ],
    )
    if cluster.can("audit"):
        await asyncio.sleep(1)
        show_writes(audit, since, namespace)


def show_writes(audit: Audit, since: int, namespace: str) -> None:
    writes = Counter(
        (write.verb, f"{write.resource}/{write.subresource}".rstrip("/"))
        for write in audit.writes(since, user_agent_prefix=USER_AGENT, namespace=namespace)
    )
    rows: list[list[object]] = [
        [f"{verb} {resource}", count, count / ROUNDS] for (verb, resource), count in sorted(writes.items())
    ]
    total = sum(writes.values())
    table.show(
        f"Requests that write, by Stepwright, for {ROUNDS} one-task executions (audit log; lease renewals aside)",
        ["request", "count", "per execution"],
        [*rows, ["all", total, total / ROUNDS]],
    )


async def one_execution(api: Api, namespace: str, name: str) -> float:
    began = time.perf_counter()
    await api.create(path_of("stepwright.dev/v1", "executions", namespace), execution(name))
    status = await seen(api, "stepwright.dev/v1", "executions", namespace, name, has_ended)
    if status["phase"] != "Succeeded":
        raise SystemExit(f"{name}: {status['phase']}: {status.get('error')}: {status.get('cause')}")
    return time.perf_counter() - began


async def one_job(api: Api, namespace: str, name: str) -> float:
    began = time.perf_counter()
    await api.create(path_of("batch/v1", "jobs", namespace), bare_job(name))
    await seen(api, "batch/v1", "jobs", namespace, name, is_complete)
    return time.perf_counter() - began


async def seen(
    api: Api,
    api_version: str,
    plural: str,
    namespace: str,
    name: str,
    condition: Callable[[Mapping[str, Any]], bool],
) -> Mapping[str, Any]:
    """The status of an object once the condition holds for it."""
    path = path_of(api_version, plural, namespace)
    async for event in api.watch(path, {"fieldSelector": f"metadata.name={name}"}):
        status: dict[str, Any] = msgspec.json.decode(event.object).get("status") or {}
        if condition(status):
            return status
    raise SystemExit(f"the watch of {plural} {name} ended")


def has_ended(status: Mapping[str, Any]) -> bool:
    return status.get("phase") not in (None, "Pending", "Running")


def is_ready(status: Mapping[str, Any]) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())


def is_complete(status: Mapping[str, Any]) -> bool:
    return any(c["type"] == "Complete" and c["status"] == "True" for c in status.get("conditions") or ())
