"""What an integration need not say whose tasks end with the answer to one request."""

from __future__ import annotations

from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.integration import Answered, Call


class AtOnce:
    """The part of ``tasks.calls.integration.Integration`` that is the same for all of them. Still missing are ``serves``,
    ``again``, ``lost`` and ``begin``, and for Again.FIND also ``find``."""

    def host(self, call: Call) -> str:
        """A namespace: one whose servers are slow takes no other's turns."""
        return call.ref.namespace

    async def find(self, call: Call) -> Answered | None:  # noqa: ARG002
        return None

    async def follow(self, call: Call, begun: Json) -> Answered:  # noqa: ARG002
        raise AssertionError(f"{call.task.resource} ends with its answer")

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        """Nothing goes on once the request is given up."""

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""

    async def close(self) -> None:
        pass
