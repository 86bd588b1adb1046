"""What a task sends to a service, of its parameters."""

from __future__ import annotations

from typing import Any

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.aws import shapes
from stepwright.tasks.aws import extras
from stepwright.tasks.aws.operations import Operation
from stepwright.tasks.calls.integration import Call, CallFailed


def sendable(call: Call, operation: Operation) -> dict[str, Any]:
    """What botocore takes. Raises CallFailed where the service would not take it."""
    shape, parameters = operation.model.input_shape, call.task.parameters
    if (why := problem(operation, parameters)) is not None:
        raise unusable(parameters, why)
    if shape is None:
        return {}
    assert isinstance(parameters, dict)
    before = extras.BEFORE.get(f"{call.task.resource.service}:{call.task.resource.action}")
    try:
        if before is not None:
            parameters = before(call, parameters)
        given: dict[str, Any] = shapes.request(shape, parameters, operation.spelling, operation.service)
        # Half of a character would be sent somehow.
        jsontext.dump(parameters).encode()
    except ValueError as error:
        raise unusable(parameters, str(error)) from error
    for member in operation.model.idempotent_members:
        given.setdefault(member, begun_uid(call.ref.uid, call.task.task))
    return given


def problem(operation: Operation, parameters: Json) -> str | None:
    """What the service's model finds wrong with them."""
    if not isinstance(parameters, dict):
        return "The Parameters must be an object"
    shape = operation.model.input_shape
    if shape is None:
        return None
    found = shapes.problems(shape, parameters, operation.spelling)
    return ", ".join(_said(each, operation) for each in found) or None


def _said(problem: shapes.Problem, operation: Operation) -> str:
    if problem.kind != shapes.TYPE:
        return problem.message
    if operation.own is not None and operation.own.is_plain:
        return f"The value of the field '{problem.field[0]}' has an invalid format"
    return f"The value of the field '{problem.field[-1] if problem.field else ''}' {problem.message}"


def unusable(parameters: Json, why: str) -> CallFailed:
    return CallFailed(
        RUNTIME, f"The Parameters '{jsontext.dump(parameters)}' could not be used to start the Task: [{why}]"
    )
