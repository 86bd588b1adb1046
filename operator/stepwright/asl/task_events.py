"""The events of a task: AWS has a family of them for integrations, one for Lambda functions, one for activities.

Everything that is not a Lambda function's or an activity's ARN, ``k8s:job`` included, has the Task family. In a family
the types share a prefix; what differs is how their details call the task.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

from stepwright.asl import history
from stepwright.asl.draft import Draft
from stepwright.asl.history import Details
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.machine import Task
from stepwright.asl.matching import Failure

Moment = Literal["Scheduled", "Started", "Submitted", "Succeeded", "Failed", "TimedOut"]


class Schedule(Struct, frozen=True):
    """What is known of a task when it is scheduled."""

    parameters: JsonText
    region: str
    timeout_seconds: int | None
    heartbeat_seconds: int | None
    credentials: Json


def scheduled(draft: Draft, state: Task, previous: int, schedule: Schedule) -> int:
    """Record it and give the event's id; likewise below."""
    details: Details
    family = _family(state)
    if family == "Task":
        details = _called(state) | {"region": schedule.region, "parameters": schedule.parameters}
    else:
        details = {
            "resource": state.resource,
            "input": schedule.parameters,
            "inputDetails": history.NOT_TRUNCATED,
        }
    if schedule.timeout_seconds is not None:
        details["timeoutInSeconds"] = schedule.timeout_seconds
    if schedule.heartbeat_seconds is not None and family != "LambdaFunction":
        details["heartbeatInSeconds"] = schedule.heartbeat_seconds
    credentials = schedule.credentials
    if isinstance(credentials, dict) and "RoleArn" in credentials and family != "Activity":
        details["taskCredentials"] = {"roleArn": credentials["RoleArn"]}
    return _record(draft, state, previous, "Scheduled", details)


def started(draft: Draft, state: Task, previous: int, worker: str | None) -> int:
    match _family(state):
        case "Task":
            return _record(draft, state, previous, "Started", _called(state))
        case "Activity":
            return _record(
                draft, state, previous, "Started", {} if worker is None else {"workerName": worker}
            )
        case "LambdaFunction":
            return draft.record("LambdaFunctionStarted", previous)


def submitted(draft: Draft, state: Task, previous: int, output: JsonText) -> int:
    """Only the Task family knows it; for the others nothing is recorded."""
    if _family(state) != "Task":
        return previous
    return _record(draft, state, previous, "Submitted", _called(state) | history.output(output))


def succeeded(draft: Draft, state: Task, previous: int, output: JsonText) -> int:
    return _record(draft, state, previous, "Succeeded", _named(state) | history.output(output))


def failed(draft: Draft, state: Task, previous: int, failure: Failure) -> int:
    """TaskFailed or TaskTimedOut, as the error's name says."""
    moment: Moment = "TimedOut" if failure.timed_out else "Failed"
    details = _named(state) | history.failure(failure.error, failure.cause)
    return _record(draft, state, previous, moment, details)


def _family(state: Task) -> Literal["Task", "LambdaFunction", "Activity"]:
    if state.resource_name == state.resource:  # called by the whole ARN
        if state.resource_type == "lambda":
            return "LambdaFunction"
        if state.resource_type == "activity":
            return "Activity"
    return "Task"


def _called(state: Task) -> Details:
    return {"resourceType": state.resource_type, "resource": state.resource_name}


def _named(state: Task) -> Details:
    """Lambda functions and activities are named once, when they are scheduled."""
    return _called(state) if _family(state) == "Task" else {}


_NAMES: Final[dict[tuple[str, Moment], tuple[str, str]]] = {
    (family, moment): (f"{family}{moment}", f"{family[0].lower()}{family[1:]}{moment}EventDetails")
    for family in ("Task", "LambdaFunction", "Activity")
    for moment in ("Scheduled", "Started", "Submitted", "Succeeded", "Failed", "TimedOut")
}


def _record(draft: Draft, state: Task, previous: int, moment: Moment, details: dict[str, Any]) -> int:
    kind, field = _NAMES[_family(state), moment]
    return draft.record(kind, previous, field, details)
