"""What is sent to a function for a task."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.signals import Millis
from stepwright.asl.step import StartTask
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext
from stepwright.catalog.ports import Function, FunctionName
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.functions import resources

_HEADERS: Final = {
    "InvocationType": "X-Amz-Invocation-Type",
    "LogType": "X-Amz-Log-Type",
    "ClientContext": "X-Amz-Client-Context",
}


@dataclass(frozen=True, slots=True)
class Invocation:
    """``direct``: the function's own answer is the result. ``given``: the parameters of Lambda's Invoke beside the payload."""

    name: FunctionName
    payload: bytes
    direct: bool
    given: Mapping[str, Any]


def name_of(task: StartTask) -> FunctionName | None:
    """The function that a task calls; None if it names none, so that its call will fail."""
    named = resources.named(task.resource)
    if named is not None:
        return named
    given = task.parameters
    text = given.get("FunctionName") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(text, str):
        return None
    qualifier = given.get("Qualifier")
    return resources.function_name(text, None if qualifier is None else str(qualifier))


def read(task: StartTask) -> Invocation:
    """Raises CallFailed, ValueError for text that cannot be sent."""
    name = name_of(task)
    if name is None:
        raise CallFailed(RUNTIME, "The parameters of lambda:invoke must name a function (FunctionName).")
    # Half of a character in a header or a query would be sent somehow.
    whole = jsontext.dump(task.parameters).encode()
    if resources.named(task.resource) is not None:
        return Invocation(name, whole, direct=True, given={})
    assert isinstance(task.parameters, dict)
    return Invocation(name, _payload(task.parameters), direct=False, given=task.parameters)


def url(function: Function, invocation: Invocation) -> str:
    if function.speech == "json":
        return function.url
    invoked = f"{function.url}/2015-03-31/functions/{quote(function.invoked_as, safe='')}/invocations"
    given = invocation.given.get("Qualifier", invocation.name.qualifier if function.stands_in else None)
    return invoked if given is None else f"{invoked}?Qualifier={quote(str(given), safe='')}"


def headers(function: Function, invocation: Invocation, call: Call, now: Millis) -> dict[str, str]:
    found = {"Content-Type": "application/json"}
    given = invocation.given
    found |= {header: str(given[member]) for member, header in _HEADERS.items() if member in given}
    return found | _of_call(function, call, now) if function.stands_in else found


def request_id(call: Call) -> str:
    """The same whenever the call is made again. A UUID derived from the task's name."""
    return begun_uid(call.ref.uid, call.task.task)


def _of_call(function: Function, call: Call, now: Millis) -> dict[str, str]:
    """What Lambda passes to a function about a call in other ways, and what a repeated call is known by.
    https://www.w3.org/TR/trace-context/#traceparent-header: a trace for each execution, a span for each task."""
    once = request_id(call)
    trace, span = _digits(call.ref.uid), _digits(once)[:16]
    return {
        "Accept-Encoding": "identity",
        "Idempotency-Key": once,
        "x-amzn-RequestId": once,
        "traceparent": f"00-{trace}-{span}-00",
        "X-Amzn-Trace-Id": f"Root=1-{trace[:8]}-{trace[8:]};Parent={span};Sampled=0",
        "Lambda-Runtime-Deadline-Ms": str(now + round(_seconds(function, call) * 1000)),
    }


def _seconds(function: Function, call: Call) -> float:
    limit = call.task.timeout_seconds
    return function.seconds if limit is None else min(function.seconds, limit)


def _digits(uid: str) -> str:
    try:
        return uuid.UUID(uid).hex
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_OID, uid).hex


def _payload(given: Mapping[str, Any]) -> bytes:
    """AWS sends a text unchanged, as the JSON that it holds, and nothing for null."""
    payload = given.get("Payload")
    if payload is None:
        return b""
    return (payload if isinstance(payload, str) else jsontext.dump(payload)).encode()
