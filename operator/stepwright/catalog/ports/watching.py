"""What happens to executions, as it happens."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from stepwright.asl.signals import Millis
from stepwright.asl.step import MapRunStatus, Visit
from stepwright.engine.ports import Uid


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of an execution since somebody last looked; it is stored already.

    ``turned``: it has begun, ended, or goes on after a redrive. ``last_event``: the id of the newest event; 0: none is new.
    ``visits``: those that are new or have changed, by id, each with those ``tries`` that are new; None: too many to be kept, or
    only the store has them, and everything else of the execution: ask it.
    ``map_runs`` by ARN.
    """

    uid: Uid
    arn: str
    turned: bool
    last_event: int
    waiting_until: Millis | None
    visits: Mapping[int, Visit] | None
    map_runs: Mapping[str, MapRunStatus]


class Following(Protocol):
    """Somebody's look at executions. What is not taken in time becomes one change for each execution."""

    async def wait(self) -> None:
        """Return once something has happened that was not taken."""

    def take(self) -> Mapping[Uid, Change] | None:
        """All that has happened since the last time. None: too many executions have changed for that to be kept."""


class Watching(Protocol):
    """Hears of what is written of Standard executions from the moment that somebody follows them."""

    def follow(self, uids: Collection[Uid], *, all_of_them: bool) -> AbstractContextManager[Following]:
        """These executions, or all."""
