"""Shards of distributed Maps, which a store keeps and an engine carries as it carries executions.

``asl.checkpoint.shards`` says what a shard is. No API lists them: what they do is seen in the Map Run and in its child executions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, ShardCounts, TaskId
from stepwright.asl.step import Status
from stepwright.asl.task_token import begun_uid
from stepwright.engine.ports import ExecutionRef, Uid


@dataclass(frozen=True, slots=True)
class ShardTask:
    """Which shard: the one that this task of an execution runs, whose Map it belongs to."""

    parent: ExecutionRef
    task: TaskId

    @property
    def uid(self) -> Uid:
        """The shard's own, settled before there is one."""
        return Uid(begun_uid(self.parent.uid, self.task))


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """How a shard has ended. ``output``: there is none if it did not come to its end by itself."""

    status: Status
    output: JsonText | None = None
    error: str | None = None
    cause: str | None = None


class NotBegun(Exception):  # noqa: N818 - it names a condition
    """The store has been set back to a time before the shard had begun: it is to begin again."""


class Shards(Protocol):
    """All of them raise Unavailable."""

    async def begin(
        self, shard: ShardTask, scheduled: Millis, parts: Mapping[PartId, EncodedPart], redrives: int
    ) -> None:
        """Have the shard carried, from this checkpoint on if there is no such shard yet. One that has begun before goes on with
        the bounds of this checkpoint, where bounds may change meanwhile. One that has ended without success goes on if it has
        been redriven less often than that. Durable when it returns, but for the bounds, which it is told with each ``begin``;
        harmless to repeat. It runs what its parent runs. ``scheduled``: when its task was."""

    async def until_ended(self, shard: ShardTask, progress: Callable[[ShardCounts], None]) -> ShardEnd:
        """How it has ended. Raises NotBegun. ``progress`` is called whenever it has come further, in the engine's event loop. One that is not
        there was aborted."""

    async def stop(self, shard: ShardTask) -> None:
        """Ask it to stop what it runs and to end. Durable when it returns."""

    async def forget(self, shard: ShardTask) -> None:
        """Its end is recorded with its Map: nothing of it is needed any more. A shard that is never forgotten goes with its
        parent. A ``begin`` that was sent before, and arrives late, does not bring it back."""
