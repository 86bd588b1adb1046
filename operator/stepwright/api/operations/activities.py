"""Activities, and the tasks that workers get from them."""

from __future__ import annotations

from functools import partial
from typing import Final

from stepwright.api import errors, paging, references, settings, subjects, wire
from stepwright.api.operations import tags
from stepwright.api.service import Answer, Operation, Request, Service, needed
from stepwright.catalog.records import Activity

POLL_SECONDS: Final = 60.0
"""How long GetActivityTask waits for a task, as on AWS."""


async def create(service: Service, request: Request) -> Answer:
    """Idempotent: the same name and encryption return the existing activity, whatever its tags."""
    name = request["name"]
    references.check(name)
    arn = service.place.activity(name)
    activity = Activity(
        arn=arn,
        name=name,
        created=service.clock.now(),
        encryption=settings.encryption(request.get("encryptionConfiguration", settings.OWNED_KEY)),
        tags=tags.given(request.get("tags", ()), arn),
    )
    stored = await needed(service.activities).add(activity)
    if stored.encryption != activity.encryption:
        raise errors.activity_exists()
    return {"activityArn": stored.arn, "creationDate": wire.moment(stored.created)}


async def describe(service: Service, request: Request) -> Answer:
    activity = await references.activity(service, request["activityArn"])
    return {**_summary(activity), "encryptionConfiguration": activity.encryption}


async def list_(service: Service, request: Request) -> Answer:
    of = f"activities of {service.place.region}"
    look = partial(needed(service.activities).activities, service.place)
    page, more = await paging.read(service, request, of, look)
    return {"activities": [_summary(activity) for activity in page], **more}


async def delete(service: Service, request: Request) -> Answer:
    """Deleting a missing activity is not an error."""
    references.parse(request["activityArn"], "activity")
    await needed(service.activities).delete(request["activityArn"])
    return {}


async def get_task(service: Service, request: Request) -> Answer:
    """Waits for a task; without one the answer is empty."""
    activity = await references.activity(service, request["activityArn"])
    task = await needed(service.work).take(activity.arn, request.get("workerName"), POLL_SECONDS)
    return {} if task is None else {"taskToken": task.token, "input": task.input}


def _summary(activity: Activity) -> Answer:
    return {
        "activityArn": activity.arn,
        "name": activity.name,
        "creationDate": wire.moment(activity.created),
    }


OPERATIONS: Final[dict[str, Operation[Service]]] = {
    "CreateActivity": Operation(create, subjects.new_activity),
    "DescribeActivity": Operation(describe, subjects.named("activityArn")),
    "ListActivities": Operation(list_, subjects.activities),
    "DeleteActivity": Operation(delete, subjects.named("activityArn")),
    "GetActivityTask": Operation(get_task, subjects.named("activityArn")),
}
