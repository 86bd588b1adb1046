"""What a process has that tasks' calls are made with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stepwright.catalog.ports import Calls, ConnectionObjects, Functions, Shards
from stepwright.engine.ports import Clock, Report
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.services import Services


@dataclass(frozen=True, slots=True)
class Means:
    """What every process has, then what only some have: None in the others. The rows of ``tasks.table`` say in which processes
    an integration runs, so it may take for granted what all of those have."""

    clock: Clock
    report: Report
    connection_objects: ConnectionObjects
    functions: Functions
    services: Services
    kubernetes: Accounts | None = None
    step_functions: Calls | None = None
    shards: Shards | None = None
    files: Path | None = None
    """The folder of this machine whose files may be read."""
    own_machine: bool = False
    """Whether this is its user's own machine, which that user's tasks may call."""
