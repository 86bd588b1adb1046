"""AWS's history events: the shape of each type's details (those of tasks: ``stepwright.asl.interpreter.task_events``).

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html, and recorded histories
where the page is silent. A field that AWS leaves out when it has nothing to say is left out here, too.
``draft.record`` adds what all events share.
"""

from __future__ import annotations

from typing import Any, Final

from stepwright.asl.json_types import JsonText
from stepwright.asl.text import jsontext
from stepwright.asl.text.payload import Payload

Details = dict[str, Any]

NOT_TRUNCATED: Final[Details] = {"truncated": False}
"""Shared by all events; like every Json value it is never changed in place."""

EVENT_BYTES: Final = 200
"""Roughly what an event takes in addition to the texts in its details: ids, type, timestamp, names of fields."""

STATE_ENTERED: Final = "stateEnteredEventDetails"
STATE_EXITED: Final = "stateExitedEventDetails"


def texts(details: Details) -> list[str]:
    """All texts in an event's details, whatever their fields are called: these have no limit of their own. Wherever the
    size of an event is asked for, they are what counts."""
    found: list[str] = []
    for value in details.values():
        if type(value) is str:
            found.append(value)
        elif value is not NOT_TRUNCATED and type(value) is dict:
            found += texts(value)
    return found


def size_bytes(details: Details) -> int:
    """The size of all texts in an event's details, as UTF-8."""
    size = 0
    for value in details.values():
        if type(value) is str:
            size += len(value) if value.isascii() else jsontext.size_bytes(value)
        elif value is not NOT_TRUNCATED and type(value) is dict:
            size += size_bytes(value)
    return size


def execution_redriven(count: int) -> tuple[str, dict[str, int]]:
    return "executionRedrivenEventDetails", {"redriveCount": count}


def execution_started(
    input: JsonText, role_arn: str, version_arn: str | None = None, alias_arn: str | None = None
) -> Details:
    """The ARNs of version and alias are there only if the execution was started by one."""
    details: Details = {"input": input, "inputDetails": NOT_TRUNCATED, "roleArn": role_arn}
    if version_arn is not None:
        details["stateMachineVersionArn"] = version_arn
    if alias_arn is not None:
        details["stateMachineAliasArn"] = alias_arn
    return details


def output(text: JsonText) -> Details:
    return {"output": text, "outputDetails": NOT_TRUNCATED}


def state_entered(name: str, input: JsonText) -> Details:
    return {"name": name, "input": input, "inputDetails": NOT_TRUNCATED}


def state_exited(name: str, output: JsonText, assigned: dict[str, Payload] | None) -> Details:
    details: Details = {"name": name, "output": output, "outputDetails": NOT_TRUNCATED}
    if assigned:
        details["assignedVariables"] = {variable: value.text for variable, value in assigned.items()}
        details["assignedVariablesDetails"] = NOT_TRUNCATED
    return details


def failure(error: str | None, cause: str | None) -> Details:
    """Error and cause of whatever failed, timed out or was aborted; ``{}`` if AWS knows neither."""
    details: Details = {}
    if error is not None:
        details["error"] = error
    if cause is not None:
        details["cause"] = cause
    return details


def evaluation_failed(error: str | None, cause: str | None, location: str | None, state: str) -> Details:
    details = failure(error, cause)
    if location is not None:
        details["location"] = location
    details["state"] = state
    return details


def iteration(name: str, index: int) -> Details:
    return {"name": name, "index": index}
