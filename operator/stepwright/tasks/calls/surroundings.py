"""What there is in the namespace of a StateMachine that the calls of its tasks need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stepwright.catalog.ports import Functions


@dataclass(frozen=True, slots=True)
class Surroundings:
    """``connections``: those that the StateMachine names, by what they say; None where that is not known."""

    namespace: str
    functions: Functions
    connections: Mapping[str, Mapping[str, Any] | None]
