"""What a dashboard shows of executions: how many there are of each kind, and the few that somebody should look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from stepwright.asl.signals import Millis
from stepwright.catalog.arns import Place
from stepwright.catalog.records import ExecutionRow, Overview

MOST_COUNTED: Final = 100_000
FEW: Final = 8


@dataclass(frozen=True, slots=True)
class OverviewQuery:
    """Which executions are counted: those of a place, or of one ``machine`` there (an ARN), that were started in one of so many
    ``parts`` of time. Each is ``step`` long; the first begins at ``since``. ``most``: the newest of them; so what it costs is known,
    however many there are."""

    place: Place
    since: Millis
    step: Millis
    parts: int
    machine: str | None = None
    most: int = MOST_COUNTED

    @property
    def until(self) -> Millis:
        return Millis(self.since + self.step * self.parts)


class Overviews(Protocol):
    """Of Standard executions; no child executions of distributed Maps. Each answer is one question to the store."""

    async def overview(self, query: OverviewQuery) -> Overview: ...

    async def failed_last(self, place: Place, machine: str | None) -> tuple[ExecutionRow, ...]:
        """Those FEW that have failed or timed out last, the last one first. ``machine``: of one state machine, by its ARN."""

    async def running_longest(self, place: Place, machine: str | None) -> tuple[ExecutionRow, ...]:
        """Those FEW that run and were started first, the first one first."""
