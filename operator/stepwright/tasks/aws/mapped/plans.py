"""Which of the tasks that call AWS run as Jobs of the cluster instead, and what their executions hear of these Jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from msgspec.structs import replace

from stepwright.asl.failure.errors import TASK_FAILED
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource, parse
from stepwright.asl.signals import Signal, TaskFailed, TaskSubmitted, TaskSucceeded
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.aws import http_metadata, models, shapes
from stepwright.catalog import arns
from stepwright.catalog.ports import (
    ConnectionObjects,
    FunctionJob,
    FunctionName,
    Functions,
    FunctionUnfit,
    NoFunction,
)
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.aws import connection, operations, sending
from stepwright.tasks.aws.mapped import batch, containers, ecs
from stepwright.tasks.aws.mapped.containers import Unmapped
from stepwright.tasks.aws.operations import Operation
from stepwright.tasks.calls.as_jobs import AsJob, Began
from stepwright.tasks.calls.integration import Call, CallFailed

CONTAINERS: Final = parse("k8s:job/containers")
"""As the driver of Jobs knows them."""


class Kind(Protocol):
    """A service whose jobs may be Jobs: implemented by the modules ``batch`` and ``ecs``. What is ``given``, and descriptions, are
    in botocore's spelling, except for what was ``submitted``."""

    SERVICE: str
    DEFINITION: str
    """The parameter that names what a TaskTemplate stands for."""
    TOLD: str
    """The shape, in the service's model, of a job's description."""

    def job(self, template: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """The Job, of a TaskTemplate's ``job`` and a task's parameters. Raises Unmapped."""

    def arn(self, place: str, uid: str, given: Mapping[str, Any]) -> str:
        """``place``: ``REGION:ACCOUNT``; ``uid``: the Job's."""

    def begun(self, arn: str, uid: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """What the service answers when it has begun one."""

    def uid_of(self, submitted: Mapping[str, Any]) -> tuple[str, str] | None:
        """The ARN and the Job's uid, of that answer as tasks spell it."""

    def told(
        self,
        arn: str,
        uid: str,
        given: Mapping[str, Any],
        described: Mapping[str, Any],
        *,
        failed: str | None,
    ) -> dict[str, Any]:
        """``described``: by the driver of Jobs; empty where there is nothing to describe. ``failed``: why, if it has."""


_KINDS: Final[Mapping[str, Kind]] = {"batch:submitJob": batch, "ecs:runTask": ecs}
_GONE: Final = FunctionJob({"image": "unknown"}, "What stood for this definition, and is not known any more")
"""Of a Job that has begun, and for whose definition nothing stands any more. Nothing begins with it."""
_OF_JOBS: Final = "Job."
_NOT_BEGUN: Final = frozenset({"Job.Refused", "Job.QuotaExceeded"})


def kind_of(resource: Resource) -> Kind | None:
    """Which of Batch and ECS runs what it names, if it is one that a Job can stand for."""
    return _KINDS.get(f"{resource.service}:{resource.action}") if resource.waits_for_end else None


class MappedJobs:
    """Implements ``tasks.calls.as_jobs.Plans``."""

    def __init__(self, connections: ConnectionObjects, functions: Functions) -> None:
        self._connections = connections
        self._functions = functions

    def names_job(self, ref: ExecutionRef, submitted: Json) -> bool:
        if not isinstance(submitted, dict):
            return False
        return any(
            found is not None and f":{_place(ref)}:" in found[0]
            for found in (kind.uid_of(submitted) for kind in _KINDS.values())
        )

    async def planned(self, call: Call, *, began: Began | None) -> AsJob | None:
        kind = kind_of(call.task.resource)
        if kind is None or (call.task.submitted is not None and not began):
            return None  # which AWS has by now, whatever the Connection says
        operation, given, shape = await asyncio.to_thread(_read, call, kind)
        function = await self._standing_for(call, kind, given)
        if function is None and not began:
            return None
        template = (function or _GONE).parameters
        try:
            job = kind.job(template, given)
        except Unmapped as unmapped:
            raise sending.unusable(call.task.parameters, str(unmapped)) from unmapped
        parameters: dict[str, Json] = {
            name: template[name] for name in ("labels", "annotations") if name in template
        }
        known = kind.uid_of(call.task.submitted) if isinstance(call.task.submitted, dict) else None
        task = replace(
            call.task,
            resource=CONTAINERS,
            parameters={**parameters, "Job": job},
            has_parameters=True,
            submitted=None if known is None else {"jobUid": known[1]},
        )
        return AsJob(task, Expected(call, kind, operation, given, shape, None if known is None else known[1]))

    async def _standing_for(self, call: Call, kind: Kind, given: Mapping[str, Any]) -> FunctionJob | None:
        """The TaskTemplate for a definition; None: the service itself is called. Raises CallFailed, Unavailable."""
        try:
            _, aws = await connection.of_execution(call.ref, self._connections)
        except CallFailed:
            return None  # which the call finds, too, and says
        name = standing_for(str(given[kind.DEFINITION]), aws.jobs.get(kind.SERVICE) or {})
        if name is None:
            return None
        try:
            found = await self._functions.find(
                FunctionName(name, name, template=True), call.ref.namespace, call.caller
            )
        except (NoFunction, FunctionUnfit) as lacking:
            raise sending.unusable(call.task.parameters, str(lacking)) from lacking
        if not isinstance(found, FunctionJob):
            why = f"TaskTemplate {name} is called over HTTP, and what stands for a definition of jobs must have spec.job"
            raise sending.unusable(call.task.parameters, why)
        return found


@dataclass(slots=True)
class Expected:
    """Implements ``tasks.calls.as_jobs.Expected``. ``shape``: of a job's description. ``uid``: the Job's, once it is known."""

    call: Call
    kind: Kind
    operation: Operation
    given: Mapping[str, Any]
    shape: Any
    uid: str | None

    def said(self, signal: TaskSubmitted | TaskSucceeded | TaskFailed) -> Signal | None:
        match signal:
            case TaskSubmitted(task, {"jobUid": str(uid)}, at_once):
                self.uid = uid
                return TaskSubmitted(task, self._begun(), at_once=at_once)
            case TaskSucceeded(task, dict(described)):
                return TaskSucceeded(task, self._told(described, None))
            case TaskFailed(task, error, cause) if error == TASK_FAILED and (found := _object(cause)):
                return TaskFailed(task, error, jsontext.dump(self._told(found, containers.why_failed(found))))
            case TaskFailed(task, error, cause) if error in _NOT_BEGUN:
                own = self.operation.own
                assert own is not None
                return TaskFailed(task, f"{own.prefix}.{own.base}", f"{error}: {cause}")
            case TaskFailed(task, error, cause) if error is not None and error.startswith(_OF_JOBS):
                return TaskFailed(task, TASK_FAILED, jsontext.dump(self._told({}, f"{error}: {cause}")))
        return signal

    def _begun(self) -> Json:
        shape = self.operation.model.output_shape
        answer = self._spelled(shape, self.kind.begun(self._arn, self.uid or "", self.given))
        assert isinstance(answer, dict)
        request = begun_uid(self.call.ref.uid, self.call.task.task)
        return dict(sorted((answer | http_metadata.of({}, 200, request)).items()))

    def _told(self, described: Mapping[str, Any], failed: str | None) -> Json:
        self.uid = self.uid or described.get("metadata", {}).get("uid")
        return self._spelled(
            self.shape, self.kind.told(self._arn, self.uid or "", self.given, described, failed=failed)
        )

    def _spelled(self, shape: Any, value: Mapping[str, Any]) -> Json:
        return shapes.answer(shape, value, self.operation.spelling, self.operation.service)

    @property
    def _arn(self) -> str:
        return self.kind.arn(_place(self.call.ref), self.uid or "unknown", self.given)


def _read(call: Call, kind: Kind) -> tuple[Operation, dict[str, Any], Any]:
    """Models are read from files. Raises CallFailed."""
    operation = operations.of(call.task.resource)
    shape = models.service(operation.service).shape_for(kind.TOLD)
    return operation, sending.sendable(call, operation), shape


def _place(ref: ExecutionRef) -> str:
    """Where ARNs say that Jobs are: where their execution is, which is not a region of AWS's."""
    place = arns.place_of(ref.arn)
    return f"{place.region}:{place.account}"


def standing_for(definition: str, table: Mapping[str, str]) -> str | None:
    """The TaskTemplate that a table of definitions has for one, which is named with its revision or without, or by its ARN."""
    name = definition.rpartition("/")[2]
    return table.get(name) or table.get(name.partition(":")[0])


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = jsontext.parse(text or "")
    except InvalidJson:
        return None
    return found if isinstance(found, dict) else None
