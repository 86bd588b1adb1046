"""Executions without tasks: how many writes transitions cost, and how fast they are."""

from __future__ import annotations

import asyncio
import time

import msgspec

from bench import ratios, table
from bench.chains import chain
from bench.watching import EXECUTIONS, Object, Watch, at_once, check, create, execution, has_ended, machine
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster
from tests.testcluster.audit import Audit

MANY = 200
STATES = 50
PASS: Object = {"Type": "Pass"}


async def run(cluster: Cluster, namespace: str, operator: OperatorProcess) -> None:  # noqa: ARG001 - all subjects' shape
    audit = Audit(cluster.audit_log) if cluster.can("audit") else None
    async with await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        await machine(api, namespace, "thousand", chain(PASS, 1000))
        await machine(api, namespace, "fifty", chain(PASS, STATES))
        async with Watch(api, EXECUTIONS, namespace, has_ended) as watch:
            await one_of_a_thousand(api, namespace, watch, audit)
            await many_of_fifty(api, namespace, watch, audit)
            check(watch)


def status_writes(audit: Audit, since: int, namespace: str) -> int:
    return sum(
        write.subresource == "status" and write.resource == "executions"
        for write in audit.writes(since, user_agent_prefix="stepwright/", namespace=namespace)
    )


async def one_of_a_thousand(api: Api, namespace: str, watch: Watch, audit: Audit | None) -> None:
    since = audit.mark() if audit else 0
    began = time.perf_counter()
    await create(api, EXECUTIONS, namespace, execution("thousand-1", "thousand"))
    await watch.until(["thousand-1"])
    seconds = watch.done["thousand-1"] - began
    writes: object = "no audit log"
    if audit:
        await asyncio.sleep(0.5)
        writes = status_writes(audit, since, namespace)
        ratios.note("status writes for 1,000 Pass transitions", float(writes))
    table.show(
        "1,000 Pass transitions in one execution",
        ["seconds", "transitions/s", "status writes"],
        [[seconds, 1000 / seconds, writes]],
    )


async def many_of_fifty(api: Api, namespace: str, watch: Watch, audit: Audit | None) -> None:
    """Half of the bare patches before, half after: what else the machine does changes meanwhile."""
    patch = await patch_like_a_commit(api, namespace, watch)
    # They wait for a state machine that is not there, so the operator leaves them alone once it has said so.
    targets = [f"bare-{n}" for n in range(MANY)]
    await at_once([create(api, EXECUTIONS, namespace, execution(name, "absent")) for name in targets])
    await asyncio.sleep(6)
    before = await bare_patches(api, namespace, targets[: MANY // 2], patch)
    since = audit.mark() if audit else 0
    names = [f"fifty-{n}" for n in range(MANY)]
    began = time.perf_counter()
    await at_once([create(api, EXECUTIONS, namespace, execution(name, "fifty")) for name in names])
    created = time.perf_counter() - began
    await watch.until(names)
    seconds = max(watch.done[name] for name in names) - began
    writes = 0
    if audit:
        await asyncio.sleep(0.5)
        writes = status_writes(audit, since, namespace)
    bare = before + await bare_patches(api, namespace, targets[MANY // 2 :], patch)
    rate = writes / seconds / (MANY / bare)
    table.show(
        f"{MANY} executions of {STATES} Pass states at once (creation included; bare: status patches of the same size)",
        ["what", "seconds", "writes", "writes per execution", "writes/s", "rate / bare"],
        [
            ["bare conditional status patches", bare, MANY, 1.0, MANY / bare, 1.0],
            ["executions", seconds, writes, writes / MANY, writes / seconds, rate],
        ],
    )
    print(f"\nbytes of a status: {len(patch):,}; all executions were created after {created:.2f} s")
    if audit:
        ratios.note("status writes per execution of 50 Pass", writes / MANY)
        ratios.note("200 executions of 50 Pass: writes per second / bare patches", rate)


async def patch_like_a_commit(api: Api, namespace: str, watch: Watch) -> bytes:
    """What puts the whole status of such an execution into a new object, on condition."""
    await create(api, EXECUTIONS, namespace, execution("fifty-sample", "fifty"))
    await watch.until(["fifty-sample"])
    status = (await api.get(path_of(*EXECUTIONS, namespace, "fifty-sample")))["status"]
    fields = ("history", "transitions", "checkpoint")
    return msgspec.json.encode(
        [
            {"op": "test", "path": "/status/seq", "value": 0},
            *({"op": "add", "path": f"/status/{field}", "value": status[field]} for field in fields),
        ]
    )


async def bare_patches(api: Api, namespace: str, targets: list[str], patch: bytes) -> float:
    """Seconds that this API server takes for patches like ours."""

    async def one(name: str) -> None:
        path = path_of(*EXECUTIONS, namespace, name, "status")
        await api.request("PATCH", path, body=patch, content_type="application/json-patch+json")

    began = time.perf_counter()
    await at_once([one(name) for name in targets], limit=64)
    return time.perf_counter() - began
