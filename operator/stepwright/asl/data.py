"""What an expression may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from stepwright.asl.json_types import Json


@dataclass(frozen=True, slots=True)
class Data:
    """The three places an expression reads from: ``$`` (document), ``$$`` (context object), ``$name`` (variables)."""

    document: Json
    context: Json
    variables: Mapping[str, Json] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - States.MathRandom and UUID: not secrets
    """Seeded from the signal's moment, one for a whole step, so that a step can be repeated exactly."""


class Expression(Protocol):
    """Anything compiled once per definition and evaluated per visit: a path, an intrinsic call, a template.

    JSONata expressions are to implement the same protocol. Raises ``StateError`` when it cannot be evaluated.
    """

    def evaluate(self, data: Data) -> Json: ...
