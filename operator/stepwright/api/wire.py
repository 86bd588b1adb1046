"""Values as sent over the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.signals import Millis
from stepwright.asl.step import HistoryEvent
from stepwright.asl.text import timestamps

_DATA: Final = frozenset({"input", "output", "parameters", "assignedVariables"})


METADATA_ONLY: Final = "METADATA_ONLY"
"""A value of ``includedData``: without definitions, inputs and outputs."""


def moment(millis: int) -> float:
    """JSON 1.0 writes timestamps as seconds since 1970."""
    return millis / 1000


def event(recorded: HistoryEvent, *, with_data: bool) -> dict[str, Any]:
    """``with_data``: else inputs and outputs are left out."""
    millis = timestamps.parse(recorded["timestamp"])
    assert millis is not None
    shown = recorded | {"timestamp": moment(millis)}
    if not with_data:
        for key, details in recorded.items():
            if key.endswith("EventDetails"):
                shown[key] = {name: value for name, value in details.items() if not _is_data(name)}
    return shown


def data(name: str, value: str | None, request: Mapping[str, Any]) -> dict[str, Any]:
    """``input`` or ``output`` as the request wants it; empty if there is none."""
    if value is None:
        return {}
    details = details_of(request)
    return ({name: value} if details["included"] else {}) | {f"{name}Details": details}


def details_of(request: Mapping[str, Any]) -> dict[str, bool]:
    return {"included": request.get("includedData") != METADATA_ONLY}


def _is_data(name: str) -> bool:
    return name.removesuffix("Details") in _DATA


def billed(started: Millis, stopped: Millis) -> dict[str, int]:
    """Express is billed in steps of 100 ms and 64 MB; here nobody pays, but clients read it."""
    hundreds = max(1, -(-(stopped - started) // 100))
    return {"billedDurationInMilliseconds": hundreds * 100, "billedMemoryUsedInMB": 64}
