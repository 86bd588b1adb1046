"""Where the time of one-task executions goes: what is seen of each, and of its Job and its pod, by watches beside them.

Each phase ends with a moment that everybody can see, so the phases of an execution add up to its time. They show whose work was
waited for: the operator's, the Job controller's, the scheduler's or the kubelet's (KWOK's).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from statistics import mean
from typing import Any, Final, Self

import msgspec

from bench import table
from bench.watching import EXECUTIONS, JOBS, Kind, Object, has_ended
from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of

PODS: Final[Kind] = ("v1", "pods")
EXECUTION: Final = "stepwright.dev/execution"
JOB: Final = "batch.kubernetes.io/job-name"

CREATE: Final = "create"
CREATED: Final = "API server: the Execution's creation"
WRITTEN: Final = "operator: until its first write is seen"
JOB_CREATED: Final = "operator: until its Job is seen"
POD_CREATED: Final = "Job controller: until the Job has a pod"
SCHEDULED: Final = "scheduler: until the pod has a node"
POD_ENDED: Final = "node: until the container has ended"
ENDED: Final = "operator: until the Execution's end is seen"
ORDER: Final = (CREATE, CREATED, WRITTEN, JOB_CREATED, POD_CREATED, SCHEDULED, POD_ENDED, ENDED)

Mark = tuple[str, str]
"""An execution's name, or that of a Job which is nobody's, and a moment of it."""


class Phases:
    """When each moment of the executions of one namespace was first seen, and of Jobs without one."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._namespace = api, namespace
        self.moments: dict[str, dict[str, float]] = {}
        self._news = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for kind, marks in ((EXECUTIONS, _of_execution), (JOBS, _of_job), (PODS, _of_pod)):
            self._tasks.append(asyncio.create_task(self._follow(kind, marks)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def note(self, name: str, moment: str) -> None:
        self.moments.setdefault(name, {}).setdefault(moment, time.perf_counter())
        self._news.set()

    async def until(self, name: str, moment: str, seconds: float = 60) -> float:
        """Wait for it; seconds since ``CREATE``."""
        async with asyncio.timeout(seconds):
            while moment not in self.moments.get(name, {}):
                for task in self._tasks:
                    if task.done():
                        task.result()
                self._news.clear()
                await self._news.wait()
        return self.moments[name][moment] - self.moments[name][CREATE]

    async def _follow(self, kind: Kind, marks: Callable[[Object], Iterator[Mark]]) -> None:
        while True:
            # A watch that is cut begins anew, with everything there is.
            with suppress(ApiError):
                async for event in watches.watch(self._api, path_of(*kind, self._namespace)):
                    if event.type not in ("ADDED", "MODIFIED"):
                        continue
                    for name, moment in marks(msgspec.json.decode(event.object)):
                        self.note(name, moment)

    def show(self, title: str, groups: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Mean seconds of each phase, for each group of names."""
        rows: list[list[Any]] = []
        for _, moment in pairwise(ORDER):
            took = [self._seconds(names, moment) for _, names in groups]
            if any(took):
                rows.append([moment, *(mean(seconds) if seconds else 0.0 for seconds in took)])
        rows.append(["all", *(sum(row[column] for row in rows) for column in range(1, len(groups) + 1))])
        table.show(title, ["phase (mean seconds)", *(name for name, _ in groups)], rows)

    def _seconds(self, names: Sequence[str], moment: str) -> list[float]:
        """How long this phase of each took: from the last moment seen before it. Where two were seen in the wrong order, as
        watches are apart from each other, the later phase took none."""
        found = []
        for name in names:
            seen = self.moments.get(name, {})
            if moment in seen:
                before = max(seen[known] for known in ORDER[: ORDER.index(moment)] if known in seen)
                found.append(max(0.0, seen[moment] - before))
        return found


def _of_execution(body: Object) -> Iterator[Mark]:
    name, status = body["metadata"]["name"], body.get("status") or {}
    if status.get("seq"):
        yield name, WRITTEN
    if has_ended(status):
        yield name, ENDED


def _of_job(body: Object) -> Iterator[Mark]:
    yield _owner(body) or body["metadata"]["name"], JOB_CREATED


def _of_pod(body: Object) -> Iterator[Mark]:
    name = _owner(body) or body["metadata"].get("labels", {}).get(JOB, "")
    yield name, POD_CREATED
    if body["spec"].get("nodeName"):
        yield name, SCHEDULED
    if any("terminated" in status["state"] for status in body.get("status", {}).get("containerStatuses", ())):
        yield name, POD_ENDED


def _owner(body: Object) -> str | None:
    name: str | None = body["metadata"].get("labels", {}).get(EXECUTION)
    return name
