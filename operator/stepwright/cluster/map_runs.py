"""The Map Runs of an execution as people read them in its status: within which bounds they run, and how much of each is done. What
the status says of them costs no write of its own: it is part of commits that are made anyway."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from stepwright.asl.step import Counts, MapRunStatus
from stepwright.cluster.resources import Phase
from stepwright.kube import timestamps

MOST_MAP_RUNS: Final = 5

_PHASES: Final[Mapping[str, Phase]] = {
    "RUNNING": "Running",
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "ABORTED": "Aborted",
}


def after(before: Sequence[dict[str, Any]], runs: Collection[MapRunStatus]) -> list[dict[str, Any]]:
    """The newest Map Runs, the oldest first. Those in child executions are not among them."""
    entries = {entry["mapRunArn"]: entry for entry in before}
    entries |= {run.arn: _entry(run) for run in runs if run.path}
    return list(entries.values())[-MOST_MAP_RUNS:]


def progress(entries: Sequence[dict[str, Any]], path: str) -> str:
    """How far a Map state has come, as a text for people; empty if it has no open run."""
    open_run = next(
        (entry for entry in entries if entry["state"] == path and entry["phase"] == "Running"), None
    )
    if open_run is None:
        return ""
    items = open_run["items"]
    failed = f", {items['failed']} failed" if items["failed"] else ""
    return f" ({items['succeeded'] + items['failed']} of {items['total']} items{failed})"


def _entry(run: MapRunStatus) -> dict[str, Any]:
    entry = {
        "state": run.path,
        "mapRunArn": run.arn,
        "phase": _PHASES[run.status],
        "startTime": timestamps.rfc3339(run.started),
        "endTime": None if run.stopped is None else timestamps.rfc3339(run.stopped),
        "maxConcurrency": run.max_concurrency,
        "toleratedFailureCount": run.tolerated_failure_count,
        "toleratedFailurePercentage": run.tolerated_failure_percentage,
        "redriveCount": run.redrives or None,
        "redriveTime": None if run.redriven is None else timestamps.rfc3339(run.redriven),
        "items": _counts(run.items),
        "executions": _counts(run.executions),
    }
    return {name: value for name, value in entry.items() if value is not None}


def _counts(counts: Counts) -> dict[str, int]:
    known = {
        "running": counts.running,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "aborted": counts.aborted,
    }
    return {"total": counts.total, "pending": counts.total - sum(known.values()), **known}
