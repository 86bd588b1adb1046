"""Why a task cannot be started with its parameters, said before it is scheduled: it has no TaskScheduled event then, as on AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource

Unusable: TypeAlias = Callable[[Resource, Json], str | None]
"""What is wrong with the parameters of a task that is about to be scheduled; None if nothing is, or that is known later. A pure and quick
function: the same step says the same, in any thread."""


def known_later(resource: Resource, parameters: Json) -> str | None:  # noqa: ARG001
    """Whoever does the task says it."""
    return None
