"""Runs shards of distributed Maps by a store that keeps them, and reports to their Maps how far they have come.

Which shard a task is was settled before: its uid is made of the task's name. So it is begun once, whenever this process is
killed, found again, and stopped with its Map.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl.checkpoint import shards
from stepwright.asl.checkpoint.shards import Beginning
from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, ShardCounts, ShardProgress, TaskId
from stepwright.asl.step import CancelTask
from stepwright.asl.text import jsontext
from stepwright.catalog.ports import NotBegun, ShardEnd, Shards, ShardTask
from stepwright.engine.ports import Clock, ExecutionRef, Report
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.map_shards.resources import RESOURCES

PROGRESS_MILLIS: Final = 1_000
"""A shard reports at most so often, but for failures, of which its Map has to know at once."""


class MapShards:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, shards: Shards, clock: Clock, report: Report) -> None:
        self._shards = shards
        self._clock = clock
        self._report = report

    async def close(self) -> None:
        pass

    def serves(self, resource: Resource) -> bool:
        return resource in RESOURCES

    def host(self, call: Call) -> None:
        """How many there are at once is up to their Maps."""

    def again(self, call: Call) -> Again:  # noqa: ARG002
        return Again.HARMLESS

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        raise AssertionError("beginning a shard is harmless to repeat")

    async def find(self, call: Call) -> Answered | None:  # noqa: ARG002
        return None

    async def begin(self, call: Call) -> Answered:
        beginning = shards.beginning(call.task.parameters)
        shard = _shard(call, beginning)
        await self._shards.begin(shard, call.task.scheduled, beginning.parts, beginning.redrives)
        if beginning.ends is not None:
            await self._shards.stop(shard)
        return Answered(shard.uid)

    async def change(self, call: Call) -> None:
        """Other bounds, which a shard hears of whenever it is begun again."""
        await self.begin(call)

    async def follow(self, call: Call, begun: Json) -> Answered:  # noqa: ARG002
        progress = _Progress(call, self._clock, self._report)
        shard = _shard(call, shards.beginning(call.task.parameters))
        end: ShardEnd | None = None
        while end is None:
            try:
                end = await self._shards.until_ended(shard, progress)
            except NotBegun:
                await self.begin(call)
        output = None if end.output is None else jsontext.parse(end.output)
        if end.status == "SUCCEEDED" or (output is not None and shards.end_of(output).results is not None):
            return Answered(output)
        if output is not None:
            progress.report(shards.end_of(output).counts)
        raise _failure(end)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._shards.stop(ShardTask(ref, task.task))

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        await self._shards.forget(ShardTask(ref, task))


class _Progress:
    """What the Map of one shard hears about it."""

    def __init__(self, call: Call, clock: Clock, report: Report) -> None:
        self._call = call
        self._clock = clock
        self._report = report
        self._failed = 0
        self._reported = Millis(0)

    def __call__(self, counts: ShardCounts) -> None:
        now = self._clock.now()
        if counts.failed > self._failed or now - self._reported >= PROGRESS_MILLIS:
            self._reported = now
            self.report(counts)

    def report(self, counts: ShardCounts) -> None:
        at_once = counts.failed > self._failed
        self._failed = counts.failed
        self._report(self._call.ref.uid, ShardProgress(self._call.task.task, counts, at_once=at_once))


def _shard(call: Call, beginning: Beginning) -> ShardTask:
    """Which shard the task runs, or ends."""
    return ShardTask(call.ref, beginning.ends or call.task.task)


def _failure(end: ShardEnd) -> CallFailed:
    """With which its Map fails. Whoever has stopped a shard, or taken it away, was not its Map, which asks no more."""
    if end.status == "FAILED" and end.error is not None:
        return CallFailed(end.error, end.cause or "")
    return CallFailed(RUNTIME, f"A shard of the Map was taken away or stopped ({end.status}).")
