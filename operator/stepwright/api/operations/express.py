"""StartSyncExecution: run an Express state machine and wait for its result."""

from __future__ import annotations

from typing import Final

from stepwright.api import errors, subjects, wire
from stepwright.api.operations import starting
from stepwright.api.service import Answer, Operation, Request, Service, needed


async def start_sync(service: Service, request: Request) -> Answer:
    target = await starting.target(service, request)
    if target.machine.type != "EXPRESS":
        raise errors.type_not_supported()
    execution = await needed(service.express).run(starting.new(service, request, target))
    assert execution.stopped is not None
    answer = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "startDate": wire.moment(execution.started),
        "stopDate": wire.moment(execution.stopped),
        "status": execution.status,
        **wire.data("input", execution.input, request),
        "outputDetails": wire.details_of(request),
        **wire.data("output", execution.output, request),
        "billingDetails": wire.billed(execution.started, execution.stopped),
    }
    told = {
        "error": execution.error,
        "cause": execution.cause,
        "traceHeader": execution.trace_header,
    }
    return answer | {name: value for name, value in told.items() if value is not None}


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "StartSyncExecution": Operation(start_sync, subjects.started)
}
