"""Executions without tasks: how many writes transitions cost, how fast they are, and that cost does not grow."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

import msgspec

from bench import ratios, table
from bench.watching import EXECUTIONS, Object, Watch, at_once, check, create, execution, has_ended, machine
from stepwright.cluster.api import Api, path_of
from tests.cluster import Cluster
from tests.cluster.audit import Audit
from tests.operator_process import OperatorProcess

MANY = 200
STATES = 50
LONG = 20_000
WINDOW = 1_000


async def run(cluster: Cluster, namespace: str, operator: OperatorProcess) -> None:  # noqa: ARG001 - all subjects' shape
    audit = Audit(cluster.audit_log) if cluster.can("audit") else None
    async with await Api.connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        await machine(api, namespace, "thousand", passes(1000))
        await machine(api, namespace, "fifty", passes(STATES))
        await machine(api, namespace, "long", loop(LONG // 2))
        async with Watch(api, EXECUTIONS, namespace, has_ended) as watch:
            await one_of_a_thousand(api, namespace, watch, audit)
            await many_of_fifty(api, namespace, watch, audit)
            await long_one(api, namespace, watch)
            check(watch)


def passes(count: int) -> Object:
    states: dict[str, Any] = {f"P{n}": {"Type": "Pass", "Next": f"P{n + 1}"} for n in range(count - 1)}
    states[f"P{count - 1}"] = {"Type": "Pass", "End": True}
    return {"StartAt": "P0", "States": states}


def loop(rounds: int) -> Object:
    """Two transitions a round."""
    return {
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Result": 0, "ResultPath": "$.n", "Next": "Count"},
            "Count": {
                "Type": "Pass",
                "Parameters": {"n.$": "States.MathAdd($.n, 1)"},
                "Next": "Enough",
            },
            "Enough": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericLessThan": rounds, "Next": "Count"}],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }


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
    since = audit.mark() if audit else 0
    names = [f"fifty-{n}" for n in range(MANY)]
    began = time.perf_counter()
    await at_once([create(api, EXECUTIONS, namespace, execution(name, "fifty")) for name in names])
    await watch.until(names)
    seconds = max(watch.done[name] for name in names) - began
    writes = 0
    if audit:
        await asyncio.sleep(0.5)
        writes = status_writes(audit, since, namespace)
    size, bare = await bare_patches(api, namespace, names)
    table.show(
        f"{MANY} executions of {STATES} Pass states at once (creation included; bare: status patches of the same size)",
        ["what", "seconds", "writes", "writes per execution", "writes/s", "rate / bare"],
        [
            ["bare conditional status patches", bare, MANY, 1.0, MANY / bare, 1.0],
            [
                "executions",
                seconds,
                writes,
                writes / MANY,
                writes / seconds,
                writes / seconds / (MANY / bare),
            ],
        ],
    )
    print(f"\nbytes of a status: {size:,}")
    if audit:
        ratios.note("status writes per execution of 50 Pass", writes / MANY)
        rate = writes / seconds / (MANY / bare)
        ratios.note("200 executions of 50 Pass: writes per second / bare patches", rate)


async def bare_patches(api: Api, namespace: str, names: list[str]) -> tuple[int, float]:
    """The rate at which this API server takes patches like ours: whole statuses put into new objects, on condition."""
    path = path_of(*EXECUTIONS, namespace)
    sample = await api.get(f"{path}/{names[0]}")
    status = sample["status"]
    targets = [f"bare-{n}" for n in range(len(names))]
    # They wait for a state machine that is not there, so the operator leaves them alone once it has said so.
    await at_once([create(api, EXECUTIONS, namespace, execution(name, "absent")) for name in targets])
    await asyncio.sleep(6)
    patch = msgspec.json.encode(
        [
            {"op": "test", "path": "/status/seq", "value": 0},
            {"op": "add", "path": "/status/history", "value": status["history"]},
            {"op": "add", "path": "/status/transitions", "value": status["transitions"]},
            {"op": "add", "path": "/status/checkpoint", "value": status["checkpoint"]},
        ]
    )

    async def one(name: str) -> None:
        await api.request(
            "PATCH", f"{path}/{name}/status", body=patch, content_type="application/json-patch+json"
        )

    began = time.perf_counter()
    await at_once([one(name) for name in targets], limit=64)
    return len(patch), time.perf_counter() - began


async def long_one(api: Api, namespace: str, watch: Watch) -> None:
    """The first transitions against the last ones. A commit's time is that of its events, and the time that passes
    until the next commit's is what it cost to step, encode and write."""
    await create(api, EXECUTIONS, namespace, execution("long-1", "long", input={}))
    await watch.until(["long-1"])
    pages = await api.get(
        path_of("stepwright.dev/v1", "executionhistories", namespace),
        {"labelSelector": f"stepwright.dev/execution-uid={await uid(api, namespace, 'long-1')}"},
    )
    texts = [text for page in pages["items"] for text in page.get("events") or ()]
    texts += watch.status["long-1"]["history"]
    events: dict[int, tuple[float, int]] = {}
    for text in texts:
        event = msgspec.json.decode(text)
        events[event["id"]] = (moment(event["timestamp"]), len(text))
    if sorted(events) != list(range(1, len(events) + 1)):
        raise SystemExit(f"the history of long-1 has gaps: {len(events)} events, the last is {max(events)}")
    transitions = len(events) // 2
    rows: list[tuple[str, float, int, int]] = []
    # Events of the very first commit have cost nothing yet when they are stamped: windows begin after it.
    for name, first in (
        (f"transitions 1,001 to {1000 + WINDOW:,}", 2000),
        (f"the last {WINDOW:,}", len(events) - 2 * WINDOW),
    ):
        ids = range(first, first + 2 * WINDOW)
        seconds = events[ids[-1]][0] - events[ids[0]][0]
        commits = len({events[i][0] for i in ids})
        rows.append((name, seconds, commits, sum(events[i][1] for i in ids)))
    table.show(
        f"One execution of {transitions:,} transitions",
        ["what", "seconds", "moments", "bytes of events"],
        rows,
    )
    early, late = rows
    for index, what in enumerate(("time", "writes", "bytes"), 1):
        ratio = float(late[index]) / float(early[index])
        ratios.note(f"20,000 transitions: {what} of the last 1,000 / first", ratio)
    print(f"\npages: {len(pages['items'])}, events: {len(events):,}")


async def uid(api: Api, namespace: str, name: str) -> str:
    found = await api.get(path_of(*EXECUTIONS, namespace, name))
    text: str = found["metadata"]["uid"]
    return text


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
