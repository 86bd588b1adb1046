"""Objects, types and truth: https://docs.jsonata.org/object-functions, https://docs.jsonata.org/boolean-functions."""

from __future__ import annotations

from typing import Final

from stepwright.asl.jsonata import transforming
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions.table import Table
from stepwright.asl.jsonata.key_order import keys as ordered_keys
from stepwright.asl.jsonata.key_order import ordered
from stepwright.asl.jsonata.runtime import Runtime
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function, Sequence, Value, kind, truth
from stepwright.asl.jsonata.values import lookup as looked_up


def keys(runtime: Runtime, value: Value) -> Value:
    runtime.look_through(value)
    found: dict[str, None] = {}
    _collect(runtime, value, found)
    return Sequence(ordered_keys(found))


def _collect(runtime: Runtime, value: Value, found: dict[str, None]) -> None:
    if isinstance(value, list):
        for item in value:
            _collect(runtime, item, found)
    elif isinstance(value, dict):
        runtime.spend(len(value))
        found.update(dict.fromkeys(ordered_keys(value)))


def lookup(runtime: Runtime, value: Value, key: Value) -> Value:
    if isinstance(value, list):
        runtime.look_through(value)
    return looked_up(value, "undefined" if key is UNDEFINED else key)


def spread(runtime: Runtime, value: Value) -> Value:
    runtime.look_through(value)
    if isinstance(value, list):
        runtime.spend(len(value))
        result: list[Value] = Sequence()
        for item in value:
            single = spread(runtime, item)
            if isinstance(single, list):
                result.extend(single)
            elif single is not UNDEFINED:
                result.append(single)
        return result
    if isinstance(value, dict):
        runtime.spend(len(value))
        return Sequence({key: value[key]} for key in ordered_keys(value))
    return value


def merge(runtime: Runtime, values: Value) -> Value:
    if values is UNDEFINED:
        return UNDEFINED
    result: dict[str, Value] = {}
    for value in values:
        if isinstance(value, dict):
            runtime.spend(len(value))
            result.update(value)
    return runtime.made(ordered(result))


def exists(_runtime: Runtime, value: Value) -> Value:
    return value is not UNDEFINED


def type_(_runtime: Runtime, value: Value) -> Value:
    return UNDEFINED if value is UNDEFINED else kind(value)


def boolean(runtime: Runtime, value: Value) -> Value:
    runtime.look_through(value)
    return UNDEFINED if value is UNDEFINED else not isinstance(value, Function) and truth(value)


def not_(runtime: Runtime, value: Value) -> Value:
    runtime.look_through(value)
    return UNDEFINED if value is UNDEFINED else isinstance(value, Function) or not truth(value)


def error(_runtime: Runtime, message: Value) -> Value:
    said = message if isinstance(message, str) and message else "$error() function evaluated"
    raise EvaluationFailed("D3137", message=said)


def assert_(runtime: Runtime, condition: Value, message: Value) -> Value:
    runtime.look_through(condition)
    if not truth(condition):
        said = message if isinstance(message, str) and message else "$assert() statement failed"
        raise EvaluationFailed("D3141", message=said)
    return UNDEFINED


TABLE: Final[Table] = {
    "keys": ("<x-:a<s>>", keys),
    "lookup": ("<x-s:x>", lookup),
    "spread": ("<x-:a<o>>", spread),
    "merge": ("<a<o>:o>", merge),
    "exists": ("<x:b>", exists),
    "type": ("<x:s>", type_),
    "boolean": ("<x-:b>", boolean),
    "not": ("<x-:b>", not_),
    "error": ("<s?:x>", error),
    "assert": ("<bs?:x>", assert_),
    "clone": ("<(oa)-:o>", transforming.clone),
}
