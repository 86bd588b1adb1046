"""Intrinsic functions: ``States.Format('Hello {}', $.name)``.

A module for each family of functions, all in one table by name (``parse.FUNCTIONS``). Randomness comes only from
``data.random``, which the step's signal seeds.
"""

from __future__ import annotations

from typing import Final

from stepwright.asl import jsonpath, remembering
from stepwright.asl.data import Data
from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import INTRINSIC_FAILURE, RUNTIME, StateError
from stepwright.asl.intrinsics.errors import InvalidIntrinsic, Unfit
from stepwright.asl.intrinsics.parse import FUNCTIONS, Argument, Call, Literal, parse
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext

__all__ = ["FUNCTIONS", "Intrinsic", "InvalidIntrinsic", "compile"]


_CALL: Final = 2


class Intrinsic:
    """A compiled call. Raises ``StateError``: States.IntrinsicFailure, or States.Runtime where a path finds nothing."""

    __slots__ = ("_call", "name", "paths", "text")

    def __init__(self, text: str, call: Call) -> None:
        self.text = text
        self.name = call.name
        self._call = call
        self.paths = tuple(_paths(call))
        """All paths among the arguments, for finding the variables that a definition reads."""

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Intrinsic({self.text!r})"

    def evaluate(self, data: Data) -> Json:
        try:
            return _evaluate(self._call, data)
        except (Unfit, jsontext.InvalidJson) as error:
            raise StateError(INTRINSIC_FAILURE, causes.intrinsic_failed(self.text, str(error))) from None
        except jsonpath.PathNotFound as error:
            reason = causes.intrinsic_argument_not_found(error.path_text, data.document)
            raise StateError(RUNTIME, causes.intrinsic_failed(self.text, reason)) from None


@remembering.short_texts(4096)
def compile(text: str) -> Intrinsic:
    """A call such as ``States.UUID()``; raises ``InvalidIntrinsic``."""
    return Intrinsic(text, parse(text))


def _evaluate(argument: Argument, data: Data) -> Json:
    if isinstance(argument, Literal):
        return argument.value
    if isinstance(argument, Call):
        values = [_evaluate(inner, data) for inner in argument.arguments]
        function, meter = argument.function, data.meter
        cost = _CALL + function.cost(values)
        if cost > meter.left:  # as meter.spend, without a call
            meter.run_out()
        meter.left -= cost
        result = function.call(values, data.random)
        meter.hold(function.size(result))
        return result
    return argument.evaluate(data)


def _paths(argument: Argument) -> list[jsonpath.Path]:
    if isinstance(argument, Call):
        return [path for inner in argument.arguments for path in _paths(inner)]
    return [argument] if isinstance(argument, jsonpath.Path) else []
