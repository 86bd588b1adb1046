"""How a module lists its functions: name -> signature and function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from stepwright.asl.jsonata import signature
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.runtime import Native
from stepwright.asl.jsonata.undefined import UNDEFINED

Table: TypeAlias = Mapping[str, tuple[str, Callable[..., Any]]]


def given(value: Any, number: int) -> Any:
    """An argument that a function needs, although its signature allows it to be undefined."""
    if value is UNDEFINED:
        raise EvaluationFailed("T0410", value=value, index=number)
    return value


def natives(table: Table) -> dict[str, Native]:
    return {name: _native(name, *entry) for name, entry in table.items()}


def _native(name: str, definition: str, function: Callable[..., Any]) -> Native:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return Native(name, function, signature.compile(definition), 0)
    required = [parameter for parameter in parameters if parameter.default is parameter.empty]
    return Native(name, function, signature.compile(definition), len(parameters), len(required))
