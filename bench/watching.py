"""Creating objects and waiting for what becomes of them, by one watch for all: the measuring side's own cost is small
and the same for Stepwright and for what it is compared with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self

import msgspec

from stepwright.kube import watches
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of
from stepwright.kube.watches import Event

Object = dict[str, Any]
Status = Mapping[str, Any]
Kind = tuple[str, str]
"""API version and plural."""

EXECUTIONS: Kind = ("stepwright.dev/v1", "executions")
STATE_MACHINES: Kind = ("stepwright.dev/v1", "statemachines")
JOBS: Kind = ("batch/v1", "jobs")


class Watch:
    """All objects of a kind in a namespace: when each was first seen to be done."""

    def __init__(
        self,
        api: Api,
        kind: Kind,
        namespace: str,
        is_done: Callable[[Status], bool],
        field_selector: str | None = None,
    ) -> None:
        """``field_selector``: looks at those only. One that leaves them is done, with the status that it had before: the
        server reports nothing more about it."""
        self._api = api
        self._path = path_of(*kind, namespace)
        self._params = None if field_selector is None else {"fieldSelector": field_selector}
        self._is_done = is_done
        self.done: dict[str, float] = {}
        self.status: dict[str, Status] = {}
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def until_count(self, count: int, seconds: float = 600) -> None:
        """Wait until so many are done."""
        async with asyncio.timeout(seconds):
            while len(self.done) < count:
                self._news.clear()
                await self._news.wait()

    async def _follow(self) -> None:
        while True:
            # A watch that is cut begins anew, with everything there is.
            with suppress(ApiError):
                async for event in watches.watch(self._api, self._path, self._params):
                    self._take(event)

    def _take(self, event: Event) -> None:
        found = msgspec.json.decode(event.object, type=_Seen)
        name, status = found.metadata.name, found.status or {}
        left = self._params is not None and event.type == "DELETED"
        if name not in self.done and (left or self._is_done(status)):
            self.done[name] = time.perf_counter()
            self.status[name] = status
            self._news.set()

    async def until(self, names: Sequence[str], seconds: float = 600) -> None:
        """Wait until all of them are done."""
        async with asyncio.timeout(seconds):
            while not all(name in self.done for name in names):
                self._news.clear()
                await self._news.wait()


class _Name(msgspec.Struct):
    name: str = ""


class _Seen(msgspec.Struct):
    metadata: _Name
    status: dict[str, Any] | None = None


async def create(api: Api, kind: Kind, namespace: str, body: Object) -> None:
    await api.create(path_of(*kind, namespace), body)


async def at_once(calls: Sequence[Awaitable[None]], limit: int = 32) -> None:
    """Run calls, so many at a time."""
    slots = asyncio.Semaphore(limit)

    async def one(call: Awaitable[None]) -> None:
        async with slots:
            await call

    await asyncio.gather(*(one(call) for call in calls))


async def machine(api: Api, namespace: str, name: str, definition: Object, **spec: Any) -> None:
    """Apply a state machine and wait until it is ready."""
    async with Watch(api, STATE_MACHINES, namespace, is_ready) as watch:
        body = {
            "apiVersion": "stepwright.dev/v1",
            "kind": "StateMachine",
            "metadata": {"name": name},
            "spec": {"definition": definition, **spec},
        }
        await create(api, STATE_MACHINES, namespace, body)
        await watch.until([name], 60)


def execution(name: str, machine: str, **spec: Any) -> Object:
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Execution",
        "metadata": {"name": name},
        "spec": {"stateMachineRef": {"name": machine}, **spec},
    }


def has_ended(status: Status) -> bool:
    return status.get("phase") not in (None, "Pending", "Running")


def is_ready(status: Status) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or ())


def is_complete(status: Status) -> bool:
    return any(c["type"] == "Complete" and c["status"] == "True" for c in status.get("conditions") or ())


def check(watch: Watch) -> None:
    """A failed execution would make a fast figure."""
    for name, status in watch.status.items():
        if status.get("phase", "Succeeded") != "Succeeded":
            raise SystemExit(f"{name}: {status['phase']}: {status.get('error')}: {status.get('cause')}")
