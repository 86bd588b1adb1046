"""Map Runs and their child executions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from stepwright.asl.signals import UpdateMapRun
from stepwright.asl.step import Status
from stepwright.catalog.records import Execution, Listed, MapRun


class MapRuns(Protocol):
    """What is known of Map Runs and their child executions."""

    async def map_run(self, arn: str) -> MapRun | None: ...

    async def map_runs(self, execution_arn: str, before: int | None, limit: int) -> Sequence[MapRun]:
        """Of an execution, the newest first, those whose position comes before ``before``."""

    async def children(
        self,
        map_run_arn: str,
        status: Status | None,
        before: Listed | None,
        limit: int,
        *,
        redriven: bool | None = None,
    ) -> Sequence[Execution]:
        """The child executions of a Map Run, likewise; those that were redriven, or that were not."""

    async def update(self, asked: UpdateMapRun) -> bool:
        """Give a Map Run under way other bounds; durable when it returns. False where it is not under way."""
