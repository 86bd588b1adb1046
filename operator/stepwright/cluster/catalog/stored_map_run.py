"""A Map Run as the status of its Execution has it, and as the catalog does."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from stepwright.asl.signals import Millis
from stepwright.asl.step import Counts, MapRunStatus
from stepwright.catalog import arns
from stepwright.catalog.arns import Place
from stepwright.catalog.records import Execution
from stepwright.cluster.map_bounds import MapRunBounds
from stepwright.kube import timestamps

_STATUSES: Final[Mapping[str, Literal["SUCCEEDED", "FAILED", "ABORTED"]]] = {
    "Succeeded": "SUCCEEDED",
    "Failed": "FAILED",
    "Aborted": "ABORTED",
}
"""By phase, of those that have ended."""


class StoredCounts(msgspec.Struct, frozen=True):
    total: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    aborted: int = 0

    @property
    def counts(self) -> Counts:
        return Counts(self.total, self.running, self.succeeded, self.failed, self.aborted)


class StoredMapRun(msgspec.Struct, frozen=True):
    """``startTime``, ``maxConcurrency``, ``executions``: an earlier version of the operator says none of these."""

    mapRunArn: str
    state: str
    phase: str
    startTime: str | None = None
    endTime: str | None = None
    maxConcurrency: int = 0
    toleratedFailureCount: int | None = None
    toleratedFailurePercentage: float | None = None
    redriveCount: int = 0
    redriveTime: str | None = None
    items: StoredCounts = StoredCounts()
    executions: StoredCounts = StoredCounts()

    def is_open(self, of: Execution) -> bool:
        """An execution that ends without the engine takes its Map Runs with it, which then nobody says."""
        return self.phase not in _STATUSES and of.status == "RUNNING"

    def record(self, place: Place, of: Execution, asked: Sequence[MapRunBounds] = ()) -> MapRunStatus:
        """``asked``: other bounds for Map Runs of the execution. They are reported from then on, whenever the operator sees them."""
        bounds = self._bounds(asked if self.is_open(of) else ())
        stopped = _millis(self.endTime)
        if stopped is None and not self.is_open(of):
            stopped = of.stopped
        label, _, id = self.mapRunArn.rpartition("/")[2].partition(":")
        return MapRunStatus(
            arn=place.map_run(arns.machine_name(of.machine_arn), label, id),
            execution_arn=of.arn,
            state_machine_arn=of.machine_arn,
            status="RUNNING" if self.is_open(of) else _STATUSES.get(self.phase, "ABORTED"),
            started=_millis(self.startTime) or of.started,
            stopped=stopped,
            max_concurrency=bounds.maxConcurrency or 0,
            tolerated_failure_count=bounds.toleratedFailureCount,
            tolerated_failure_percentage=bounds.toleratedFailurePercentage,
            items=self.items.counts,
            executions=self.executions.counts,
            redrives=self.redriveCount,
            redriven=_millis(self.redriveTime),
            path=self.state,
        )

    def _bounds(self, asked: Sequence[MapRunBounds]) -> MapRunBounds:
        bounds = MapRunBounds(
            self.mapRunArn, self.maxConcurrency, self.toleratedFailureCount, self.toleratedFailurePercentage
        )
        for other in asked:
            if other.mapRunArn == self.mapRunArn:
                bounds = bounds.changed(other.signal)
        return bounds


def _millis(text: str | None) -> Millis | None:
    return None if text is None else timestamps.millis(text)
