"""Long executions, a loop of 20,000 transitions and a Map of 10,000 items: whether the last thousand cost more than the
first.

Everything is read from one watch, which delivers each version of the Execution and each page of its history as stored:
when it came, how large it is, up to which event it goes. A write may hold the transitions of two windows; it counts in
each by its share of the events. The first thousand begin with the request that creates the Execution.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import msgspec

from bench import ratios, table
from bench.watching import EXECUTIONS, Kind, Object, create, execution, machine
from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import TooManyRequests
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from stepwright.kube.watches import Event
from tests.processes.operators import OperatorProcess
from tests.testcluster import Cluster

HISTORIES: Kind = ("stepwright.dev/v1", "executionhistories")
TRANSITIONS = 20_000
EVENTS_PER_TRANSITION = 2
ITEMS = 10_000
EVENTS_PER_ITEM = 4
WINDOW = 1_000
EXECUTIONS_MEASURED = 7


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object, as the watch delivered it. ``last_event``: the newest in it, 0 for none."""

    at: float
    size_bytes: int
    first_event: int
    last_event: int


@dataclass(frozen=True, slots=True)
class Cost:
    seconds: float
    writes: float
    bytes: float


class _Name(msgspec.Struct):
    name: str


class _Status(msgspec.Struct):
    phase: str = "Pending"
    history: list[str] = []
    cause: str | None = None


class _Execution(msgspec.Struct):
    metadata: _Name
    status: _Status = msgspec.field(default_factory=_Status)


class _Page(msgspec.Struct):
    executionRef: _Name  # noqa: N815 - the field's name on the wire
    firstEventId: int = 0  # noqa: N815 - likewise
    lastEventId: int = 0  # noqa: N815 - likewise


class _Event(msgspec.Struct):
    id: int


async def run(cluster: Cluster, namespace: str, operator: OperatorProcess) -> None:  # noqa: ARG001 - all subjects' shape
    async with await connect(cluster.kubeconfig, user_agent="stepwright-bench") as api:
        await machine(api, namespace, "loop", loop(TRANSITIONS // EVENTS_PER_TRANSITION))
        await machine(api, namespace, "map", mapping())
        looped = await medians(api, namespace, "loop", {}, windows(TRANSITIONS, EVENTS_PER_TRANSITION))
        show(f"One execution of {TRANSITIONS:,} transitions", "transitions", looped)
        mapped = await medians(api, namespace, "map", list(range(ITEMS)), windows(ITEMS, EVENTS_PER_ITEM))
        show(f"A Map of {ITEMS:,} items, 40 at a time", "items", mapped)
    first, _, last = looped.values()
    ratios.note("20,000 transitions: time of the last 1,000 / first", last.seconds / first.seconds)
    ratios.note("20,000 transitions: writes of the last 1,000 / first", last.writes / first.writes)
    ratios.note("20,000 transitions: bytes of the last 1,000 / first", last.bytes / first.bytes)


def windows(count: int, events_each: int) -> dict[str, tuple[int, int]]:
    """After which event each begins, and with which it ends. The very first event is that of the start."""
    firsts = {"the first 1,000": 0, "1,001 to 2,000": WINDOW, "the last 1,000": count - WINDOW}
    return {name: (events_each * n + 1, events_each * (n + WINDOW) + 1) for name, n in firsts.items()}


def show(title: str, what: str, costs: dict[str, Cost]) -> None:
    first = next(iter(costs.values()))
    table.show(
        f"{title}, medians of {EXECUTIONS_MEASURED}",
        [what, "seconds", "writes", "KiB stored", "seconds / first", "writes / first", "KiB / first"],
        [
            [
                name,
                cost.seconds,
                cost.writes,
                cost.bytes / 1024,
                cost.seconds / first.seconds,
                cost.writes / first.writes,
                cost.bytes / first.bytes,
            ]
            for name, cost in costs.items()
        ],
    )


async def medians(
    api: Api, namespace: str, machine_name: str, given: Any, events: dict[str, tuple[int, int]]
) -> dict[str, Cost]:
    """What each window costs, of several executions after one to warm up."""
    runs = []
    for n in range(1 + EXECUTIONS_MEASURED):
        written, pages = await one(
            api, namespace, execution(f"{machine_name}-{n}", machine_name, input=given)
        )
        if n:
            runs.append({name: _cost(written, pages, *window) for name, window in events.items()})
    return {
        name: Cost(
            statistics.median(costs[name].seconds for costs in runs),
            statistics.median(costs[name].writes for costs in runs),
            statistics.median(costs[name].bytes for costs in runs),
        )
        for name in events
    }


def mapping() -> Object:
    processor = {"StartAt": "Each", "States": {"Each": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "MaxConcurrency": 40, "ItemProcessor": processor, "End": True}
    return {"StartAt": "All", "States": {"All": state}}


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


async def one(api: Api, namespace: str, body: Object) -> tuple[list[Stored], list[Stored]]:
    """Run one execution: its versions with events, after the moment at which it was asked for, and its pages."""
    name = body["metadata"]["name"]
    versions: list[Stored] = []
    pages: list[Stored] = []
    follow_pages = asyncio.create_task(_follow_pages(api, namespace, name, pages))
    follow = asyncio.create_task(_follow(api, namespace, name, versions))
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    await create(api, EXECUTIONS, namespace, body)
    async with asyncio.timeout(300):
        await follow
    await asyncio.sleep(0.2)
    follow_pages.cancel()
    with suppress(asyncio.CancelledError):
        await follow_pages
    return [Stored(began, 0, 0, 0), *(version for version in versions if version.last_event)], pages


def _cost(written: list[Stored], pages: list[Stored], after: int, to: int) -> Cost:
    def share(first: int, last: int) -> float:
        """Of the events from one to another, both included, those that lie in the window."""
        return max(0, min(last, to) - max(first - 1, after)) / (last - first + 1)

    seconds = writes = size_bytes = 0.0
    for before, now in pairwise(written):
        if now.last_event == before.last_event:
            continue
        part = share(before.last_event + 1, now.last_event)
        seconds += part * (now.at - before.at)
        writes += part
        size_bytes += part * now.size_bytes
    for page in pages:
        part = share(page.first_event, page.last_event)
        writes += part
        size_bytes += part * page.size_bytes
    return Cost(seconds, writes, size_bytes)


async def _follow(api: Api, namespace: str, name: str, into: list[Stored]) -> None:
    """Every version of one Execution until it has ended."""
    async for event in watches.watch(
        api, path_of(*EXECUTIONS, namespace), {"fieldSelector": f"metadata.name={name}"}
    ):
        at = time.perf_counter()
        if event.type == "BOOKMARK":
            continue
        found = msgspec.json.decode(event.object, type=_Execution)
        status = found.status
        last = msgspec.json.decode(status.history[-1], type=_Event).id if status.history else 0
        into.append(Stored(at, len(bytes(event.object)), 0, last))
        if status.phase == "Succeeded":
            return
        if status.phase not in ("Pending", "Running"):
            raise SystemExit(f"{name}: {status.phase}: {status.cause}")


async def _follow_pages(api: Api, namespace: str, name: str, into: list[Stored]) -> None:
    """The pages of one Execution; those of earlier ones come first, and are left out."""
    while True:
        # TooManyRequests: the API server makes itself ready for a kind that it has just learnt of.
        with suppress(TooManyRequests):
            async for event in watches.watch(api, path_of(*HISTORIES, namespace)):
                _take_page(event, name, into)
        await asyncio.sleep(0.5)


def _take_page(event: Event, name: str, into: list[Stored]) -> None:
    at = time.perf_counter()
    if event.type == "BOOKMARK":
        return
    page = msgspec.json.decode(event.object, type=_Page)
    if page.executionRef.name == name and page.lastEventId:
        into.append(Stored(at, len(bytes(event.object)), page.firstEventId, page.lastEventId))
