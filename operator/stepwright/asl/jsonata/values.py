"""The values that JSONata has in addition to JSON's (undefined, sequences, functions), and what all code asks of values.

``None`` is JSON's null; ``UNDEFINED`` is what a path gives when it leads nowhere. A sequence is a list that is replaced by
its only item, or by nothing, when it is the result of an expression. Values are shared and never changed in place.
"""

from __future__ import annotations

import math
from typing import Any

from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.undefined import UNDEFINED

Value = Any
"""A JSON value, ``UNDEFINED``, or a ``Function``."""


class Sequence(list[Any]):
    """A list that unwraps. ``keep``: it does not unwrap even if it has one item. ``tuples``: its items are frames of a path
    with ``@``, ``#`` or ``%``, each a dict with the value under "@"."""

    __slots__ = ("keep", "tuples")

    def __init__(self, items: Any = ()) -> None:
        super().__init__(items)
        self.keep = False
        self.tuples = False


class Constructed(list[Any]):
    """An array written with brackets at one end of a path, where it is not taken apart."""

    __slots__ = ()


class Function:
    """Anything that can be called. ``arity`` tells a higher-order function how many arguments it takes."""

    __slots__ = ("arity",)
    arity: int


def unwrapped(result: Value, keep: bool = False) -> Value:
    if type(result) is Sequence and not result.tuples:
        if keep:
            result.keep = True
        if not result:
            return UNDEFINED
        if len(result) == 1 and not result.keep:
            return result[0]
    return result


def is_number(value: Value) -> bool:
    """Raises D1001 for a number that is no longer finite."""
    kind = type(value)
    if kind is int:
        return True
    if kind is float:
        if math.isinf(value):
            raise EvaluationFailed("D1001", value=value)
        return not math.isnan(value)
    return False


def is_array_of_numbers(value: Value) -> bool:
    return isinstance(value, list) and all(is_number(item) for item in value)


def is_array_of_strings(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def truth(value: Value) -> bool:
    """What ``$boolean`` gives; undefined counts as false."""
    if value is True or value is False:
        return bool(value)
    if value is None or value is UNDEFINED:
        return False
    if isinstance(value, str | dict):
        return bool(value)
    if isinstance(value, list):
        if len(value) == 1:
            return truth(value[0])
        return any(truth(item) for item in value)
    return isinstance(value, Function) or (is_number(value) and value != 0)


def lookup(value: Value, name: str) -> Value:
    """A field of an object, or of all objects in an array."""
    if isinstance(value, dict):
        return value.get(name, UNDEFINED)
    if isinstance(value, list):
        found = Sequence()
        for item in value:
            got = lookup(item, name)
            if isinstance(got, list):
                found.extend(got)
            elif got is not UNDEFINED:
                found.append(got)
        return found
    return UNDEFINED


def append(left: Value, right: Value) -> Value:
    if left is UNDEFINED:
        return right
    if right is UNDEFINED:
        return left
    head = left if isinstance(left, list) else [left]
    return [*head, *(right if isinstance(right, list) else [right])]


def equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(equal(ours, theirs) for ours, theirs in zip(left, right, strict=True))
        )
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(equal(value, right[key]) for key, value in left.items())
        )
    if isinstance(left, Function):
        return left is right
    return bool(left == right)


def kind(value: Value) -> str:
    """JSONata's word for a type (``$type``)."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    if isinstance(value, Function):
        return "function"
    return "undefined" if value is UNDEFINED else "object"
