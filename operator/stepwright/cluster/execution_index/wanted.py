"""What is asked of the index, and how many rows were found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stepwright.asl.interpreter import map_runs
from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.cluster.execution_index.ordered import FIRST, LAST, At, Place
from stepwright.cluster.execution_index.row import Row


class Wanted(NamedTuple):
    """As ``catalog.ports.ExecutionQuery``, with names instead of ARNs. ``machines``: None: of all. ``error``: as rows have it."""

    namespace: str
    machines: Sequence[str] | None
    statuses: Sequence[Status]
    name: str
    error: str | None
    since: Millis | None
    until: Millis | None
    map_run: str = ""
    """The id of a Map Run that it has; empty: of any."""
    labels: Sequence[str] = ()
    """That it has all, each ``KEY=VALUE``."""

    def fits(self, row: Row) -> bool:
        """Of a row of one of the state machines, with one of the statuses."""
        return (
            (not self.name or row.execution_name.startswith(self.name))
            and (self.error is None or row.error == self.error)
            and (self.since is None or row.started >= self.since)
            and (self.until is None or row.started < self.until)
            and all(label in row.labels for label in self.labels)
            and (not self.map_run or self.map_run.startswith(map_runs.id_begins(row.uid)))
        )

    @property
    def is_narrow(self) -> bool:
        """Whether a row of the state machines, with one of the statuses, that began at that time may not fit."""
        return bool(self.name or self.map_run or self.labels) or self.error is not None

    @property
    def is_of_any(self) -> bool:
        """Whether each row of the state machines, with one of the statuses, fits."""
        return not self.is_narrow and self.since is None and self.until is None

    @property
    def begin(self) -> Place:
        """Before all that are wanted."""
        return FIRST if self.since is None else At(self.since, "")

    @property
    def end(self) -> Place:
        """Behind all that are wanted."""
        return LAST if self.until is None else At(self.until, "")


class Counts(NamedTuple):
    statuses: Counter[Status]
    errors: Counter[str]

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            self.statuses[row.status] += 1
            if row.error is not None:
                self.errors[row.error] += 1
