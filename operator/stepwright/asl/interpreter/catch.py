"""Catch: which state takes over from a failed one, and with which input.

Source: https://states-language.net/spec.html#fallback-states
"""

from __future__ import annotations

from collections.abc import Sequence

from stepwright.asl.failure import matching
from stepwright.asl.failure.matching import Failure
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Catcher


def find(catchers: Sequence[Catcher], failure: Failure) -> Catcher | None:
    """The first whose ErrorEquals matches."""
    return next((catcher for catcher in catchers if matching.matches(catcher.error_equals, failure)), None)


def error_output(failure: Failure) -> Json:
    """What the fallback state receives. A timeout has no cause, and AWS gives an empty text instead."""
    cause = "" if failure.cause is None and failure.error is not None else failure.cause
    return {"Error": failure.error, "Cause": cause}
