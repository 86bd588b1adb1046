"""Answers to tasks by their token: success, failure, heartbeat."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from stepwright.api import errors, subjects
from stepwright.api.service import Answer, Operation, Request, Service, needed
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog.ports import TaskOver


async def succeed(service: Service, request: Request) -> Answer:
    try:
        jsontext.parse(request["output"])
    except InvalidJson as error:
        # The token is looked at before the output, but not whether its task is over; and a worker that sends bad JSON is
        # still alive.
        with suppress(TaskOver):
            await needed(service.answers).heartbeat(request["taskToken"])
        raise errors.invalid_output(str(error)) from error
    await needed(service.answers).succeed(request["taskToken"], request["output"])
    return {}


async def fail(service: Service, request: Request) -> Answer:
    await needed(service.answers).fail(request["taskToken"], request.get("error"), request.get("cause"))
    return {}


async def heartbeat(service: Service, request: Request) -> Answer:
    await needed(service.answers).heartbeat(request["taskToken"])
    return {}


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "SendTaskSuccess": Operation(succeed, subjects.executions),
    "SendTaskFailure": Operation(fail, subjects.executions),
    "SendTaskHeartbeat": Operation(heartbeat, subjects.executions),
}
