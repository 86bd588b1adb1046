"""Map Runs: describe, list, update."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from stepwright.api import errors, paging, references, subjects, wire
from stepwright.api.service import Answer, Operation, Request, Service, needed
from stepwright.asl.signals import UpdateMapRun
from stepwright.asl.step import Counts, MapRunStatus

_BOUNDS: Final = ("maxConcurrency", "toleratedFailureCount", "toleratedFailurePercentage")
"""What UpdateMapRun can change."""


async def describe(service: Service, request: Request) -> Answer:
    run = await references.map_run(service, request["mapRunArn"])
    return {
        **_summary(run),
        "status": run.status,
        "maxConcurrency": run.max_concurrency,
        "toleratedFailureCount": run.tolerated_failure_count or 0,
        "toleratedFailurePercentage": run.tolerated_failure_percentage or 0.0,
        "itemCounts": _counts(run.items),
        "executionCounts": _counts(run.executions),
        "redriveCount": run.redrives,
        **({} if run.redriven is None else {"redriveDate": wire.moment(run.redriven)}),
    }


async def list_(service: Service, request: Request) -> Answer:
    execution = await references.execution(service, request["executionArn"])
    of = f"map runs of {execution.arn}"
    page, more = await paging.read(
        service, request, of, partial(needed(service.map_runs).map_runs, execution.arn)
    )
    runs = [_summary(run) | {"stateMachineArn": run.state_machine_arn} for run in page]
    return {"mapRuns": runs, **more}


async def update(service: Service, request: Request) -> Answer:
    arn = (await references.map_run(service, request["mapRunArn"])).arn
    if not request.keys() & set(_BOUNDS):
        raise errors.nothing_given(*_BOUNDS)
    asked = UpdateMapRun(
        arn,
        request.get("maxConcurrency"),
        request.get("toleratedFailureCount"),
        request.get("toleratedFailurePercentage"),
    )
    if not await needed(service.map_runs).update(asked):
        raise errors.validation(f"Map Run is not running: '{arn}'", "CANNOT_UPDATE_COMPLETED_MAP_RUN")
    return {}


def _summary(run: MapRunStatus) -> dict[str, Any]:
    summary = {
        "mapRunArn": run.arn,
        "executionArn": run.execution_arn,
        "startDate": wire.moment(run.started),
    }
    if run.stopped is not None:
        summary["stopDate"] = wire.moment(run.stopped)
    return summary


def _counts(counts: Counts) -> dict[str, int]:
    told = counts.running + counts.succeeded + counts.failed + counts.aborted
    return {
        "pending": counts.total - told,
        "running": counts.running,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "timedOut": 0,
        "aborted": counts.aborted,
        "total": counts.total,
        "resultsWritten": 0,
        "failuresNotRedrivable": counts.not_redrivable,
        "pendingRedrive": 0,
    }


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "DescribeMapRun": Operation(describe, subjects.named("mapRunArn")),
    "ListMapRuns": Operation(list_, subjects.named("executionArn")),
    "UpdateMapRun": Operation(update, subjects.named("mapRunArn")),
}
