"""An expression as the rest of the language sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.jsonata import checks, compiling
from stepwright.asl.jsonata.errors import LimitExceeded
from stepwright.asl.jsonata.functions import BUILT_IN
from stepwright.asl.jsonata.parse import parse
from stepwright.asl.jsonata.runtime import MAX_ALLOCATED, TOO_DEEP, Frame, Runtime
from stepwright.asl.jsonata.shape import shape
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function, Value
from stepwright.asl.meter import Meter

_BEGINNING: Final = 3
_BOUND: Final = 32
"""How many variables are bound in a unit."""


class NoResult(Exception):  # noqa: N818 - a condition
    """The expression returned nothing (undefined), or a function, which JSON cannot represent."""

    def __init__(self, *, function: bool = False) -> None:
        self.function = function
        super().__init__("a function" if function else "undefined")


class Expression:
    """A compiled expression. ``uses`` says what it reads: for checks, and so that what it does not need can be skipped."""

    __slots__ = ("_code", "source", "tokens", "uses")

    def __init__(self, source: str) -> None:
        """Raises ``InvalidExpression``."""
        parsed, self.tokens = parse(source)
        tree = shape(parsed)
        self.source = source
        self.uses = checks.uses(tree)
        self._code = compiling.compile(tree)

    def evaluate(
        self,
        variables: Mapping[str, Value],
        now: int,
        random: Callable[[], Any],
        meter: Meter | None = None,
    ) -> Json:
        """``variables``: by their names without the dollar. ``now``: in milliseconds. ``random`` gives a generator when one
        is needed.

        Raises ``EvaluationFailed``, ``LimitExceeded`` and ``NoResult``, and States.DataLimitExceeded if the expressions of
        the state have together made too much.
        """
        if meter is None:
            meter = Meter()
        meter.left -= _BEGINNING if len(variables) < _BOUND else _BEGINNING + len(variables) // _BOUND
        runtime = Runtime(now, random, meter)
        builtin = Frame(None, runtime, BUILT_IN)  # type: ignore[arg-type]  # never bound in
        try:
            if meter.left < 0:
                runtime.spend(0)
            result = self._code(UNDEFINED, Frame(builtin, runtime, dict(variables)))
            if result is UNDEFINED:
                raise NoResult
            if self.uses.function_values or runtime.not_finite or isinstance(result, Function):
                runtime.look_through(result)
                result = _as_json(result)
            if runtime.unallocated != MAX_ALLOCATED:
                runtime.keep(result)
        except RecursionError:
            raise LimitExceeded(TOO_DEEP) from None
        finally:
            meter.left -= runtime.given - runtime.left
        return result  # type: ignore[no-any-return]  # it is JSON by now


def compile(source: str) -> Expression:
    return Expression(source)


def _as_json(value: Value) -> Value:
    """Infinite numbers become texts, as AWS writes them. A function cannot be the result; inside other values it becomes an
    empty text."""
    if isinstance(value, Function):
        raise NoResult(function=True)
    return _converted(value)


def _converted(value: Value) -> Value:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [_converted(item) for item in value]
    if isinstance(value, dict):
        return {key: _converted(item) for key, item in value.items()}
    return "" if isinstance(value, Function) else value
