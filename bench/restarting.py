"""The operator is killed while executions wait, and timers fall due soon after it is back."""

from __future__ import annotations

import asyncio
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench import ratios, table
from bench.alone import operator_alone
from bench.populating import create_all, until_all_wait
from bench.process import usage
from bench.transitions import bare_patches
from bench.watching import EXECUTIONS, Status, Watch, machine
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.processes.operators import OperatorProcess

COUNT = 10_000
NAMESPACE = "default"
DUE_AFTER_SECONDS = 10
"""From the kill to the moment at which all timers fall due."""
CREATED_PER_SECOND = 100
"""A rate that any machine reaches: the moment has to be known when executions are created."""
BARE = 2_000
"""From how many patches it is concluded what the API server alone can do."""
DEFINITION = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Wait", "TimestampPath": "$.due", "Next": "Fired"},
        "Fired": {"Type": "Wait", "Seconds": 365 * 24 * 3600, "End": True},
    },
}


def run(folder: Path, count: int) -> None:
    with operator_alone(folder) as (plane, operator):
        asyncio.run(measure(plane.kubeconfig, operator, count))


async def measure(kubeconfig: Path, operator: OperatorProcess, count: int) -> None:
    names = [f"due-{n}" for n in range(count)]
    async with await connect(kubeconfig, user_agent="stepwright-bench", timeout_seconds=300) as api:
        operator.start()
        await machine(api, NAMESPACE, "due", DEFINITION)
        due = int(time.time() + count / CREATED_PER_SECOND + 30)
        text = datetime.fromtimestamp(due, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        await create_all(api, NAMESPACE, "due", names, {"due": text})
        await until_all_wait(api, NAMESPACE, operator, count)
        killed = due - DUE_AFTER_SECONDS
        if time.time() > killed:
            raise SystemExit(f"not all of {count:,} executions had begun in time: take fewer with --count")
        async with Watch(api, EXECUTIONS, NAMESPACE, has_fired) as watch:
            await asyncio.sleep(killed - time.time())
            offset = time.time() - time.perf_counter()
            operator.kill()
            began = time.perf_counter()
            await asyncio.to_thread(operator.start, ready_seconds=300)
            ready = time.perf_counter() - began
            await watch.until(names)
            used = usage(operator.pid)
            seen = [watch.done[name] + offset - due for name in names]
        recorded = await fired_at(api)
        await asyncio.to_thread(operator.stop)
        sample = names[:BARE]
        bare = await bare_patches(api, NAMESPACE, sample, await patch_like_a_commit(api, names[0]))
        per_second = len(sample) / bare
    stamps = [recorded[name] - due for name in names]
    rows = [
        [what, statistics.median(late), sorted(late)[int(len(late) * 0.99)], max(late)]
        for what, late in (("its event in the history", stamps), ("its write, as a watch sees it", seen))
    ]
    table.show(
        f"{count:,} timers that all fall due {DUE_AFTER_SECONDS} s after the operator was killed and started anew, "
        "on an API server and an etcd of their own: seconds from due to",
        ["what", "median", "99 of 100", "last"],
        rows,
    )
    print(
        f"\noperator: ready {ready:.1f} s after its start; {used.cpu_seconds:.1f} CPU seconds until all had fired, "
        f"{used.peak_mib:.0f} MiB at most"
    )
    print(
        f"the API server alone: {per_second:.0f} bare conditional patches like these writes per second, "
        f"{count:,} of them in {count / per_second:.1f} s"
    )
    if count == COUNT:
        ratios.note(
            "restart with 10,000 running: last timer fired / bare patches", max(seen) / count * per_second
        )


async def patch_like_a_commit(api: Api, name: str) -> bytes:
    """What the write of a fired timer changes, on condition; all of these executions are at the same seq."""
    status: dict[str, Any] = (await api.get(path_of(*EXECUTIONS, NAMESPACE, name)))["status"]
    return msgspec.json.encode(
        [
            {"op": "test", "path": "/status/seq", "value": status["seq"]},
            {"op": "replace", "path": "/status/seq", "value": status["seq"] + 1},
            {"op": "replace", "path": "/status/checkpoint", "value": status["checkpoint"]},
            {"op": "replace", "path": "/status/transitions", "value": status["transitions"]},
            *({"op": "add", "path": "/status/history/-", "value": event} for event in status["history"][-3:]),
        ]
    )


def has_fired(status: Status) -> bool:
    return status.get("currentState") == "Fired"


async def fired_at(api: Api) -> dict[str, float]:
    """When the first Wait was left, in seconds since 1970, by its event."""
    items, _ = await lists.whole(api, path_of(*EXECUTIONS, NAMESPACE), page_size=500)
    found = {}
    for raw in items:
        body: dict[str, Any] = msgspec.json.decode(raw)
        events = map(msgspec.json.decode, body["status"]["history"])
        left = next(event for event in events if event["type"] == "WaitStateExited")
        found[body["metadata"]["name"]] = datetime.fromisoformat(left["timestamp"]).timestamp()
    return found
