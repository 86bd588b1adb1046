"""Many executions of one state machine, started by the operator itself: a create each, and then its own writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any

from bench.watching import EXECUTIONS, create, execution
from stepwright.kube import lists
from stepwright.kube.api import Api
from stepwright.kube.paths import path_of
from tests.processes.operators import OperatorProcess

CREATES_AT_ONCE = 32


async def create_all(api: Api, namespace: str, machine: str, names: list[str], input: Any) -> None:
    """Create executions, always so many at a time."""
    left = iter(names)

    async def some() -> None:
        for name in left:
            await create(api, EXECUTIONS, namespace, execution(name, machine, input=input))

    await asyncio.gather(*(some() for _ in range(CREATES_AT_ONCE)))


async def until_all_wait(api: Api, namespace: str, operator: OperatorProcess, count: int) -> None:
    """Until the API server has no execution that has not begun, and the operator a timer for each."""
    await _until(lambda: gauges(operator).get("stepwright_timers", 0) >= count, operator)
    pending = path_of(*EXECUTIONS, namespace)
    while True:
        # In pages: an answer that holds 100,000 comes after any time-out.
        found, _ = await lists.whole(api, pending, {"fieldSelector": "status.phase=Pending"}, page_size=500)
        if not found:
            return
        await asyncio.sleep(1)


async def _until(reached: Callable[[], bool], operator: OperatorProcess, seconds: float = 3600) -> None:
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(reached):
        if not operator.alive:
            raise SystemExit(f"the operator ended:\n{operator.log_tail()}")
        if time.monotonic() > deadline:
            raise SystemExit(f"not all executions wait after {seconds:.0f} s:\n{operator.log_tail()}")
        await asyncio.sleep(0.25)


def gauges(operator: OperatorProcess) -> Mapping[str, float]:
    """The operator's metrics without labels, by name; nothing while it is too busy to answer."""
    try:
        lines = operator.metrics().splitlines()
    except OSError:
        return {}
    pairs = (line.split() for line in lines if not line.startswith("#") and "{" not in line)
    return {name: float(value) for name, value in pairs}
