"""What every operation works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from stepwright.asl.definition import TaskCheck
from stepwright.catalog.arns import Place
from stepwright.catalog.ports import Catalog, Runner
from stepwright.engine.ports import Clock


@dataclass(frozen=True, slots=True)
class Service:
    catalog: Catalog
    runner: Runner
    clock: Clock
    place: Place
    new_id: Callable[[], str]
    """A new UUID as text."""
    task_checks: Mapping[str, TaskCheck]


Request: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]

Operation: TypeAlias = Callable[[Service, Request], Awaitable[Answer]]
"""Takes a request that fits the model and gives its answer as it goes over the wire. Raises ApiError."""
