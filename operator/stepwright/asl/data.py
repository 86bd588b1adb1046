"""What an expression may read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Protocol, TypeAlias

from msgspec import Struct, field

from stepwright.asl.json_types import Json
from stepwright.asl.meter import Meter

Randomness: TypeAlias = Callable[[], Random]
"""Made only when needed: seeding costs as much as many a state."""


class Data(Struct, frozen=True):
    """The three places an expression reads from: ``$`` (document), ``$$`` (context object), ``$name`` (variables)."""

    document: Json
    context: Json
    variables: Mapping[str, Json] = field(default_factory=dict)
    random: Randomness = field(default=lambda: Random(0))  # noqa: S311 - States.MathRandom, UUID: not secrets
    """Seeded from the signal's moment, one for a whole step, so that a step can be repeated exactly."""
    meter: Meter = field(default_factory=Meter)


class States:
    """What a JSONata expression may read: the variables, including ``$states``.

    The context object is made only for expressions that read it.
    """

    __slots__ = ("_bindings", "_context", "_given", "_variables", "meter", "now", "random")

    def __init__(
        self,
        input: Json,
        context: Callable[[], Json],
        variables: Mapping[str, Json],
        now: int,
        random: Randomness,
        given: Mapping[str, Json],
        meter: Meter,
    ) -> None:
        """``now``: milliseconds since 1970. ``given``: ``result`` or ``errorOutput``, if there is one."""
        self._given = {"input": input, **given}
        self._context = context
        self._variables = variables
        self._bindings: dict[bool, dict[str, Json]] = {}
        self.now = now
        self.random = random
        self.meter = meter

    def bindings(self, *, with_context: bool) -> Mapping[str, Json]:
        """All variables by their names without dollars."""
        bindings = self._bindings.get(with_context)
        if bindings is None:
            states = dict(self._given)
            if with_context:
                states = {"input": states.pop("input"), "context": self._context(), **states}
            bindings = self._bindings[with_context] = {**self._variables, "states": states}
        return bindings


class Expression(Protocol):
    """Anything compiled once per definition and evaluated per visit: a path, an intrinsic call, a template.

    It reads ``Data`` in a JSONPath state, ``States`` in a JSONata state. Raises ``StateError`` when it cannot
    be evaluated.
    """

    def evaluate(self, data: Any) -> Json: ...


class Selection(Expression, Protocol):
    """An InputPath or OutputPath."""

    @property
    def is_identity(self) -> bool:
        """Whether it is ``$``, which gives the document itself."""
