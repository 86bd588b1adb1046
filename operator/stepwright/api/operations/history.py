"""GetExecutionHistory."""

from __future__ import annotations

from typing import Final

from stepwright.api import paging, references, wire
from stepwright.api.service import Answer, Operation, Request, Service


async def get(service: Service, request: Request) -> Answer:
    execution = await references.execution(service, request["executionArn"])
    newest_first = request.get("reverseOrder", False)
    of = f"events of {execution.uid} {newest_first}"
    beyond = paging.begin(request, of, int)
    found = await service.executions.events(
        execution, beyond, paging.size(request) + 1, newest_first=newest_first
    )
    page, more = paging.page(found, request, of, lambda event: event["id"])
    with_data = request.get("includeExecutionData", True)
    return {"events": [wire.event(event, with_data=with_data) for event in page], **more}


OPERATIONS: Final[dict[str, Operation]] = {"GetExecutionHistory": get}
