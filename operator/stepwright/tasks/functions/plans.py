"""Which calls of functions run as a Job, once for each call, and which workers take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog.ports import (
    FunctionJob,
    Functions,
    FunctionUnfit,
    FunctionWork,
    NoConnection,
    NoFunction,
)
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.as_jobs import AsJob, AsWork, Began
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.functions import requests
from stepwright.tasks.functions.answers import INVALID, INVALID_PARAMETER, NO_CLIENT
from stepwright.tasks.functions.job_answers import Expected
from stepwright.tasks.functions.requests import Invocation

_JOB: Final = parse("k8s:job")
_WORK: Final = parse("k8s:task/work")
"""As the driver of what workers take has its tasks."""
_NO_MORE: Final = "What ran this function, and is not known any more"
_GONE: Final[Mapping[Began, FunctionJob | FunctionWork]] = {
    "Job": FunctionJob({"image": "unknown", "command": ["false"]}, _NO_MORE),
    "Work": FunctionWork("unknown", 1, 1, _NO_MORE),
}
"""Of what has begun, and for whose function something else stands now. Nothing begins with it."""
_KINDS: Final[Mapping[Began, type[FunctionJob | FunctionWork]]] = {"Job": FunctionJob, "Work": FunctionWork}


class FunctionPlans:
    """Implements ``tasks.calls.as_jobs.Plans``."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def names_job(self, ref: ExecutionRef, submitted: Json) -> bool:  # noqa: ARG002
        return isinstance(submitted, dict) and "jobUid" in submitted

    async def planned(self, call: Call, *, began: Began | None) -> AsJob | AsWork | None:
        function = await self._found(call, began)
        if function is None:
            return None
        invocation = _read(call.task)
        payload = _payload(call.task, invocation)
        expected = Expected(call, invocation.direct, function.shown)
        if isinstance(function, FunctionJob):
            parameters: dict[str, Json] = {**function.parameters, "input": payload}
            task = replace(call.task, resource=_JOB, parameters=parameters, has_parameters=True)
            return AsJob(task, expected)
        task = replace(call.task, resource=_WORK, parameters=_asked(function, invocation, payload, call))
        return AsWork(task, expected)

    async def _found(self, call: Call, began: Began | None) -> FunctionJob | FunctionWork | None:
        """What is to run as a Job, or what workers take; None if neither is. Raises CallFailed, Unavailable."""
        name = requests.name_of(call.task)
        if name is None:
            return None
        kind = None if began is None else _KINDS[began]
        known = self._functions.known(name, call.ref.namespace)
        if known is None or (kind is not None and not isinstance(known, kind)):
            try:
                known = await self._functions.find(name, call.ref.namespace, call.caller)
            except (NoFunction, FunctionUnfit, NoConnection):
                known = None  # which the call finds, too, and says
        if began is not None:
            return known if kind is not None and isinstance(known, kind) else _GONE[began]
        return known if isinstance(known, FunctionJob | FunctionWork) else None


def _asked(function: FunctionWork, invocation: Invocation, payload: Json, call: Call) -> dict[str, Json]:
    """As the driver of what workers take knows it: fields of an ExternalTask."""
    beat, own = function.heartbeat_seconds, call.task.heartbeat_seconds
    asked: dict[str, Json] = {
        "taskTemplate": function.template,
        "input": jsontext.dump(payload),
        "requestId": requests.request_id(call),
        "timeoutSeconds": function.seconds,
        "heartbeatSeconds": beat if own is None else min(beat, own),
    }
    if "ClientContext" in invocation.given:
        asked["clientContext"] = str(invocation.given["ClientContext"])
    return asked


def _read(task: StartTask) -> Invocation:
    """Raises CallFailed."""
    try:
        return requests.read(task)
    except ValueError as error:  # half of a character
        raise CallFailed(NO_CLIENT, f"What was given cannot be sent to the function: {error}") from error


def _payload(task: StartTask, invocation: Invocation) -> Json:
    """Nothing is an empty object, as Lambda has it. Raises CallFailed."""
    kind = invocation.given.get("InvocationType", "RequestResponse")
    if kind != "RequestResponse":
        cause = (
            f"A function that runs as a Job or by workers is waited for: it has no InvocationType {kind!r}."
        )
        raise CallFailed(INVALID_PARAMETER, cause)
    if invocation.direct:
        return task.parameters
    try:
        return jsontext.parse(invocation.payload) if invocation.payload else {}
    except InvalidJson as error:
        raise CallFailed(INVALID, f"Could not parse request body into json: {error}") from error
