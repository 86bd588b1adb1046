"""Tasks that call AWS's services.

Requests, answers and errors follow from the services' models. A call whose answer was lost with the process is made again: with
the same token, where the service takes one by which it knows a request again, so that it is done once; at least once everywhere
else, as AWS's SDKs repeat calls, too.
"""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, PERMISSIONS, RUNTIME, TASK_FAILED
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask
from stepwright.asl.text import jsontext
from stepwright.aws import around_emr, around_models, http_metadata, optimized, shapes
from stepwright.aws.calling import (
    AnswerTooLarge,
    Client,
    MayNotConnect,
    NoAnswer,
    ServiceAnswer,
    ServiceRefused,
)
from stepwright.catalog.ports import NoConnection
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.tasks.aws import (
    apis,
    extras,
    failures,
    finding,
    following,
    jobs,
    looking,
    operations,
    resources,
    sending,
)
from stepwright.tasks.aws.emr import AroundEmr
from stepwright.tasks.aws.invoked_models import AroundModels
from stepwright.tasks.aws.looking import Looking
from stepwright.tasks.aws.operations import NoOperation, Operation
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed, role_of
from stepwright.tasks.calls.services import ClientOf, Services

log = structlog.get_logger(__name__)

MOST_MISSING: Final = 10
"""Looks in a row that do not find what was begun: a service may need a moment to know it everywhere."""

_NO_ANSWER: Final = "Unable to execute HTTP request: {}"
_LOST: Final = (
    "The call was made, and its answer was not recorded. Whether it took effect is not known, and the service takes nothing by which "
    "it would know a second call again."
)


class AwsServices:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, services: Services, clock: Clock) -> None:
        self._services = services
        self._looking = Looking(services, clock)

    async def close(self) -> None:
        self._looking.close()
        await self._services.close()

    def serves(self, resource: Resource) -> bool:
        return resources.serves(resource)

    def host(self, call: Call) -> str:
        return call.task.resource.service

    def again(self, call: Call) -> Again:
        job = jobs.of(call.task.resource)
        if job is not None:
            return job.again
        return apis.again(call) if call.task.resource.service == resources.APIS else Again.REPEAT

    def lost(self, call: Call) -> CallFailed:
        own = optimized.find(call.task.resource)
        assert own is not None
        return CallFailed(f"{own.prefix}.SdkClientException", _LOST)

    async def find(self, call: Call) -> Answered | None:
        found = await self._services.use(call.ref, call.role, partial(_found, call))
        return None if found is None else Answered(found)

    async def begin(self, call: Call) -> Answered:
        return Answered(await self._services.use(call.ref, call.role, partial(_made, call)))

    async def follow(self, call: Call, begun: Json) -> Answered:
        missing = 0
        for pause in looking.pauses():
            try:
                seen = await self._looking.look(call, begun)
            except Unavailable as error:
                log.warning(
                    "a job cannot be looked at",
                    execution=str(call.ref),
                    task=call.task.path,
                    reason=str(error),
                )
            else:
                missing = missing + 1 if seen is following.MISSING else 0
                if isinstance(seen, following.Ended):
                    if seen.well:
                        return Answered(seen.output)
                    raise CallFailed(TASK_FAILED, jsontext.dump(seen.output))
                if missing > MOST_MISSING:
                    raise CallFailed(TASK_FAILED, "The service does not know what it has begun for the task.")
            await self._looking.pause(pause)
        raise AssertionError("pauses never end")

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        if task.submitted is not None:
            stop = partial(following.stop, task.resource, task.submitted)
            try:
                await self._services.use(ref, role_of(task.credentials), stop)
            except CallFailed as failed:
                log.warning(following.NOT_STOPPED, resource=task.resource.text, reason=failed.cause)


# --- In a thread ----------------------------------------------------------------------------------------------------------


def _made(call: Call, client_of: ClientOf) -> Json:
    """The result. Raises CallFailed."""
    try:
        operation = operations.of(call.task.resource)
    except NoOperation as none:
        raise CallFailed(RUNTIME, str(none)) from none
    named = f"{call.task.resource.service}:{call.task.resource.action}"
    given = sending.sendable(call, operation)
    try:
        said = _client(operation, client_of).call(operation.name, given)
    except ServiceRefused as refused:
        raise failures.refused(operation, refused) from refused
    except NoAnswer as none:
        raise failures.unanswered(operation, _NO_ANSWER.format(none)) from none
    except NoConnection as lacking:
        raise failures.unanswered(operation, str(lacking)) from lacking
    except MayNotConnect as forbidden:
        raise CallFailed(PERMISSIONS, str(forbidden)) from forbidden
    except AnswerTooLarge as large:
        raise CallFailed(DATA_LIMIT_EXCEEDED, f"{large}.".capitalize()) from large
    answer = _result(operation, said)
    if (after := extras.AFTER.get(named)) is not None:
        answer = after(call, answer)
    if operation.own is not None and operation.own.has_metadata:
        answer = answer | http_metadata.of(said.headers, said.status, said.request_id)
        answer = dict(sorted(answer.items()))
    return answer


def _client(operation: Operation, client_of: ClientOf) -> Client:
    match operation.modelled:
        case around_emr.NAME:
            return AroundEmr(client_of(operation.service))
        case around_models.NAME:
            return AroundModels(client_of)
        case _:
            return client_of(operation.service)


def _found(call: Call, client_of: ClientOf) -> Json:
    """What was begun, or None. Raises CallFailed, Unavailable."""
    operation = operations.of(call.task.resource)
    find = finding.FINDS[f"{call.task.resource.service}:{call.task.resource.action}"]
    parameters = call.task.parameters
    assert isinstance(parameters, dict)
    with failures.told(operation):
        return find(call, parameters, client_of(operation.service))


def _result(operation: Operation, said: ServiceAnswer) -> dict[str, Json]:
    shape = operation.model.output_shape
    if shape is None:
        return {}
    answer = shapes.answer(shape, said.members, operation.spelling, operation.service)
    assert isinstance(answer, dict)
    return answer
