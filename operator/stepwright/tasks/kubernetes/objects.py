"""Objects for readers of items: got as tasks get them, as the same account, but of any size that the API server gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from stepwright.asl.resource import Resource
from stepwright.asl.step import StartTask
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.integration import AnswerLost, Call, CallFailed, RefusedForNow
from stepwright.tasks.calls.remote_files import NotRead
from stepwright.tasks.kubernetes.integration import Kubernetes


class KubernetesObjects:
    """Implements ``tasks.calls.remote_files.RemoteObjects``."""

    def __init__(self, kubernetes: Kubernetes) -> None:
        self._kubernetes = kubernetes

    async def answer(
        self, ref: ExecutionRef, task: StartTask, resource: Resource, parameters: Mapping[str, Any]
    ) -> Any:
        asked = replace(task, resource=resource, parameters=dict(parameters), has_parameters=True)
        try:
            return await self._kubernetes.read(Call(ref, asked))
        except CallFailed as failed:
            raise NotRead(f"{failed.error}: {failed.cause}") from failed
        except RefusedForNow as refused:
            raise NotRead(str(refused), passes=True) from refused
        except AnswerLost as lost:
            raise NotRead(str(lost), passes=True) from lost
