"""Errors that the interpreter itself raises, and the sentence that AWS puts around those of expressions."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from stepwright.asl.failure import causes, errors
from stepwright.asl.failure.errors import QueryError, StateError
from stepwright.asl.failure.matching import Failure
from stepwright.asl.limits import Limits
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

LONGEST_ERROR: Final = 256
LONGEST_CAUSE: Final = 32_768
"""In characters. Longer ones are cut, as no answer of AWS's API could hold them:
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ExecutionFailedEventDetails.html"""


class WholeSentence(StateError):  # noqa: N818 - what it is, is said by its base
    """An error whose cause AWS records as it is, without saying in which state it occurred."""

    def __init__(self, error: str | None, cause: str | None, location: str | None = None) -> None:
        super().__init__(error, cause)
        self.location = location


def of_error(error: StateError | InvalidJson, state_name: str, entered: int) -> Failure:
    """The failure of a state when evaluating one of its fields failed, or gave something without JSON
    text."""
    if isinstance(error, InvalidJson):
        return Failure(errors.RUNTIME, causes.in_state(state_name, entered, str(error)))
    if isinstance(error, WholeSentence):
        return Failure(error.error, error.cause, location=error.location)
    failure = said(error.error, causes.in_state(state_name, entered, error.cause or ""))
    return replace(failure, location=error.location) if isinstance(error, QueryError) else failure


def is_of_expression(failure: Failure) -> bool:
    """Whether AWS records an EvaluationFailed for it, if a field of the state itself has failed."""
    return failure.error == errors.QUERY_EVALUATION_ERROR


def said(error: str | None, cause: str | None) -> Failure:
    """An error and cause given by a task, a stop, or a Fail state, cut to what an event can hold."""
    return Failure(_kept(error, LONGEST_ERROR), _kept(cause, LONGEST_CAUSE))


def _kept(text: str | None, most: int) -> str | None:
    if text is None or (len(text) <= most and text.isascii()):
        return text
    return jsontext.writable(text[:most])


def runtime(cause: str) -> StateError:
    return StateError(errors.RUNTIME, cause)


def too_large(name: str) -> StateError:
    """``name`` is what AWS calls the culprit: a state, for a task's result its service or function."""
    cause = (
        f"The state/task '{name}' returned a result with a size exceeding "
        "the maximum number of bytes service limit."
    )
    return WholeSentence(errors.DATA_LIMIT_EXCEEDED, cause)


def no_choice_matched() -> StateError:
    return StateError(errors.RUNTIME, causes.no_choice_matched())


def history_full(limits: Limits, history_bytes: int) -> Failure:
    """AWS's sentence for events; it has no limit of bytes. ``history_bytes``: how much the history holds."""
    if limits.history_bytes is not None and history_bytes >= limits.history_bytes:
        cause = f"The execution reached the maximum size of its history ({limits.history_bytes} bytes)."
    else:
        return too_many_events(limits)
    return Failure(errors.RUNTIME, cause)


def too_many_events(limits: Limits) -> Failure:
    cause = f"The execution reached the maximum number of history events ({limits.history_events})."
    return Failure(errors.RUNTIME, cause)


THRESHOLD_EXCEEDED = Failure(errors.EXCEED_TOLERATED_FAILURE_THRESHOLD, causes.tolerated_failures_exceeded())
