"""What a process has that tasks' calls are made with."""

from __future__ import annotations

from dataclasses import dataclass

from stepwright.catalog.ports import Calls, ConnectionObjects, Connections, Functions
from stepwright.engine.ports import Clock
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.calls.services import Services


@dataclass(frozen=True, slots=True)
class Means:
    """None: this process has no such thing. The rows of ``tasks.table`` say in which processes an integration runs, so it
    may take for granted what all of those have."""

    clock: Clock
    connections: Connections | None = None
    connection_objects: ConnectionObjects | None = None
    kubernetes: Accounts | None = None
    step_functions: Calls | None = None
    functions: Functions | None = None
    """What stands for functions; where there is none, they are Lambda's own, at a connection to it."""
    services: Services | None = None
    own_machine: bool = False
    """Whether this is its user's own machine, which that user's tasks may call."""
