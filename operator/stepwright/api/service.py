"""What an operation works with: the ports, the caller and the place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

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
    KnownMachines,
    Machines,
    MapRuns,
    StartedExecutions,
    Versions,
    Work,
)
from stepwright.engine.beside import Beside
from stepwright.engine.ports import Clock

T = TypeVar("T")


def _all(operation: str) -> bool:  # noqa: ARG001
    return True


class Basis(Struct, frozen=True, kw_only=True):
    """Of every operation. Each request has its own, with ``caller`` and ``place``; they share everything else."""

    access: Access
    clock: Clock
    caller: Caller
    place: Place
    """Where things are that a request does not name by ARN."""
    new_id: Callable[[], str]
    """A new UUID as text."""
    beside: Beside = field(default_factory=Beside)
    """Does everything that takes long, with turns by connection."""
    serves: Callable[[str], bool] = _all
    """Whether an operation is served."""
    where: str = ""
    """Where those are not that are not served, as a sentence goes on: `` in a cluster``."""


class ForExecutions(Basis, frozen=True, kw_only=True):
    """Of operations that start, describe, list and stop executions, which is all that tasks can call in a cluster. A port is None
    where there is nothing of its kind."""

    machines: KnownMachines
    executions: StartedExecutions
    express: Express | None
    versions: Versions | None
    map_runs: MapRuns | None
    chance: Callable[[], float]
    """A random number from 0 up to 1: which version an execution of an alias runs."""


class Service(ForExecutions, frozen=True, kw_only=True):
    """Of all operations."""

    machines: Machines
    executions: Executions
    answers: Answers | None
    activities: Activities | None
    work: Work | None
    new_task_check: Callable[[], TaskCheck]
    """For one definition."""
    installation: Installation
    """What its executions can run on."""


class NotHere(Exception):  # noqa: N818 - it names a condition
    """There is nothing of the kind that an operation is about."""


def needed(port: T | None) -> T:
    """A port that an operation can do nothing without. Raises NotHere, on which the operation is said not to be served."""
    if port is None:
        raise NotHere
    return port


Request: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

Subject: TypeAlias = Callable[[Basis, Request], str]
"""The ARN of the subject of a request that fits the model (``api.subjects``)."""

S_contra = TypeVar("S_contra", bound=Basis, contravariant=True)


def _nothing_more(_: Request) -> str | None:
    return None


class Operation(NamedTuple, Generic[S_contra]):
    act: Callable[[S_contra, Request], Awaitable[Answer]]
    """Takes a request that fits the model; returns its answer as sent over the wire. Raises ApiError, NotHere."""
    on: Subject
    also: Callable[[Request], str | None] = _nothing_more
    """What else somebody must be allowed on the same subject, by the name that ``Access`` knows it by, for what is in the request."""
