"""What happened in a seed, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FORESEEN = (
    "membership waits",
    "another installation serves the same namespace",
    "write given up, ending the execution",
    "execution cannot go on",
    "execution is too large for a status",
)
"""Errors in the log that are about the world and not about a defect."""


@dataclass
class Result:
    seed: int
    violations: list[str] = field(default_factory=list)
    trace: list[tuple[Any, ...]] = field(default_factory=list)
    seconds: float = 0.0
    """Of virtual time."""
    requests: int = 0
    kills: int = 0
    stops: int = 0
    ends: int = 0
    outcomes: list[str] = field(default_factory=list)
    events: int = 0
    """Of all histories together."""
    rare: Counter[str] = field(default_factory=Counter)
    """What happened that happens in few seeds."""
    twice: int = 0
    """Jobs created again because the first was deleted before its uid was known."""
    late: int = 0
    """Jobs created again by a request that landed when its sender had long given up; each was stopped."""


def is_defect(level: str, name: str, event: Mapping[str, Any]) -> bool:
    """Whether a line of the log, ``name`` and what it says besides, is about one."""
    return "exception" in event or (level == "error" and name not in FORESEEN)
