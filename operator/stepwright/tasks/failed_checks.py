"""Checks of drivers that fail themselves: whoever checks a definition hears of it as of all else, and of everything that others
have found."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from stepwright.asl.definition import TaskCheck
from stepwright.asl.diagnostics import Diagnostic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource

CHECK_FAILED: Final = "CHECK_FAILED"
_MOST_CHARACTERS: Final = 300
"""Of what the failure says: it may quote what was checked."""


def guarded(
    driver: str, check_for: Callable[[Mapping[str, Any]], TaskCheck], spec: Mapping[str, Any]
) -> TaskCheck:
    """The check of a driver for a StateMachine's ``spec``. It raises nothing: what it had said before it failed is reported, and a warning
    that it failed. The driver reads the parameters again when the task runs."""
    made: list[TaskCheck] = []

    def check(resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterator[Diagnostic]:
        try:
            if not made:
                made.append(check_for(spec))
            yield from made[0](resource, state, pointer)
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is not the definition's
            yield Diagnostic("WARNING", CHECK_FAILED, _said(driver, resource, failure), pointer)

    return check


def _said(driver: str, resource: Resource, failure: Exception) -> str:
    frame = traceback.extract_tb(failure.__traceback__)[-1]
    words = str(failure)[:_MOST_CHARACTERS]
    return (
        f"{resource} is not checked any further, since the check of the driver {driver!r} failed: {type(failure).__name__}: "
        f"{words} ({Path(frame.filename).name}, line {frame.lineno}). This is a defect of that driver: report it to those who make it"
    )
