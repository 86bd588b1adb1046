"""The events of a task: AWS has one family of them for integrations, one for Lambda functions and one for activities.

Every Resource that is not the ARN of a Lambda function or an activity, ``k8s:job`` included, has the Task family. The types
of a family share a prefix. Families differ in how their details name the task.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import history
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.interpreter.history import Details
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.machine import Task
from stepwright.asl.resource import Kind
from stepwright.asl.text import jsontext

Family = Literal["Task", "LambdaFunction", "Activity"]
Moment = Literal["Scheduled", "Started", "Submitted", "Succeeded", "Failed", "TimedOut"]


def scheduled(
    draft: Draft,
    branch: Branch,
    state: Task,
    *,
    parameters: JsonText,
    region: str,
    timeout_seconds: int | None,
    heartbeat_seconds: int | None,
    credentials: Json,
) -> int:
    """Record the event and return its id, as all functions below do."""
    family = _family(state)
    details: Details = _called(state) if family == "Task" else {"resource": state.resource.text}
    size = None
    if family == "Task":
        details["region"] = region
        details["parameters"] = parameters
        if credentials is None:
            size = state.resource.named_bytes + jsontext.size_bytes(region) + jsontext.size_bytes(parameters)
    else:
        details["input"] = parameters
        details["inputDetails"] = history.NOT_TRUNCATED
    if timeout_seconds is not None:
        details["timeoutInSeconds"] = timeout_seconds
    if heartbeat_seconds is not None and family != "LambdaFunction":
        details["heartbeatInSeconds"] = heartbeat_seconds
    if isinstance(credentials, dict) and "RoleArn" in credentials and family != "Activity":
        details["taskCredentials"] = {"roleArn": credentials["RoleArn"]}
    return _record(draft, branch, family, "Scheduled", details, size)


def started(draft: Draft, branch: Branch, state: Task, worker: str | None) -> int:
    family = _family(state)
    match family:
        case "Task":
            return _record(draft, branch, family, "Started", _called(state), state.resource.named_bytes)
        case "Activity":
            return _record(draft, branch, family, "Started", {} if worker is None else {"workerName": worker})
        case "LambdaFunction":
            return draft.record(branch, "LambdaFunctionStarted", branch.previous)


def submitted(draft: Draft, branch: Branch, state: Task, output: JsonText) -> int:
    """Only the Task family has this event; for the others nothing is recorded."""
    if _family(state) != "Task":
        return branch.previous
    return _record(draft, branch, "Task", "Submitted", _called(state) | history.output(output))


def succeeded(draft: Draft, branch: Branch, state: Task, output: JsonText) -> int:
    family = _family(state)
    details = _named(state, family)
    details["output"] = output
    details["outputDetails"] = history.NOT_TRUNCATED
    size = jsontext.size_bytes(output)
    if family == "Task":
        size += state.resource.named_bytes
    return _record(draft, branch, family, "Succeeded", details, size)


def failed(draft: Draft, branch: Branch, state: Task, failure: Failure) -> int:
    """TaskFailed or TaskTimedOut, depending on the error's name."""
    moment: Moment = "TimedOut" if failure.timed_out else "Failed"
    family = _family(state)
    details = _named(state, family)
    details |= history.failure(failure.error, failure.cause)
    return _record(draft, branch, family, moment, details)


def is_activity(state: Task) -> bool:
    return state.resource.kind == "activity"


def _family(state: Task) -> Family:
    return _FAMILIES[state.resource.kind]


def _called(state: Task) -> Details:
    return {"resourceType": state.resource.service, "resource": state.resource.name}


def _named(state: Task, family: Family) -> Details:
    """Lambda functions and activities are named once, when they are scheduled."""
    return _called(state) if family == "Task" else {}


_FAMILIES: Final[dict[Kind, Family]] = {
    "integration": "Task",
    "uri": "Task",
    "lambda_function": "LambdaFunction",
    "activity": "Activity",
}

_NAMES: Final[dict[Family, dict[Moment, tuple[str, str]]]] = {
    family: {
        moment: (f"{family}{moment}", f"{family[0].lower()}{family[1:]}{moment}EventDetails")
        for moment in get_args(Moment)
    }
    for family in get_args(Family)
}


def _record(
    draft: Draft, branch: Branch, family: Family, moment: Moment, details: Details, size: int | None = None
) -> int:
    kind, field = _NAMES[family][moment]
    return draft.record(branch, kind, branch.previous, field, details, size)
