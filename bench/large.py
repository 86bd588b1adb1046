"""Executions as large as Kubernetes takes objects, of a state machine that is missing: what they cost everybody else.

A tenant who may do nothing but create Executions makes them. Beside them somebody else's small execution runs again and
again, and in the end the operator begins anew with all of them there, and with some that came while it was away. The
quota of etcd is what a careful installation has.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from bench import ratios, table
from bench.alone import operator_alone
from bench.process import usage
from bench.watching import EXECUTIONS, Kind, at_once, create, execution, has_ended, machine
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.api_errors import AlreadyExists, ApiError
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from tests.processes.operators import OperatorProcess
from tests.testcluster.alone import ControlPlane

COUNT: Final = 1_000
QUOTA_BYTES: Final = 4 * 2**30
SIZE_BYTES: Final = 1_400_000
NAMESPACE, NEIGHBOUR = "default", "neighbour"
CONFIG_MAPS: Final[Kind] = ("v1", "configmaps")
CREATES_AT_ONCE: Final = 2
WHILE_AWAY: Final = 0.1
"""The share of them that is created while there is no operator."""
PAUSE_SECONDS: Final = 1.0
PASS: Final[dict[str, Any]] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


def large(number: int) -> dict[str, Any]:
    """An Execution of ``SIZE_BYTES``. Every second one can run, once its state machine is there: what makes it large is its
    metadata. Of the others the input does. A few are of the kinds that cost an API server most, whatever they are of."""
    body = execution(f"large-{number}", "missing")
    if number % 20 == 1:
        body["metadata"]["labels"] = {
            f"example.com/{'k' * 50}{n:06}": "v" * 60 for n in range(SIZE_BYTES // 137)
        }
    elif number % 100 == 0:
        body["spec"]["input"] = [{}] * (SIZE_BYTES // 3)
    elif number % 2:
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x" * SIZE_BYTES, "uid": f"nobody-{number}"}
        body["metadata"]["ownerReferences"] = [owner]
    else:
        body["spec"]["input"] = {"text": "x" * SIZE_BYTES}
    return body


@dataclass(slots=True)
class Neighbour:
    """How long each of its executions took, from its creation until its end was seen, in seconds. ``bare``: what a create
    and a read of the API server alone took beside each, which a busy one makes long, too."""

    took: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)


def spread(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2]:.2f} / {ordered[-1]:.2f}" if ordered else "none ended"


def run(folder: Path, number: int) -> None:
    with operator_alone(folder, quota_bytes=QUOTA_BYTES) as (plane, operator):
        plane.kubectl("create", "namespace", NEIGHBOUR)
        asyncio.run(measure(plane, operator, number))


async def measure(plane: ControlPlane, operator: OperatorProcess, number: int) -> None:
    rows: list[list[object]] = []
    most = 0.0

    async def note(what: str, began: float, neighbour: Neighbour, before: dict[str, float]) -> None:
        nonlocal most
        used, server = usage(operator.pid), usage(plane.servers["kube-apiserver"].pid)
        now = await figures(api, plane)
        most = max(most, used.peak_mib)
        rows.append(
            [
                what,
                round(time.perf_counter() - began),
                round(used.peak_mib),
                round(used.cpu_seconds, 1),
                spread(neighbour.took),
                spread(neighbour.bare),
                round(server.resident_mib),
                round(now["etcd"] / 2**20),
                *(round((now[name] - before[name]) / 2**20, 1) for name in ("lists", "watches", "gets")),
            ]
        )

    async with await connect(plane.kubeconfig, user_agent="stepwright-bench", timeout_seconds=300) as api:
        await asyncio.to_thread(operator.start, ready_seconds=300)
        await machine(api, NEIGHBOUR, "small", PASS)
        before, began = await figures(api, plane), time.perf_counter()
        async with going_on(api, "alone") as alone:
            await asyncio.sleep(20 * PAUSE_SECONDS)
        await note("nothing else", began, alone, before)
        with_operator = round(number * (1 - WHILE_AWAY))
        before, began = await figures(api, plane), time.perf_counter()
        async with going_on(api, "beside") as beside:
            await come(api, range(with_operator))
            await until_all_are_told(api, with_operator, operator)
        await note(f"{with_operator:,} came", began, beside, before)
        await asyncio.to_thread(operator.kill)
        await come(api, range(with_operator, number))
        before, began = await figures(api, plane), time.perf_counter()
        await asyncio.to_thread(operator.start, ready_seconds=300)
        print(f"operator ready again after {time.perf_counter() - began:.1f} s", flush=True)
        async with going_on(api, "after") as after:
            await until_all_are_told(api, number, operator)
            await asyncio.sleep(20 * PAUSE_SECONDS)
        await note("after its restart", began, after, before)
    table.show(
        f"{number:,} executions of {SIZE_BYTES / 1e6:.1f} MB of a missing state machine, etcd's quota {QUOTA_BYTES // 2**30} GiB",
        [
            "operator",
            "seconds",
            "most MiB",
            "CPU s",
            "a small one beside them, s (median / most)",
            "bare create and read, s",
            "API server MiB",
            "etcd in use, MiB",
            "lists, MiB",
            "watches, MiB",
            "reads, MiB",
        ],
        rows,
    )
    if number == COUNT:
        ratios.note("1,000 executions of 1.4 MB: operator's memory / 200 MiB", most / 200)


async def come(api: Api, numbers: range) -> None:
    async def one(number: int) -> None:
        while True:
            try:
                await create(api, EXECUTIONS, NAMESPACE, large(number))
            except AlreadyExists:
                return
            except ApiError:  # it is given a minute, which on a busy machine is not enough for some
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    await at_once([one(number) for number in numbers], CREATES_AT_ONCE)


@asynccontextmanager
async def going_on(api: Api, name: str) -> AsyncIterator[Neighbour]:
    """Small executions of another namespace, one after another."""
    neighbour = Neighbour()

    async def one(name: str) -> None:
        began = time.perf_counter()
        await create(api, EXECUTIONS, NEIGHBOUR, execution(name, "small"))
        path = path_of(*EXECUTIONS, NEIGHBOUR, name)
        while not has_ended((await api.get(path)).get("status") or {}):  # noqa: ASYNC110 - nothing reports it
            await asyncio.sleep(0.05)
        neighbour.took.append(time.perf_counter() - began)
        began = time.perf_counter()
        await create(api, CONFIG_MAPS, NEIGHBOUR, {"metadata": {"name": name}})
        await api.get(path_of(*CONFIG_MAPS, NEIGHBOUR, name))
        neighbour.bare.append(time.perf_counter() - began)

    async def again_and_again() -> None:
        for number in count():
            with suppress(ApiError):  # likewise; it is seen in what the others take
                await one(f"{name}-{number}")
            await asyncio.sleep(PAUSE_SECONDS)

    task = asyncio.create_task(again_and_again())
    try:
        yield neighbour
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until_all_are_told(api: Api, count: int, operator: OperatorProcess, seconds: float = 900) -> None:
    """Until each of them has a status: what it waits for, or that it has failed."""
    deadline = time.monotonic() + seconds
    while (told := await how_many_are_told(api)) < count:
        if not operator.alive:
            raise SystemExit(f"the operator ended:\n{operator.log_tail()}")
        if time.monotonic() > deadline:
            raise SystemExit(f"{told:,} of {count:,} have a status:\n{operator.log_tail()}")
        await asyncio.sleep(5)


async def how_many_are_told(api: Api) -> int:
    """Asked for as a table, which has no inputs."""
    told = 0
    path, params = path_of(*EXECUTIONS, NAMESPACE), {"includeObject": "None", "resourceVersion": "0"}
    async with aclosing(lists.tables(api, path, params, page_size=500)) as tables:
        async for columns, rows, _ in tables:
            phase = columns.index("Phase")
            told += sum(msgspec.json.decode(row, type=_Row).cells[phase] is not None for row in rows)
    return told


class _Row(msgspec.Struct):
    cells: list[Any]


async def figures(api: Api, plane: ControlPlane) -> dict[str, float]:
    """Bytes that the API server has answered about Executions so far, and what etcd has in use."""
    text = (await api.request("GET", "/metrics")).decode()
    sums = {"lists": 0.0, "watches": 0.0, "gets": 0.0}
    for line in text.splitlines():
        labels, _, value = line.rpartition(" ")
        if labels.startswith("apiserver_response_sizes_sum{") and 'resource="executions"' in labels:
            if 'verb="LIST"' in labels:
                sums["lists"] += float(value)
            elif 'verb="GET"' in labels:
                sums["gets"] += float(value)
        elif labels.startswith("apiserver_watch_events_sizes_sum{") and (
            'kind="Execution"' in labels or 'resource="executions"' in labels
        ):
            sums["watches"] += float(value)
    async with aiohttp.ClientSession() as session, session.get(f"{plane.etcd_url}/metrics") as answer:
        for line in (await answer.text()).splitlines():
            if line.startswith("etcd_mvcc_db_total_size_in_use_in_bytes "):
                sums["etcd"] = float(line.rpartition(" ")[2])
    return sums
