"""A module for each verb: ``make`` makes its request, ``find`` looks for what an earlier one has made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.tasks.calls.integration import Again
from stepwright.tasks.kubernetes.asking import Asked
from stepwright.tasks.kubernetes.verbs import create, get, list_

__all__ = ["OF_RESOURCES", "Verb"]


@dataclass(frozen=True, slots=True)
class Verb:
    """``make`` and ``find`` raise CallFailed, ApiError. ``find``: None if nothing was made; only for FIND."""

    make: Callable[[Asked], Awaitable[Json]]
    again: Again = Again.HARMLESS
    find: Callable[[Asked], Awaitable[Json]] | None = None


OF_RESOURCES: Final[Mapping[str, Verb]] = {
    "get": Verb(get.make),
    "list": Verb(list_.make),
    "create": Verb(create.make, Again.FIND, create.find),
}
"""By the name that the Resource has for it."""
