"""A Job driver beside a real cluster, and what it reports, for tests to wait for."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import (
    Signal,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.clock import SystemClock
from stepwright.engine.ports import ExecutionRef, Reported, Uid
from stepwright.kube.api import Api
from stepwright.kube.connection import connect
from stepwright.kube.paths import path_of
from stepwright.tasks.job import K8S_JOB
from stepwright.tasks.job.driver import JobDriver
from tests.tasks.start_tasks import start_task

BUSYBOX = "localhost/busybox:1.37"
_ids = itertools.count(5)


@dataclass
class Running:
    """One driver and its ears."""

    api: Api
    driver: JobDriver
    heard: dict[tuple[Uid, int], list[Signal]]
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def end_of(
        self, ref: ExecutionRef, task: TaskId, seconds: float = 60
    ) -> TaskSucceeded | TaskFailed:
        signal = await self.heard_of(ref, task, (TaskSucceeded, TaskFailed), seconds)
        assert isinstance(signal, TaskSucceeded | TaskFailed)
        return signal

    async def heard_of(
        self, ref: ExecutionRef, task: TaskId, kinds: tuple[type, ...], seconds: float = 60
    ) -> Signal:
        async with asyncio.timeout(seconds):
            while True:
                for signal in self.heard.get((ref.uid, task), []):
                    if isinstance(signal, kinds):
                        return signal
                self.news.clear()
                await self.news.wait()

    async def result(
        self, ref: ExecutionRef, task: StartTask, seconds: float = 60
    ) -> TaskSucceeded | TaskFailed:
        await self.driver.start(ref, task, again=False)
        return await self.end_of(ref, task.task, seconds)

    async def job(self, ref: ExecutionRef, task: StartTask) -> dict[str, Any]:
        name = self.driver.shown_as(ref, task.task)
        found: dict[str, Any] = await self.api.get(path_of("batch/v1", "jobs", ref.namespace, name))
        return found

    async def ttl_of(self, ref: ExecutionRef, task: StartTask) -> int:
        """The TTL of the task's Job once it is let go."""
        async with asyncio.timeout(60):
            while True:
                spec = (await self.job(ref, task))["spec"]
                if "ttlSecondsAfterFinished" in spec:
                    return int(spec["ttlSecondsAfterFinished"])
                await asyncio.sleep(0.2)

    async def pods(self, ref: ExecutionRef, task: StartTask) -> list[dict[str, Any]]:
        selector = {"labelSelector": f"job-name={self.driver.shown_as(ref, task.task)}"}
        found: list[dict[str, Any]] = (await self.api.get(path_of("v1", "pods", ref.namespace), selector))[
            "items"
        ]
        return found

    async def running_pod(self, ref: ExecutionRef, task: StartTask, other_than: str = "") -> dict[str, Any]:
        """The task's pod once its main container runs."""
        async with asyncio.timeout(60):
            while True:
                for pod in await self.pods(ref, task):
                    statuses = pod["status"].get("containerStatuses") or []
                    if pod["metadata"]["name"] != other_than and any(
                        "running" in s["state"] for s in statuses
                    ):
                        return pod
                await asyncio.sleep(0.1)


@asynccontextmanager
async def driver(kubeconfig: Path, namespace: str) -> AsyncIterator[Running]:
    api = await connect(kubeconfig, user_agent="stepwright-test")
    heard: dict[tuple[Uid, int], list[Signal]] = {}
    news = asyncio.Event()

    def report(uid: Uid, signal: Reported) -> None:
        assert isinstance(signal, TaskStarted | TaskSubmitted | TaskSucceeded | TaskFailed)
        heard.setdefault((uid, signal.task), []).append(signal)
        news.set()

    made = JobDriver(api, report, clock=SystemClock(), namespaces=[namespace], owner=lambda _: None)
    running = asyncio.create_task(made.run())
    try:
        yield Running(api, made, heard, news)
    finally:
        # A connection cancelled in the first moment of its TLS handshake is never closed by asyncio (3.11).
        await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await api.close()


def execution(namespace: str, name: str = "order-7", **settings: Any) -> ExecutionRef:
    """A new execution; ``settings`` are those of StateMachine.spec."""
    return ExecutionRef(Uid(str(uuid.uuid4())), namespace, name, "order", settings)


def task(
    parameters: Any = None, input: Json = None, *, resource: Resource = K8S_JOB, **changes: Any
) -> StartTask:
    started = start_task(
        resource,
        parameters,
        next(_ids),
        has_parameters=parameters is not None,
        input={} if input is None else input,
        state="Charge",
        pointer="/States/Charge",
        path="Charge",
    )
    return replace(started, **changes)


def cancelled(task: StartTask) -> CancelTask:
    return CancelTask(task.task, task.resource)


def shell(script: str, input: Json = None, /, **parameters: Any) -> StartTask:
    """A task that runs ``script`` in busybox."""
    return task({"image": BUSYBOX, "command": ["sh", "-c", script], **parameters}, input)
