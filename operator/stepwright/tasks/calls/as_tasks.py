"""What readers of items ask of a driver, asked as its tasks ask for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from msgspec.structs import replace

from stepwright.asl.resource import Resource
from stepwright.asl.step import StartTask
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.integration import AnswerLost, Call, CallFailed, RefusedForNow
from stepwright.tasks.calls.remote_files import NotRead


class AsTasks:
    """Implements ``tasks.calls.remote_files.RemoteObjects``. ``ask``: as a task of the driver would be answered."""

    def __init__(self, ask: Callable[[Call], Awaitable[Any]]) -> None:
        self._ask = ask

    async def answer(
        self, ref: ExecutionRef, task: StartTask, resource: Resource, parameters: Mapping[str, Any]
    ) -> Any:
        asked = replace(task, resource=resource, parameters=dict(parameters), has_parameters=True)
        try:
            return await self._ask(Call(ref, asked))
        except CallFailed as failed:
            raise NotRead(f"{failed.error}: {failed.cause}", error=failed.error) from failed
        except RefusedForNow as refused:
            raise NotRead(str(refused), passes=True) from refused
        except AnswerLost as lost:
            raise NotRead(str(lost), passes=True) from lost
