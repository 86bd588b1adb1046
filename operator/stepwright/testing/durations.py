"""Spans of virtual time as people write them: ``30 d``, ``3 days``, ``1 h 5 min``, ``0.5 s``."""

from __future__ import annotations

import re
from typing import Final

_UNITS: Final = {"d": 86_400, "h": 3_600, "min": 60, "s": 1}
_SPELLINGS: Final = {
    spelling: size
    for size, spellings in (
        (604_800, "weeks week w"),
        (86_400, "days day d"),
        (3_600, "hours hour hrs hr h"),
        (60, "minutes minute mins min"),
        (1, "seconds second secs sec s"),
    )
    for spelling in spellings.split()
}
_TERM: Final = re.compile(rf"(\d+(?:\.\d+)?) ?({'|'.join(_SPELLINGS)})(?![a-z])")
_WHOLE: Final = re.compile(rf"{_TERM.pattern}(?:(?: | ?, ?| and ){_TERM.pattern})*")


def text(seconds: float) -> str:
    parts = []
    for unit, size in _UNITS.items():
        count, rest = (seconds, 0) if unit == "s" else divmod(seconds, size)
        if count:
            parts.append(f"{round(count, 3):g} {unit}")
        seconds = rest
    return " ".join(parts) or "0 s"


def seconds(given: object) -> float | None:
    """The seconds in a number or in such a text; None for anything else."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return given if given >= 0 else None
    if isinstance(given, str) and _WHOLE.fullmatch(given):
        return sum(float(count) * _SPELLINGS[unit] for count, unit in _TERM.findall(given))
    return None
