"""What an operation works with: the ports, and for whom and where."""

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
    """Each request has one of its own, with ``caller`` and ``place``; all else they share."""

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
    """Where things are that a request names without an ARN."""
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

Act: TypeAlias = Callable[[Service, Request], Awaitable[Answer]]
"""Takes a request that fits the model and gives its answer as it goes over the wire. Raises ApiError."""

Subject: TypeAlias = Callable[[Service, Request], str]
"""The ARN of what a request that fits the model is about (``api.subjects``)."""


class Operation(NamedTuple):
    act: Act
    on: Subject
