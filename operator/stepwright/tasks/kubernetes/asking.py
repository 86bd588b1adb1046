"""What a verb asks with: a task's parameters, and the API server as the account of the state machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.signals import Millis, TaskId
from stepwright.engine.ports import ExecutionRef
from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import AnswerTooLong
from stepwright.tasks.kubernetes import marks
from stepwright.tasks.kubernetes.discovery import Discovery, Kind
from stepwright.tasks.kubernetes.waiting import Place, Waiting

ORDINARY_BYTES: Final = 2**20
"""More than a result may have. What is longer is read only where ``select`` may leave enough of it out."""


@dataclass(frozen=True, slots=True)
class Asked:
    ref: ExecutionRef
    task: TaskId
    scheduled: Millis | None
    given: Mapping[str, Any]
    """Parameters that are as ``parameters`` says."""
    api: Api
    account: str
    """``shop/orders``"""
    discovery: Discovery
    waiting: Waiting
    large: asyncio.Semaphore
    """Lets few long answers be read at once."""

    @property
    def namespace(self) -> str:
        """The one that is named, else that of the execution."""
        return str(self.given.get("namespace") or self.ref.namespace)

    @property
    def mark(self) -> str:
        return marks.of_task(self.ref, self.task)

    async def kind(self, of: Mapping[str, Any] | None = None) -> Kind:
        """Of what the parameters, or a manifest, name."""
        said = self.given if of is None else of
        return await self.discovery.kind(self.api, said["apiVersion"], said["kind"])

    async def path(self, subresource: str | None = None) -> str:
        """Of the object that the parameters name."""
        return (await self.kind()).path(self.namespace, self.given["name"], subresource)

    async def place(self, of: Mapping[str, Any]) -> Place:
        """``of``: what names an object by apiVersion, kind, namespace and name."""
        kind = await self.kind(of)
        return Place(self.api, self.account, kind, of["namespace"], of["name"])

    async def read(self, path: str, params: Params | None = None) -> Any:
        """Raises ApiError."""
        try:
            return await self.api.get(path, params, most_bytes=ORDINARY_BYTES)
        except AnswerTooLong:
            if not self.given.get("select"):
                raise
        async with self.large:
            return await self.api.get(path, params)
