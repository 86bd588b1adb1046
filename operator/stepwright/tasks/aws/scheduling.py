"""What AWS finds wrong with a task before it schedules it."""

from __future__ import annotations

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.tasks.aws import apis, operations, sending
from stepwright.tasks.aws.operations import NoOperation


def problem(resource: Resource, parameters: Json) -> str | None:
    """Of a task that calls an API at API Gateway."""
    try:
        operation = operations.of(resource)
    except NoOperation:
        return None  # nobody serves it, which is said of the Resource
    if (wrong := sending.problem(operation, parameters)) is not None:
        return wrong
    assert isinstance(parameters, dict)
    try:
        apis.require(parameters)
    except ValueError as error:
        return str(error)
    return None
