"""The result of ``arn:aws:states:::eks:runJob.sync`` as AWS has it: the Job as Kubernetes has it in the end, and its logs if asked for.

``{"apiVersion", "kind", "metadata", "spec", "status", "logs": {"pods": {POD: {"containers": {CONTAINER: {"log"}}}}}}``; a log is JSON
where it can be parsed, unless ``RawLogs`` is set, and one that cannot be read has ``error`` and ``cause`` in its place.
https://docs.aws.amazon.com/step-functions/latest/dg/connect-eks.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stepwright.asl.failure.errors import TASK_FAILED
from stepwright.asl.failure.failures import LONGEST_CAUSE
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

FAILED: Final = TASK_FAILED
"""With the same as its cause, as AWS has it for everything that it waits for."""

LARGEST_LOG_BYTES: Final = 256 * 1024
"""Of all logs together: a result cannot hold more."""
MOST_PODS: Final = 50
"""Logs of more pods are not read."""

_LOG_PARAMETERS: Final = ("tailLines", "sinceSeconds", "limitBytes")


@dataclass(frozen=True, slots=True)
class LogOptions:
    """``parameters``: of a request for a log."""

    retrieve: bool = False
    raw: bool = False
    parameters: Mapping[str, int] = field(default_factory=dict)


NO_LOGS: Final = LogOptions()


def problem(given: Any) -> str | None:
    """What is wrong with the parameter LogOptions, after its name."""
    if not isinstance(given, dict):
        return "must be an object"
    for name in ("RetrieveLogs", "RawLogs"):
        if not isinstance(given.get(name, False), bool):
            return f"must say {name} by true or false"
    parameters = given.get("LogParameters", {})
    if not isinstance(parameters, dict):
        return "must have an object as LogParameters"
    for name, values in parameters.items():
        if name not in _LOG_PARAMETERS:
            return f"has the LogParameter {name!r}; there are {', '.join(_LOG_PARAMETERS)}"
        if not isinstance(values, list) or len(values) != 1 or not _is_count(values[0]):
            return f"must say the LogParameter {name} by a list with one number as its text"
    if unknown := [name for name in given if name not in ("RetrieveLogs", "RawLogs", "LogParameters")]:
        return f"has no member {unknown[0]!r}; it has RetrieveLogs, RawLogs and LogParameters"
    return None


def log_options(given: Mapping[str, Any]) -> LogOptions:
    """Of what ``problem`` finds nothing wrong with."""
    parameters = {name: int(values[0]) for name, values in given.get("LogParameters", {}).items()}
    return LogOptions(given.get("RetrieveLogs", False), given.get("RawLogs", False), parameters)


def of(job: Mapping[str, Any], logs: Mapping[str, Json] | None) -> dict[str, Json]:
    """``logs``: of each pod, as ``of_pod`` says it; None if nobody has asked for them."""
    metadata = {name: value for name, value in job["metadata"].items() if name != "managedFields"}
    found: dict[str, Json] = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        **job,
        "metadata": metadata,
    }
    return found if logs is None else {**found, "logs": {"pods": dict(logs)}}


def cause(value: Json) -> str:
    """Of a Job that has failed; without its logs where an event could not hold both, so that it stays JSON."""
    text = str(jsontext.dump(value))
    if len(text) <= LONGEST_CAUSE or not isinstance(value, dict):
        return text
    return str(jsontext.dump({name: part for name, part in value.items() if name != "logs"}))


def of_pod(containers: Mapping[str, Json]) -> Json:
    return {"containers": dict(containers)}


def of_log(text: str, *, raw: bool) -> Json:
    if raw:
        return {"log": text}
    try:
        return {"log": jsontext.parse(text)}
    except InvalidJson:
        return {"log": text}


def unread(error: str, cause: str) -> Json:
    return {"error": error, "cause": cause}


def _is_count(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isdigit() and int(value[:9]) > 0
