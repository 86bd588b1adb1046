"""The ratios of a run, compared with their goals and with the recorded ones.

A subject notes each ratio where it prints the table that the ratio comes from.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.goals import BY_SUBJECT, GOALS, Goal

RECORDED = Path(__file__).with_name("recorded.json")


class Ratios:
    """Those of one run, by name."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def note(self, name: str, value: float) -> None:
        if name not in GOALS:
            raise ValueError(f"{name!r} has no goal in bench/goals.py")
        self.values[name] = value


noted = Ratios()
"""Of this process."""


def note(name: str, value: float) -> None:
    noted.note(name, value)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Where a ratio was measured."""

    date: str
    machine: str
    versions: str


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    goal: Goal
    recorded: float | None
    now: float
    allowed: float

    @property
    def passed(self) -> bool:
        return self.now <= self.allowed if self.goal.bound == "at most" else self.now >= self.allowed

    @property
    def problem(self) -> str:
        """Empty where there is none."""
        if self.passed:
            return ""
        return "worse than recorded" if self.goal.met(self.now) else "misses its goal"


def compare(now: Mapping[str, float], recorded: Mapping[str, float]) -> list[Verdict]:
    """A verdict on each ratio of this run."""
    return [
        Verdict(name, GOALS[name], recorded.get(name), value, GOALS[name].allowed(recorded.get(name)))
        for name, value in now.items()
    ]


def unmeasured(subjects: Iterable[str], now: Mapping[str, float]) -> list[str]:
    """Goals of these subjects for which a run gave no ratio: a subject was left out, or has forgotten to note it."""
    return [name for subject in subjects for name in BY_SUBJECT[subject] if name not in now]


def load(path: Path = RECORDED) -> dict[str, float]:
    """The recorded ratios by name; none where nothing was recorded yet."""
    return {name: entry["ratio"] for name, entry in entries(path).items()}


def entries(path: Path = RECORDED) -> dict[str, Any]:
    """By name: ``{"ratio": 0.25, "date": ..., "machine": ..., "versions": ...}``."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def record(now: Mapping[str, float], conditions: Conditions, path: Path = RECORDED) -> None:
    """Put ratios in the place of those recorded under their names; what this run did not measure stays."""
    known = entries(path)
    known |= {name: {"ratio": round(value, 4), **asdict(conditions)} for name, value in now.items()}
    ordered = {name: known[name] for name in GOALS if name in known}
    path.write_text(json.dumps(ordered, indent=2) + "\n")
