"""Which calls of functions run as a Job: those for which something stands that runs once for each call."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.catalog.ports import Function, FunctionJob, Functions, FunctionUnfit, NoConnection, NoFunction
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.as_jobs import AsJob
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.functions import requests
from stepwright.tasks.functions.answers import INVALID, INVALID_PARAMETER, NO_CLIENT
from stepwright.tasks.functions.job_answers import Expected
from stepwright.tasks.functions.requests import Invocation

_JOB: Final = parse("k8s:job")
_GONE: Final = FunctionJob(
    {"image": "unknown", "command": ["false"]}, "What ran this function, and is not known any more"
)
"""Of a Job that has begun, and for whose function something else stands now. Nothing begins with it."""


class FunctionPlans:
    """Implements ``tasks.calls.as_jobs.Plans``."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def names_job(self, ref: ExecutionRef, submitted: Json) -> bool:  # noqa: ARG002
        return isinstance(submitted, dict) and "jobUid" in submitted

    async def planned(self, call: Call, *, began: bool) -> AsJob | None:
        function = await self._as_job(call, began=began)
        if function is None:
            return None
        invocation = _read(call.task)
        parameters: dict[str, Json] = {**function.parameters, "input": _payload(call.task, invocation)}
        task = replace(call.task, resource=_JOB, parameters=parameters, has_parameters=True)
        return AsJob(task, Expected(call, invocation.direct, function.shown))

    async def _as_job(self, call: Call, *, began: bool) -> FunctionJob | None:
        """What is to run as a Job; None if nothing is. Raises CallFailed, Unavailable."""
        name = requests.name_of(call.task)
        if name is None:
            return None
        known = self._functions.known(name, call.ref.namespace)
        if known is None or (began and isinstance(known, Function)):
            try:
                known = await self._functions.find(name, call.ref.namespace, call.caller)
            except (NoFunction, FunctionUnfit, NoConnection):
                known = None  # which the call finds, too, and says
        if isinstance(known, FunctionJob):
            return known
        return _GONE if began else None


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
        cause = f"A function that runs as a Job is waited for: it has no InvocationType {kind!r}."
        raise CallFailed(INVALID_PARAMETER, cause)
    if invocation.direct:
        return task.parameters
    try:
        return jsontext.parse(invocation.payload) if invocation.payload else {}
    except InvalidJson as error:
        raise CallFailed(INVALID, f"Could not parse request body into json: {error}") from error
