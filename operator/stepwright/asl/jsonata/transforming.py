"""``| pattern | update, delete |``: a copy of an object with some of its parts changed."""

from __future__ import annotations

from typing import Any

from stepwright.asl.jsonata import signature, text
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.runtime import Code, Frame, Native, Runtime, call
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function, Value, is_array_of_strings

_SIGNATURE = signature.compile("<(oa):o>")


def transform(pattern: Code, update: Code, deletion: Code | None) -> Code:
    def make(_input: Value, frame: Frame) -> Value:
        def transformer(runtime: Runtime, given: Value) -> Value:
            if given is UNDEFINED:
                return UNDEFINED
            clone = frame.lookup("clone")
            if not isinstance(clone, Function):
                raise EvaluationFailed("T2013")
            result = call(runtime, clone, [given])
            matches = pattern(result, frame)
            if matches is UNDEFINED:
                return result
            for match in matches if isinstance(matches, list) else [matches]:
                _change(match, update, deletion, frame)
            return result

        return Native("", transformer, _SIGNATURE, 1)

    return make


def _change(match: Value, update: Code, deletion: Code | None, frame: Frame) -> None:
    frame.runtime.spend(1)
    changes = update(match, frame)
    if changes is not UNDEFINED:
        if not isinstance(changes, dict):
            raise EvaluationFailed("T2011", value=changes)
        if isinstance(match, dict):
            frame.runtime.allocate(frame.runtime.weigh(changes))
            match.update(changes)
    if deletion is None:
        return
    names = deletion(match, frame)
    if names is UNDEFINED:
        return
    listed = names if isinstance(names, list) else [names]
    if not is_array_of_strings(listed):
        raise EvaluationFailed("T2012", value=names)
    if isinstance(match, dict):
        for name in listed:
            match.pop(name, None)


def clone(runtime: Runtime, value: Value) -> Value:
    """A copy as JSONata makes one, through the text: numbers keep 15 digits, and functions become empty texts."""
    if value is UNDEFINED:
        return UNDEFINED
    runtime.allocate(runtime.weigh(value))
    return _copied(value, runtime)


def _copied(value: Any, runtime: Runtime) -> Any:
    runtime.spend(1)
    if isinstance(value, dict):
        return {key: _copied(item, runtime) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item, runtime) for item in value]
    if isinstance(value, Function):
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return text.rounded(value)
    return value
