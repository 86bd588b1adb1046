"""An overview, counted execution by execution: what stores have in common."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.catalog.ports import OverviewQuery
from stepwright.catalog.records import Figures, Overview, Times

FAILED: Final[tuple[Status, ...]] = ("FAILED", "TIMED_OUT")
"""What nobody has wanted."""

MOST_ERRORS: Final = 10
MOST_MACHINES: Final = 50


class _Group:
    """Some of the executions."""

    __slots__ = ("_statuses", "_took")

    def __init__(self) -> None:
        self._statuses: Counter[Status] = Counter()
        self._took: list[int] = []
        """Of those that have succeeded."""

    def add(self, status: Status, took: Sequence[int]) -> None:
        """So many with this status; how many milliseconds each took."""
        self._statuses[status] += len(took)
        if status == "SUCCEEDED":
            self._took += took

    def figures(self) -> Figures:
        return Figures(dict(self._statuses), _times(sorted(self._took)))

    @property
    def count(self) -> int:
        return self._statuses.total()

    @property
    def weight(self) -> tuple[int, int]:
        """Of two, the one with more is looked at first."""
        return sum(self._statuses[status] for status in FAILED), self.count


class Counting:
    """Takes the executions that are asked for: the newest, if there are more than are counted. State machines are told apart by
    whatever text they are added with."""

    def __init__(self, query: OverviewQuery) -> None:
        self._query: Final = query
        self._took: Final[defaultdict[tuple[int, str, Status], list[int]]] = defaultdict(list)
        """By part of the time, state machine and status: one place for each execution, as there may be many."""
        self._errors: Final[Counter[str]] = Counter()
        self._first = query.until

    def add(
        self, machine: str, status: Status, started: Millis, stopped: Millis | None, error: str | None
    ) -> None:
        part = (started - self._query.since) // self._query.step
        self._took[part, machine, status].append(0 if stopped is None else stopped - started)
        if error is not None:
            self._errors[error] += 1
        self._first = min(self._first, started)

    def overview(self, arn_of: Callable[[str], str] = str) -> Overview:
        """``arn_of``: the ARN of a state machine by the text that it was added with."""
        total, parts, machines = _Group(), defaultdict[int, _Group](_Group), defaultdict[str, _Group](_Group)
        for (part, machine, status), took in self._took.items():
            for group in (total, parts[part], machines[machine]):
                group.add(status, took)
        most = heapq.nlargest(MOST_MACHINES, machines.items(), key=lambda each: each[1].weight)
        return Overview(
            total=total.figures(),
            parts={part: group.figures() for part, group in sorted(parts.items())},
            machines={arn_of(machine): group.figures() for machine, group in most},
            errors=dict(self._errors.most_common(MOST_ERRORS)),
            counted_since=self._first if total.count >= self._query.most else None,
        )


def _times(took: Sequence[int]) -> Times | None:
    """``took``: in ascending order. A clock that went back counts as no time."""
    if not took:
        return None
    p50, p95 = (max(0, took[-(-len(took) * share // 100) - 1]) for share in (50, 95))
    return Times(Millis(p50), Millis(p95))
