"""Tenants whose definitions compute as much as they may, all the time, and what another one notices of it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from stepwright.cluster import stored
from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import Unreachable
from stepwright.kube.paths import path_of
from tests.on_cluster.kubectl import ENDED, Object, execution, machine

V1: Final = "stepwright.dev/v1"
COUNTS: Final = "{% $count($map([1..60000], function($v){$string($v) & 'x'})) %}"


def _states() -> Object:
    states: Object = {
        f"S{number}": {"Type": "Pass", "Output": {"x": COUNTS}, "Next": f"S{number + 1}"}
        for number in range(20)
    }
    return {"QueryLanguage": "JSONata", "StartAt": "S0", "States": {**states, "S20": {"Type": "Succeed"}}}


def _one(state: Object, **fields: Any) -> Object:
    return {"StartAt": "A", "States": {"A": {**state, "End": True}}, **fields}


DEFINITIONS: Final[dict[str, Object]] = {
    "fields": _one(
        {"Type": "Pass", "Output": {f"x{number}": COUNTS for number in range(20)}}, QueryLanguage="JSONata"
    ),
    "states": _states(),
    "map": _one(
        {
            "Type": "Map",
            "Items": "{% [1..40] %}",
            "ItemProcessor": {
                "StartAt": "B",
                "States": {"B": {"Type": "Pass", "Output": COUNTS, "End": True}},
            },
        },
        QueryLanguage="JSONata",
    ),
    "paths": _one(
        {
            "Type": "Pass",
            "Parameters": {f"x{number}.$": "$.a[?(@.b =~ /.*x.*y/)]" for number in range(10)},
        }
    ),
}
INPUTS: Final[dict[str, Any]] = {"paths": {"a": [{"b": "x" * 4_000}] * 60}}


@asynccontextmanager
async def busy(api: Api, namespace: str) -> AsyncIterator[None]:
    """While the block lasts an execution of each of the definitions runs there, and another one after it."""
    for name, definition in DEFINITIONS.items():
        await api.create(path_of(V1, "statemachines", namespace), machine(name, definition))

    async def always(name: str) -> None:
        for number in itertools.count():
            body = execution(f"{name}-{number}", name, input=INPUTS.get(name))
            await api.create(path_of(V1, "executions", namespace), body)
            await reached(
                api, namespace, lambda found: stored.of(found).phase in ENDED, body["metadata"]["name"]
            )

    async with meanwhile(always(name) for name in DEFINITIONS):
        yield


@asynccontextmanager
async def meanwhile(endless: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """They run while the block lasts. Raises what one of them has ended with."""
    running = [asyncio.create_task(each) for each in endless]
    try:
        yield
        for task in running:
            if task.done():
                task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def started_and_ended(api: Api, namespace: str, name: str, of: str) -> tuple[float, Object]:
    """Seconds until an execution's first write is seen, and the execution when it has ended."""
    began = time.monotonic()
    await api.create(path_of(V1, "executions", namespace), execution(name, of))
    await reached(api, namespace, lambda found: stored.of(found).seq > 0, name)
    seconds = time.monotonic() - began
    return seconds, await reached(api, namespace, lambda found: stored.of(found).phase in ENDED, name)


async def reached(api: Api, namespace: str, met: Callable[[Object], bool], name: str | None = None) -> Object:
    """The execution, or the first of all, of which it is true."""
    path = path_of(V1, "executions", namespace)
    selected = {"fieldSelector": f"metadata.name={name}"} if name else {}
    while True:
        # A busy API server may not serve a watch for a while.
        with suppress(Unreachable):
            async for event in watches.watch(api, path, selected):
                if event.type in ("ADDED", "MODIFIED"):
                    found: Object = msgspec.json.decode(event.object)
                    if met(found):
                        return found
        await asyncio.sleep(0.1)


@dataclass
class Leases:
    """``longest``: by Lease the longest time between two renewals, as a share of its duration, as they say it.
    ``gone``: those that were deleted."""

    longest: dict[str, float] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    @property
    def lapsed(self) -> list[str]:
        return [name for name, share in self.longest.items() if share > 1]


@asynccontextmanager
async def watched_leases(api: Api, namespace: str) -> AsyncIterator[Leases]:
    """Those of operators, while the block lasts."""
    leases, renewed = Leases(), dict[str, datetime]()

    async def follow() -> None:
        path = path_of("coordination.k8s.io/v1", "leases", namespace)
        while True:
            async for event in watches.watch(
                api, path, {"labelSelector": "stepwright.dev/component=operator"}
            ):
                if event.type == "BOOKMARK":
                    continue
                found: Object = msgspec.json.decode(event.object)
                name, spec = found["metadata"]["name"], found["spec"]
                if event.type == "DELETED":
                    leases.gone.append(name)
                    continue
                now = datetime.fromisoformat(spec["renewTime"])
                silent = (now - renewed.get(name, now)).total_seconds()
                share = silent / spec["leaseDurationSeconds"]
                leases.longest[name] = max(share, leases.longest.get(name, 0.0))
                renewed[name] = now

    task = asyncio.create_task(follow())
    try:
        yield leases
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
