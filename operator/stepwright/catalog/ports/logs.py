"""What tasks write while they work, line by line."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.records import Execution


@dataclass(frozen=True, slots=True)
class LogSource:
    """What a task writes to. ``id``: which of the task's it is. ``pod``: in which it runs, in a cluster. ``runs``: more may come."""

    id: str
    container: str
    pod: str | None
    runs: bool


class LogLine(NamedTuple):
    """``moment``: when it was written, where that is known. ``text``: without the line's end; a very long one is cut."""

    text: str
    moment: Millis | None = None


class TaskLogs(Protocol):
    """Logs last no longer than what runs a task, or little longer. Who may read them is not asked here."""

    async def sources(
        self, execution: Execution, tasks: Collection[TaskId]
    ) -> Mapping[TaskId, tuple[LogSource, ...]]:
        """Of those tasks that have some. Raises NoLogs if none has, NotAllowed."""

    def lines(
        self, execution: Execution, task: TaskId, source: str, tail: int, *, follow: bool
    ) -> AsyncGenerator[tuple[LogLine, ...], None]:
        """The last ``tail`` lines, some at a time; with ``follow``, then those that come, until the source ends. Raises NoLogs,
        also when it goes meanwhile, NotAllowed."""
