"""Executions: start, describe, list, stop, redrive."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from stepwright.api import errors, paging, references, subjects, wire
from stepwright.api.operations import starting
from stepwright.api.service import Answer, ForExecutions, Operation, Request, Service, needed
from stepwright.asl.failure import causes
from stepwright.asl.signals import Millis, RedriveFrom
from stepwright.catalog import arns, redrives
from stepwright.catalog.ports import MachineGone, NotRedrivable
from stepwright.catalog.records import Execution
from stepwright.engine.ports import StopRequest

REDRIVE_FROM: Final = "RedriveExecutionFrom"
"""The right to say where an execution goes on, and with which input: it may skip what was to be done first."""

_REDRIVE_FILTERS: Final = {None: None, "REDRIVEN": True, "NOT_REDRIVEN": False}


async def start(service: ForExecutions, request: Request) -> Answer:
    """Idempotent while the execution runs: the same name and input return the existing execution."""
    target = await starting.target(service, request)
    execution = starting.new(service, request, target)
    try:
        if target.machine.type == "EXPRESS":
            if service.express is None:
                raise errors.no_express(service.where)
            await service.express.start(execution)
            return {"executionArn": execution.arn, "startDate": wire.moment(execution.started)}
        stored = await service.executions.start(execution)
    except MachineGone:
        await starting.target(service, request)  # if it is gone, this says so
        raise errors.machine_deleting(execution.machine_arn) from None
    if stored.uid != execution.uid and (stored.status != "RUNNING" or stored.input != execution.input):
        raise errors.execution_exists(stored.arn)
    return {"executionArn": stored.arn, "startDate": wire.moment(stored.started)}


async def describe(service: ForExecutions, request: Request) -> Answer:
    execution = await references.execution(service, request["executionArn"])
    answer = {
        **_summary(execution),
        **wire.data("input", execution.input, request),
        **wire.data("output", execution.output, request),
        **_redrive(execution, service.clock.now()),
    }
    for name in ("error", "cause"):
        if getattr(execution, name) is not None:
            answer[name] = getattr(execution, name)
    if execution.trace_header is not None:
        answer["traceHeader"] = execution.trace_header
    return answer


async def list_(service: ForExecutions, request: Request) -> Answer:
    if "mapRunArn" in request and "stateMachineArn" in request:
        raise errors.validation("Must provide either a state machine ARN or a map run ARN, not both")
    if "mapRunArn" in request:
        return await _of_map_run(service, request)
    if "stateMachineArn" not in request:
        raise errors.validation("Must provide a state machine ARN or a map run ARN")
    if "redriveFilter" in request:
        raise errors.validation("The redriveFilter can only be set with a map run ARN")
    if request.get("statusFilter") == "PENDING_REDRIVE":
        raise errors.validation("The statusFilter can only be PENDING_REDRIVE with a map run ARN")
    started_as = request["stateMachineArn"]
    target = await references.target(service, started_as)
    if target.machine.type == "EXPRESS":
        raise errors.type_not_supported()
    status = request.get("statusFilter")
    of = f"executions of {started_as} {status}"
    look = partial(service.executions.executions, started_as, status)
    page, more = await paging.read(service, request, of, look)
    return {"executions": [_summary(execution) | _redrives(execution) for execution in page], **more}


async def _of_map_run(service: ForExecutions, request: Request) -> Answer:
    arn = (await references.map_run(service, request["mapRunArn"])).arn
    status, redriven = request.get("statusFilter"), _REDRIVE_FILTERS[request.get("redriveFilter")]
    of = f"executions of {arn} {status} {redriven}"
    look = partial(needed(service.map_runs).children, arn, status, redriven=redriven)
    page, more = await paging.read(service, request, of, look)
    executions = [
        _summary(execution) | {"itemCount": execution.items} | _redrives(execution) for execution in page
    ]
    return {"executions": executions, **more}


async def stop(service: ForExecutions, request: Request) -> Answer:
    execution = await references.execution(service, request["executionArn"])
    if execution.map_run_arn is not None:
        raise errors.validation(
            f"Stepwright does not stop child executions one by one; stop the execution of {execution.map_run_arn}"
        )
    stopped = await service.executions.stop(
        execution, StopRequest(request.get("error"), request.get("cause"))
    )
    return {"stopDate": wire.moment(stopped)}


def _summary(execution: Execution) -> dict[str, Any]:
    summary = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": wire.moment(execution.started),
    }
    if execution.version_arn is not None:
        summary["stateMachineVersionArn"] = execution.version_arn
    if execution.alias_arn is not None:
        summary["stateMachineAliasArn"] = execution.alias_arn
    if execution.map_run_arn is not None:
        summary["mapRunArn"] = execution.map_run_arn
    if execution.stopped is not None:
        summary["stopDate"] = wire.moment(execution.stopped)
    return summary


async def redrive(service: Service, request: Request) -> Answer:
    """``from``, which AWS does not have: the state to go on at, and its input."""
    arn = request["executionArn"]
    execution = await references.execution(service, arn)
    if execution.map_run_arn is not None:
        reason = (
            f"It is a child execution of {execution.map_run_arn}, which is redriven with its parent alone"
        )
        raise errors.not_redrivable(arn, reason)
    at = None if "from" not in request else _place(request["from"])
    try:
        redriven = await service.executions.redrive(execution, request.get("clientToken"), at)
    except NotRedrivable as error:
        raise errors.not_redrivable(arn, error.reason or await _why_not(service, arn)) from None
    return {"redriveDate": wire.moment(redriven)}


def _place(given: Request) -> RedriveFrom:
    """Raises InvalidExecutionInput."""
    text = given.get("input")
    return RedriveFrom(given["state"], None if text is None else starting.checked_input(text))


async def _why_not(service: Service, arn: str) -> str:
    """Why an execution was not redriven. AWS has no sentence for one whose state machine is gone."""
    execution = await references.execution(service, arn)  # it may have changed meanwhile
    if (reason := redrives.refusal(execution, service.clock.now())) is not None:
        return reason
    if not await service.executions.has_machine(execution):
        return causes.machine_deleted(arns.machine_name(execution.machine_arn))
    return redrives.HISTORY_FULL


def _redrive(execution: Execution, now: Millis) -> dict[str, Any]:
    if execution.map_run_arn is not None and execution.status not in ("RUNNING", "SUCCEEDED"):
        return {**_redrives(execution), "redriveStatus": "REDRIVABLE_BY_MAP_RUN"}
    reason = redrives.refusal(execution, now)
    if reason is None:
        return {**_redrives(execution), "redriveStatus": "REDRIVABLE"}
    return {**_redrives(execution), "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}


def _redrives(execution: Execution) -> dict[str, Any]:
    answer: dict[str, Any] = {"redriveCount": execution.redrives}
    if execution.redriven is not None:
        answer["redriveDate"] = wire.moment(execution.redriven)
    return answer


CALLED_IN_A_CLUSTER: Final[dict[str, Operation[ForExecutions]]] = {
    "StartExecution": Operation(start, subjects.started),
    "DescribeExecution": Operation(describe, subjects.named("executionArn")),
    "ListExecutions": Operation(list_, subjects.listed_executions),
    "StopExecution": Operation(stop, subjects.named("executionArn")),
}
"""By tasks; ``OPERATIONS`` has more."""

OPERATIONS: Final[dict[str, Operation[Service]]] = {
    **CALLED_IN_A_CLUSTER,
    "RedriveExecution": Operation(
        redrive,
        subjects.named("executionArn"),
        lambda request: REDRIVE_FROM if "from" in request else None,
    ),
}
