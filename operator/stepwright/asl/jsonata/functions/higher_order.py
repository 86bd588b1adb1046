"""Functions that take functions: https://docs.jsonata.org/higher-order-functions."""

from __future__ import annotations

from typing import Final

from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions.table import Table, given
from stepwright.asl.jsonata.key_order import keys
from stepwright.asl.jsonata.runtime import Runtime, call, call_with_as_many
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function, Sequence, Value, truth


def map_(runtime: Runtime, values: Value, function: Function) -> Value:
    if values is UNDEFINED:
        return UNDEFINED
    result = Sequence()
    for index, value in enumerate(values):
        mapped = call_with_as_many(runtime, function, value, index, values)
        if mapped is not UNDEFINED:
            result.append(mapped)
    return runtime.made(result)


def filter_(runtime: Runtime, values: Value, function: Function) -> Value:
    if values is UNDEFINED:
        return UNDEFINED
    return Sequence(
        value
        for index, value in enumerate(values)
        if truth(call_with_as_many(runtime, function, value, index, values))
    )


def single(runtime: Runtime, values: Value, function: Value) -> Value:
    if values is UNDEFINED:
        return UNDEFINED
    found = [
        value
        for index, value in enumerate(values)
        if function is UNDEFINED or truth(call_with_as_many(runtime, function, value, index, values))
    ]
    if len(found) > 1:
        raise EvaluationFailed("D3138")
    if not found:
        raise EvaluationFailed("D3139")
    return found[0]


def reduce(runtime: Runtime, values: Value, function: Function, initial: Value) -> Value:
    if values is UNDEFINED:
        return UNDEFINED
    if function.arity < 2:
        raise EvaluationFailed("D3050", index=1)
    result, first = (values[0], 1) if initial is UNDEFINED and values else (initial, 0)
    for index in range(first, len(values)):
        arguments = [result, values[index], index, values]
        result = call(runtime, function, arguments[: min(function.arity, 4)])
    return result


def sift(runtime: Runtime, value: Value, function: Value) -> Value:
    if not isinstance(value, dict):
        return UNDEFINED
    given(function, 2)
    kept = {
        key: value[key]
        for key in keys(value)
        if truth(call_with_as_many(runtime, function, value[key], key, value))
    }
    return kept or UNDEFINED


def each(runtime: Runtime, value: Value, function: Function) -> Value:
    result = Sequence()
    if isinstance(value, dict):
        for key in keys(value):
            made = call_with_as_many(runtime, function, value[key], key, value)
            if made is not UNDEFINED:
                result.append(made)
    return runtime.made(result)


TABLE: Final[Table] = {
    "map": ("<af>", map_),
    "filter": ("<af>", filter_),
    "single": ("<af?>", single),
    "reduce": ("<afj?:j>", reduce),
    "sift": ("<o-f?:o>", sift),
    "each": ("<o-f:a>", each),
}
