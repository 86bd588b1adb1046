"""Which error names an ErrorEquals stands for.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from msgspec import Struct

from stepwright.asl.failure import errors

# "States.ALL can't catch the States.DataLimitExceeded terminal error and Runtime error types."
_BEYOND_ALL: Final = frozenset({errors.DATA_LIMIT_EXCEEDED, errors.RUNTIME})
_TIMEOUTS: Final = frozenset({errors.TIMEOUT, errors.HEARTBEAT_TIMEOUT})


class Failure(Struct, frozen=True):
    """The error of a failed state. ``heartbeat``: it is the States.Timeout of a missed heartbeat. ``location``: the field whose
    expression has failed, if it is known.

    AWS records a missed heartbeat as States.Timeout, and documents States.HeartbeatTimeout as a name to match it by.
    """

    error: str | None
    cause: str | None
    heartbeat: bool = False
    location: str | None = None

    @property
    def timed_out(self) -> bool:
        return self.error in _TIMEOUTS


def matches(error_equals: Collection[str], failure: Failure) -> bool:
    error = failure.error
    if error == errors.RUNTIME:
        return False  # recorded: not even a Catch that names it gets it; the execution fails
    if error in error_equals or (failure.heartbeat and errors.HEARTBEAT_TIMEOUT in error_equals):
        return True
    if error in _BEYOND_ALL:
        return False
    if errors.ALL in error_equals:
        return True
    return errors.TASK_FAILED in error_equals and not failure.timed_out
