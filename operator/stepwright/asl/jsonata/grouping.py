"""``{key: value}``: makes an object from one item, or one object from many, in which items with the same key are together."""

from __future__ import annotations

from typing import Any

from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.key_order import ordered
from stepwright.asl.jsonata.runtime import Code, Frame
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Sequence, Value, append


class Pairs(tuple[tuple[Code, Code], ...]):
    """Compiled keys and values."""

    __slots__ = ()


def group(pairs: Pairs, input: Value, frame: Frame) -> Value:
    if type(input) is not list and not isinstance(input, list):
        return _of_one(pairs, input, frame)
    tupled = type(input) is Sequence and input.tuples
    if tupled and not input:
        # JSONata 2.0.6 itself fails here, with a message from its host.
        raise EvaluationFailed("D3137", message="Nothing was joined that could be grouped")
    items: list[Value] = input or [UNDEFINED]
    frame.runtime.spend(len(items) * (len(pairs) + 1))
    groups: dict[str, tuple[int, list[Value]]] = {}
    for item in items:
        context, inner = (item["@"], frame.within(item)) if tupled else (item, frame)
        for index, (key_code, _) in enumerate(pairs):
            key = key_code(context, inner)
            if key is UNDEFINED:
                continue
            _check_key(key)
            if key not in groups:
                groups[key] = (index, [item])
            elif groups[key][0] != index:
                raise EvaluationFailed("D1009", value=key)
            else:
                groups[key][1].append(item)
    result: dict[str, Value] = {}
    for key, (index, members) in groups.items():
        value_code = pairs[index][1]
        if tupled:
            bound = _reduced(members)
            value = value_code(bound.get("@", UNDEFINED), frame.within(bound))
        else:
            value = value_code(_together(members), frame)
        if value is not UNDEFINED:
            result[key] = value
    return frame.runtime.made(ordered(result))


def _of_one(pairs: Pairs, input: Value, frame: Frame) -> Value:
    frame.runtime.spend(len(pairs))
    chosen: dict[str, Code] = {}
    for key_code, value_code in pairs:
        key = key_code(input, frame)
        if key is UNDEFINED:
            continue
        _check_key(key)
        if key in chosen:
            raise EvaluationFailed("D1009", value=key)
        chosen[key] = value_code
    result = {}
    for key, value_code in chosen.items():
        value = value_code(input, frame)
        if value is not UNDEFINED:
            result[key] = value
    return frame.runtime.made(ordered(result))


def _check_key(key: Value) -> None:
    if not isinstance(key, str):
        raise EvaluationFailed("T1003", value=key)


def _together(members: list[Value]) -> Value:
    """The items one after another. Arrays among them are taken apart, unless there is only one item."""
    if len(members) == 1:
        return members[0]
    flat: list[Value] = []
    for member in members:
        if isinstance(member, list):
            flat.extend(member)
        elif member is not UNDEFINED:
            flat.append(member)
    return flat or UNDEFINED


def _reduced(tuples: list[dict[str, Any]]) -> dict[str, Any]:
    """Many tuples combined into one, in which each name has the values from all of them."""
    result = dict(tuples[0])
    for following in tuples[1:]:
        for name, value in following.items():
            result[name] = append(result.get(name, UNDEFINED), value)
    return result
