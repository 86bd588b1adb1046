"""Arrays: https://docs.jsonata.org/array-functions."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from stepwright.asl.jsonata import order
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions.table import Table
from stepwright.asl.jsonata.runtime import Runtime, call
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import (
    Sequence,
    Value,
    is_array_of_numbers,
    is_array_of_strings,
    truth,
)
from stepwright.asl.jsonata.values import append as appended

_COMPARED: Final = 1024


def count(_runtime: Runtime, values: Value) -> Value:
    return 0 if values is UNDEFINED else len(values)


def append(runtime: Runtime, left: Value, right: Value) -> Value:
    result = appended(left, right)
    if isinstance(result, list) and result is not left and result is not right:
        runtime.spend(len(result) // 16)
        return runtime.made(result, runtime.weigh(left) + runtime.weigh(right))
    return result


def reverse(runtime: Runtime, values: Value) -> Value:
    if values is UNDEFINED or len(values) <= 1:
        return values
    runtime.allocate(8 * len(values))
    return values[::-1]


def zip_(runtime: Runtime, *arrays: Value) -> Value:
    size = min((len(array) if isinstance(array, list) else 0 for array in arrays), default=0)
    runtime.spend(size * len(arrays))
    runtime.allocate(8 * size * len(arrays))
    return runtime.made([list(row) for row in zip(*arrays, strict=False)] if size else [])


def sort(runtime: Runtime, values: Value, comparator: Value) -> Value:
    if values is UNDEFINED or len(values) <= 1:
        return values
    runtime.spend(len(values) * len(values).bit_length() // 4)
    if comparator is not UNDEFINED:
        return order.merged(values, lambda left, right: truth(call(runtime, comparator, [left, right])))
    if not is_array_of_numbers(values) and not is_array_of_strings(values):
        raise EvaluationFailed("D3070", index=1)
    if isinstance(values[0], str):
        runtime.spend(sum(map(len, values)) * len(values).bit_length() // _COMPARED)
    texts = isinstance(values[0], str) and not all(map(str.isascii, values))
    return sorted(values, key=order.units) if texts else sorted(values)


def shuffle(runtime: Runtime, values: Value) -> Value:
    if values is UNDEFINED or len(values) <= 1:
        return values
    runtime.spend(len(values))
    runtime.allocate(8 * len(values))
    result = list(values)
    runtime.random().shuffle(result)
    return result


def distinct(runtime: Runtime, values: Value) -> Value:
    if not isinstance(values, list) or len(values) <= 1:
        return values
    runtime.look_through(values)  # texts count by their characters, which pays for hashing them
    result: list[Value] = Sequence() if type(values) is Sequence else []
    seen: set[Hashable] = set()
    for value in values:
        mark = _mark(value)
        if mark not in seen:
            seen.add(mark)
            result.append(value)
    return result


def _mark(value: Value) -> Hashable:
    """A mark that is equal for equal values, and for no others."""
    if isinstance(value, list):
        return (list, *map(_mark, value))
    if isinstance(value, dict):
        return (dict, frozenset((key, _mark(item)) for key, item in value.items()))
    return (bool, value) if isinstance(value, bool) else value


TABLE: Final[Table] = {
    "count": ("<a:n>", count),
    "append": ("<xx:a>", append),
    "reverse": ("<a:a>", reverse),
    "zip": ("<a+>", zip_),
    "sort": ("<af?:a>", sort),
    "shuffle": ("<a:a>", shuffle),
    "distinct": ("<x:x>", distinct),
}
