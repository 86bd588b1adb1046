"""Tags of state machines."""

from __future__ import annotations

from typing import Final

from stepwright.api import errors, names
from stepwright.api.service import Answer, Operation, Request, Service
from stepwright.catalog.records import StateMachine

_MOST: Final = 50
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#sfn-limits-tagging"""


async def tag(service: Service, request: Request) -> Answer:
    machine = await _find(service, request["resourceArn"])
    tags = dict(machine.tags) | {tag["key"]: tag["value"] for tag in request["tags"]}
    if len(tags) > _MOST:
        raise errors.ApiError("TooManyTags", f"A resource can have at most {_MOST} tags: '{machine.arn}'")
    await service.catalog.tag(machine.arn, tags)
    return {}


async def untag(service: Service, request: Request) -> Answer:
    machine = await _find(service, request["resourceArn"])
    tags = {key: value for key, value in machine.tags.items() if key not in request["tagKeys"]}
    await service.catalog.tag(machine.arn, tags)
    return {}


async def list_(service: Service, request: Request) -> Answer:
    machine = await _find(service, request["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in machine.tags.items()]}


async def _find(service: Service, arn: str) -> StateMachine:
    """Raises InvalidArn, ResourceNotFound."""
    names.parse(arn, "stateMachine", "activity")
    machine = await service.catalog.machine(arn)
    if machine is None:
        raise errors.no_such_resource(arn)
    return machine


OPERATIONS: Final[dict[str, Operation]] = {
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_,
}
