"""Tags of state machines and activities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from stepwright.api import errors, references, subjects
from stepwright.api.service import Answer, Operation, Request, Service, needed

_MOST: Final = 50
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#sfn-limits-tagging"""


def given(tags: Sequence[Request], arn: str) -> dict[str, str]:
    """Tags by key, for the resource of this ARN. Raises TooManyTags, and ValidationException for one without a key,
    which the model allows."""
    for number, tag in enumerate(tags, start=1):
        if "key" not in tag:
            raise errors.validation(
                f"1 validation error detected: Value null at 'tags.{number}.member.key' failed to satisfy "
                "constraint: Member must not be null"
            )
    return _few({tag["key"]: tag.get("value", "") for tag in tags}, arn)


def _few(tags: dict[str, str], arn: str) -> dict[str, str]:
    if len(tags) > _MOST:
        raise errors.too_many_tags(arn, _MOST)
    return tags


async def tag(service: Service, request: Request) -> Answer:
    arn = request["resourceArn"]
    tags = dict(await _tags(service, arn)) | given(request["tags"], arn)
    await _replace(service, arn, _few(tags, arn))
    return {}


async def untag(service: Service, request: Request) -> Answer:
    arn = request["resourceArn"]
    tags = await _tags(service, arn)
    await _replace(service, arn, {key: value for key, value in tags.items() if key not in request["tagKeys"]})
    return {}


async def list_(service: Service, request: Request) -> Answer:
    tags = await _tags(service, request["resourceArn"])
    return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}


async def _tags(service: Service, arn: str) -> Mapping[str, str]:
    """Raises InvalidArn, ResourceNotFound."""
    if references.parse(arn, "stateMachine", "activity").kind == "activity":
        activity = None if service.activities is None else await service.activities.activity(arn)
        if activity is not None:
            return activity.tags
    else:
        machine = await service.machines.machine(arn)
        if machine is not None:
            return machine.tags
    raise errors.no_such_resource(arn)


async def _replace(service: Service, arn: str, tags: Mapping[str, str]) -> None:
    if references.parse(arn, "stateMachine", "activity").kind == "activity":
        await needed(service.activities).tag(arn, tags)
    else:
        await service.machines.tag(arn, tags)


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "TagResource": Operation(tag, subjects.named("resourceArn")),
    "UntagResource": Operation(untag, subjects.named("resourceArn")),
    "ListTagsForResource": Operation(list_, subjects.named("resourceArn")),
}
