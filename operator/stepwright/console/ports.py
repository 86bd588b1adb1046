"""What the console needs from the world: the catalog's ports."""

from __future__ import annotations

from dataclasses import dataclass

from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Access, ExecutionRows, Executions, Machines, Visits, Watching
from stepwright.engine.ports import Clock


@dataclass(frozen=True, slots=True)
class Ports:
    """``place``: where things are that no ARN names."""

    executions: Executions
    rows: ExecutionRows
    visits: Visits
    watching: Watching
    machines: Machines
    access: Access
    clock: Clock
    place: Place
