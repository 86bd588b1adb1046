"""What the console needs from the world: the catalog's ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stepwright.catalog.ports import (
    Access,
    Activities,
    ExecutionRows,
    Executions,
    Machines,
    Overviews,
    TaskLogs,
    Visits,
    Watching,
    Work,
)
from stepwright.catalog.records import StateMachine, Unready
from stepwright.console.tenants import Tenants
from stepwright.engine.ports import Clock


class Readiness(Protocol):
    """Finds out whether a state machine is ready, where no operator has looked and its record does not say."""

    async def of(self, machine: StateMachine) -> Unready | None: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """``rights``: as ``access``, asked for what a page shows of them, where nothing is decided. ``logs``: None: nobody reads them
    here. ``children``: whether child executions of Map Runs are kept. ``readiness``: None: records of state machines say it.
    ``activities``, ``work``: None: there are none here."""

    executions: Executions
    rows: ExecutionRows
    overviews: Overviews
    visits: Visits
    watching: Watching
    machines: Machines
    access: Access
    rights: Access
    clock: Clock
    tenants: Tenants
    logs: TaskLogs | None = None
    children: bool = True
    readiness: Readiness | None = None
    activities: Activities | None = None
    work: Work | None = None
