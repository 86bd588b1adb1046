"""Answers to tasks by their token: success, failure, heartbeat."""

from __future__ import annotations

from collections.abc import Awaitable
from contextlib import suppress
from typing import Final

from stepwright.api import errors, subjects
from stepwright.api.service import Answer, Operation, Request, Service
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog.ports import NoSuchTask, TaskOver


async def succeed(service: Service, request: Request) -> Answer:
    try:
        jsontext.parse(request["output"])
    except InvalidJson as error:
        # A token that is none is told first, one that is over is not; whoever sends rubbish is alive.
        with suppress(TaskOver):
            await _known(service.answers.heartbeat(request["taskToken"]))
        raise errors.invalid_output(str(error)) from error
    return await _told(service.answers.succeed(request["taskToken"], request["output"]))


async def fail(service: Service, request: Request) -> Answer:
    return await _told(service.answers.fail(request["taskToken"], request.get("error"), request.get("cause")))


async def heartbeat(service: Service, request: Request) -> Answer:
    return await _told(service.answers.heartbeat(request["taskToken"]))


async def _told(telling: Awaitable[None]) -> Answer:
    try:
        await _known(telling)
    except TaskOver as over:
        raise errors.task_over(over.activity) from None
    return {}


async def _known(telling: Awaitable[None]) -> None:
    """Raises InvalidToken, TaskOver."""
    try:
        await telling
    except NoSuchTask:
        raise errors.invalid_token() from None


OPERATIONS: Final[dict[str, Operation]] = {
    "SendTaskSuccess": Operation(succeed, subjects.executions),
    "SendTaskFailure": Operation(fail, subjects.executions),
    "SendTaskHeartbeat": Operation(heartbeat, subjects.executions),
}
