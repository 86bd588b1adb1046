"""Executions as rows of a list: of all state machines at once, by what people look for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.catalog.arns import Place
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.records import ExecutionCounts, ExecutionRow


@dataclass(frozen=True, slots=True)
class ExecutionQuery:
    """Which executions of a place are wanted: those with all that is given.

    ``machines``: of one of these state machines, by ARN; also those of a deleted one that had that ARN before.
    ``statuses``: with one of these. ``name``: how their names begin. ``error``: with which they failed. ``since``, ``until``:
    started then or later, and before that. ``labels``: with all of these, each ``KEY=VALUE``; where a store keeps no labels no
    execution has any.
    """

    place: Place
    machines: Sequence[str] = ()
    statuses: Sequence[Status] = ()
    name: str = ""
    error: str | None = None
    since: Millis | None = None
    until: Millis | None = None
    labels: Sequence[str] = ()


class ExecutionRows(Protocol):
    """Standard executions; no child executions of distributed Maps."""

    async def find(self, query: ExecutionQuery, after: Cursor | None, limit: int) -> Page[ExecutionRow]:
        """Those started last first."""

    async def count(self, query: ExecutionQuery) -> ExecutionCounts:
        """How many there are in all."""
