"""The Map Runs of an execution as people read them in its status: how many items of each are done. What the status says of them
costs no write of its own: it is part of commits that are made anyway."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from stepwright.asl.step import MapRunStatus
from stepwright.cluster.resources import Phase

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
    """How far the Map state is at which an execution is, as a text for people; empty if it is none whose run is open."""
    open_run = next(
        (entry for entry in entries if entry["state"] == path and entry["phase"] == "Running"), None
    )
    if open_run is None:
        return ""
    items = open_run["items"]
    failed = f", {items['failed']} failed" if items["failed"] else ""
    return f" ({items['succeeded'] + items['failed']} of {items['total']} items{failed})"


def _entry(run: MapRunStatus) -> dict[str, Any]:
    items = run.items
    known = {
        "running": items.running,
        "succeeded": items.succeeded,
        "failed": items.failed,
        "aborted": items.aborted,
    }
    return {
        "state": run.path,
        "mapRunArn": run.arn,
        "phase": _PHASES[run.status],
        "items": {"total": items.total, "pending": items.total - sum(known.values()), **known},
    }
