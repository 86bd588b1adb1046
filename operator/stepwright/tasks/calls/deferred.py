"""Integrations, and readers of files, that are made when their first call is: what some are made of takes a third of a second to load, and many
processes never make a call of theirs."""

from __future__ import annotations

from collections.abc import Callable

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed, Integration
from stepwright.tasks.calls.remote_files import Part, RemoteFiles
from stepwright.tasks.calls.slots import Host


class Deferred:
    """Implements ``tasks.calls.integration.Integration`` for the one that ``make`` returns; ``serves`` is its own."""

    def __init__(self, serves: Callable[[Resource], bool], make: Callable[[], Integration]) -> None:
        self._serves = serves
        self._make = make
        self._made: Integration | None = None

    @property
    def _integration(self) -> Integration:
        if self._made is None:
            self._made = self._make()
        return self._made

    def serves(self, resource: Resource) -> bool:
        return self._serves(resource)

    def host(self, call: Call) -> str | Host | None:
        return self._integration.host(call)

    def again(self, call: Call) -> Again:
        return self._integration.again(call)

    def lost(self, call: Call) -> CallFailed:
        return self._integration.lost(call)

    async def begin(self, call: Call) -> Answered:
        return await self._integration.begin(call)

    async def find(self, call: Call) -> Answered | None:
        return await self._integration.find(call)

    async def follow(self, call: Call, begun: Json) -> Answered:
        return await self._integration.follow(call, begun)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._integration.stop(ref, task)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        await self._integration.release(ref, task)

    async def close(self) -> None:
        if self._made is not None:
            await self._made.close()


class DeferredFiles:
    """Implements ``tasks.calls.remote_files.RemoteFiles`` for the one that ``make`` returns."""

    def __init__(self, make: Callable[[], RemoteFiles]) -> None:
        self._make = make
        self._made: RemoteFiles | None = None

    async def part(self, ref: ExecutionRef, parameters: Json, first: int, end: int, tag: str | None) -> Part:
        if self._made is None:
            self._made = self._make()
        return await self._made.part(ref, parameters, first, end, tag)

    async def close(self) -> None:
        if self._made is not None:
            await self._made.close()
