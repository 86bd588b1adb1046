"""What every operation works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from stepwright.asl.definition import Installation, TaskCheck
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import (
    Activities,
    Answers,
    Executions,
    Express,
    Machines,
    MapRuns,
    Versions,
    Work,
)
from stepwright.engine.beside import Beside
from stepwright.engine.ports import Clock


@dataclass(frozen=True, slots=True)
class Service:
    machines: Machines
    executions: Executions
    express: Express
    answers: Answers
    versions: Versions
    activities: Activities
    work: Work
    map_runs: MapRuns
    clock: Clock
    place: Place
    new_id: Callable[[], str]
    """A new UUID as text."""
    chance: Callable[[], float]
    """A random number from 0 up to 1: which version an execution of an alias runs."""
    task_check: TaskCheck
    installation: Installation
    """What its executions can run on."""
    beside: Beside = field(default_factory=Beside)
    """Where everything is done that takes long; it has turns by connection."""


Request: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

Operation: TypeAlias = Callable[[Service, Request], Awaitable[Answer]]
"""Takes a request that fits the model and gives its answer as it goes over the wire. Raises ApiError."""
