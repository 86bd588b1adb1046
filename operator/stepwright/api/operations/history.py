"""GetExecutionHistory."""

from __future__ import annotations

from functools import partial
from typing import Final

from stepwright.api import paging, references, subjects, wire
from stepwright.api.service import Answer, Operation, Request, Service


async def get(service: Service, request: Request) -> Answer:
    execution = await references.execution(service, request["executionArn"])
    newest_first = request.get("reverseOrder", False)
    of = f"events of {execution.uid} {newest_first}"
    look = partial(service.executions.events, execution, newest_first=newest_first)
    page, more = await paging.read(service, request, of, look)
    with_data = request.get("includeExecutionData", True)
    return {"events": [wire.event(event, with_data=with_data) for event in page], **more}


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "GetExecutionHistory": Operation(get, subjects.named("executionArn"))
}
