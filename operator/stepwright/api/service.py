"""What an operation works with: the ports, the caller and the place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct, field

from stepwright.asl.definition import Installation, TaskCheck
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import (
    Access,
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


class Service(Struct, frozen=True):
    """Each request has its own, with ``caller`` and ``place``; they share everything else."""

    machines: Machines
    executions: Executions
    express: Express
    answers: Answers
    versions: Versions
    activities: Activities
    work: Work
    map_runs: MapRuns
    access: Access
    clock: Clock
    caller: Caller
    place: Place
    """Where things are that a request does not name by ARN."""
    new_id: Callable[[], str]
    """A new UUID as text."""
    chance: Callable[[], float]
    """A random number from 0 up to 1: which version an execution of an alias runs."""
    new_task_check: Callable[[], TaskCheck]
    """For one definition."""
    installation: Installation
    """What its executions can run on."""
    beside: Beside = field(default_factory=Beside)
    """Does everything that takes long, with turns by connection."""


Request: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

Act: TypeAlias = Callable[[Service, Request], Awaitable[Answer]]
"""Takes a request that fits the model; returns its answer as sent over the wire. Raises ApiError."""

Subject: TypeAlias = Callable[[Service, Request], str]
"""The ARN of the subject of a request that fits the model (``api.subjects``)."""


class Operation(NamedTuple):
    act: Act
    on: Subject
