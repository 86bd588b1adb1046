"""What the Jobs of functions and their workers come to, said as their callers would hear it from Lambda.

Failures have the names that retriers written for AWS know. A function that ends without naming an error of its own is
``Lambda.Unknown``, as Step Functions says of what a function has not handled.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-examples
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Signal, TaskFailed, TaskSubmitted, TaskSucceeded
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.tasks.calls.integration import Call
from stepwright.tasks.functions import requests
from stepwright.tasks.functions.answers import (
    NO_CLIENT,
    NO_SERVICE,
    TOO_LARGE,
    TOO_MANY,
    UNKNOWN,
    invoked,
)

_OF_STEPWRIGHT: Final = ("Job.", "ExternalTask.")
_NAMES: Final[Mapping[str, str]] = {
    "Job.Failed": UNKNOWN,
    "Job.OOMKilled": UNKNOWN,
    "Job.OutputInvalid": UNKNOWN,
    "Job.OutputLost": NO_CLIENT,
    "Job.OutputTooLarge": DATA_LIMIT_EXCEEDED,
    "Job.QuotaExceeded": TOO_MANY,
    "ExternalTask.HeartbeatLost": NO_CLIENT,
    "ExternalTask.OutputInvalid": UNKNOWN,
    "ExternalTask.OutputTooLarge": DATA_LIMIT_EXCEEDED,
    "ExternalTask.QuotaExceeded": TOO_MANY,
    "ExternalTask.TimedOut": NO_CLIENT,
    "ExternalTask.TooLarge": TOO_LARGE,
}
"""All other failures of theirs mean that the function cannot be called now."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Implements ``tasks.calls.as_jobs.Expected``. ``direct``: the function's own answer is the result. ``shown``: the function, as causes call
    it."""

    call: Call
    direct: bool
    shown: str

    def said(self, signal: TaskSubmitted | TaskSucceeded | TaskFailed) -> Signal | None:
        waits = self.call.task.resource.waits_for_token
        match signal:
            case TaskSubmitted():
                return None if waits else signal
            case TaskSucceeded() if self.direct:
                return signal
            case TaskSucceeded(task, output):
                answer = invoked(output, requests.request_id(self.call))
                return TaskSubmitted(task, answer, at_once=True) if waits else TaskSucceeded(task, answer)
            case TaskFailed(task, error, cause) if error is not None and error.startswith(_OF_STEPWRIGHT):
                return TaskFailed(task, _NAMES.get(error, NO_SERVICE), f"{self.shown}: {error}: {cause}")
            case TaskFailed(task, error, cause):
                return TaskFailed(task, error, cause if self.direct else _compact(cause))


def _compact(cause: str | None) -> str | None:
    """The function's own words, as ``lambda:invoke`` passes them on."""
    try:
        said: Json = jsontext.parse(cause or "")
    except InvalidJson:
        return cause
    return jsontext.dump(said)
