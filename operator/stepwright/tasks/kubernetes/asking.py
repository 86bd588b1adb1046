"""What a verb asks with: the call, its parameters, and the API server as the account of the state machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stepwright.kube.api import Api, Params
from stepwright.kube.api_errors import AnswerTooLong
from stepwright.tasks.calls.integration import Call
from stepwright.tasks.kubernetes import marks
from stepwright.tasks.kubernetes.discovery import Discovery, Kind

ORDINARY_BYTES: Final = 2**20
"""More than a result may have. What is longer is read only where ``select`` may leave enough of it out."""


@dataclass(frozen=True, slots=True)
class Asked:
    call: Call
    given: Mapping[str, Any]
    """Its parameters, which are as ``parameters`` says."""
    api: Api
    account: str
    discovery: Discovery
    large: asyncio.Semaphore
    """Lets few long answers be read at once."""

    @property
    def namespace(self) -> str:
        """The one that is named, else that of the execution."""
        return str(self.given.get("namespace") or self.call.ref.namespace)

    @property
    def mark(self) -> str:
        return marks.of_task(self.call.ref, self.call.task.task)

    async def kind(self, of: Mapping[str, Any] | None = None) -> Kind:
        """Of what the parameters, or a manifest, name."""
        said = self.given if of is None else of
        return await self.discovery.kind(self.api, said["apiVersion"], said["kind"])

    async def read(self, path: str, params: Params | None = None) -> Any:
        """Raises ApiError."""
        try:
            return await self.api.get(path, params, most_bytes=ORDINARY_BYTES)
        except AnswerTooLong:
            if not self.given.get("select"):
                raise
        async with self.large:
            return await self.api.get(path, params)
