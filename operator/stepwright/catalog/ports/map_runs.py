"""Map Runs and their child executions."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.signals import UpdateMapRun
from stepwright.asl.step import MapRunStatus, Status
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.records import Execution


class MapRuns(Protocol):
    """Reads and changes Map Runs, and reads their child executions."""

    async def map_run(self, arn: str) -> MapRunStatus | None: ...

    async def map_runs(self, execution_arn: str, after: Cursor | None, limit: int) -> Page[MapRunStatus]:
        """Of an execution, the newest first."""

    async def children(
        self,
        map_run_arn: str,
        status: Status | None,
        after: Cursor | None,
        limit: int,
        *,
        redriven: bool | None = None,
    ) -> Page[Execution]:
        """The child executions of a Map Run, in the order of ``Executions.executions``; those that were redriven, or that
        were not."""

    async def update(self, asked: UpdateMapRun) -> bool:
        """Give a Map Run under way other bounds; durable when it returns. False if it is not under way."""
