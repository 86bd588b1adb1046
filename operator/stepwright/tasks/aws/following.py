"""Looks at what ``.sync`` tasks have begun, and stops it; all of it in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

import structlog

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.aws import http_metadata, models, shapes
from stepwright.aws.calling import ServiceRefused
from stepwright.tasks.aws import failures, jobs, operations
from stepwright.tasks.aws.job import Job
from stepwright.tasks.aws.operations import Operation
from stepwright.tasks.calls.services import ClientOf

log = structlog.get_logger(__name__)

NOT_STOPPED: Final = "what a task has begun is not stopped"
_GONE: Final = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class Ended:
    well: bool
    output: Json


class Seen(Enum):
    RUNNING = "it runs"
    MISSING = "the service does not know it"


RUNNING: Final = Seen.RUNNING
MISSING: Final = Seen.MISSING

Look: TypeAlias = Ended | Seen


def look(resource: Resource, begun: Sequence[Mapping[str, Json]], client_of: ClientOf) -> list[Look]:
    """How each of them is, by one request; several only where one may ask for many. Raises CallFailed, Unavailable."""
    operation, job = operations.of(resource), jobs.of(resource)
    assert job is not None
    requests = [job.look(each) for each in begun]
    name, given = job.joined(requests)
    with failures.told(operation):
        try:
            answer = _told(operation, name, client_of(operation.service).call(name, given).members)
        except ServiceRefused as said:
            if job.ends_gone and said.shape == _GONE:
                return [Ended(True, http_metadata.without(each)) for each in begun]
            raise
    return [_seen(job, job.find(answer, own)) for _, own in requests]


def _seen(job: Job, found: Mapping[str, Json] | None) -> Look:
    if found is None:
        return MISSING
    well = job.ended(found)
    return RUNNING if well is None else Ended(well, job.output(found))


def stop(resource: Resource, begun: Json, client_of: ClientOf) -> None:
    """Raises Unavailable while the service cannot say whether it stops it. What it refuses for good cannot be stopped: it has ended,
    or is gone, or nobody here may stop it."""
    operation, job = operations.of(resource), jobs.of(resource)
    assert job is not None
    assert isinstance(begun, dict)
    for name, given in job.stops(begun):
        with failures.told(operation):
            try:
                client_of(operation.service).call(name, given)
            except ServiceRefused as said:
                if failures.passes(said):
                    raise
                log.warning(NOT_STOPPED, resource=resource.text, reason=str(said))


def _told(operation: Operation, name: str, members: object) -> dict[str, Json]:
    shape = models.service(operation.service).operation_model(name).output_shape
    answer = shapes.answer(shape, members, operation.spelling, operation.service)
    assert isinstance(answer, dict)
    return answer
