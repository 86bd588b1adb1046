"""What one step of a path selects: a field, every field (``*``), or everything within (``**``)."""

from __future__ import annotations

from stepwright.asl.jsonata.key_order import keys
from stepwright.asl.jsonata.runtime import Frame
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Sequence, Value, append, lookup


def field(input: Value, name: str, frame: Frame) -> Value:
    if type(input) is dict:
        return input.get(name, UNDEFINED)
    frame.runtime.look_through(input)
    return lookup(input, name)


def wildcard(input: Value, frame: Frame) -> Value:
    frame.runtime.look_through(input)
    found: list[Value] = Sequence()
    if isinstance(input, dict):
        for key in keys(input):
            value = input[key]
            if isinstance(value, list):
                found = append(found, _flattened(value, frame))
            else:
                found.append(value)
    elif isinstance(input, list):
        for value in input:
            if isinstance(value, list):
                found = append(found, _flattened(value, frame))
            else:
                found.append(value)
    frame.runtime.spend(len(found))
    return found


def _flattened(value: list[Value], frame: Frame) -> list[Value]:
    flat: list[Value] = []
    waiting = [iter(value)]
    while waiting:
        for item in waiting[-1]:
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            flat.append(item)
        else:
            waiting.pop()
    frame.runtime.spend(len(flat))
    return flat


def descendants(input: Value, frame: Frame) -> Value:
    """The value itself and everything in it, except arrays."""
    if input is UNDEFINED:
        return UNDEFINED
    frame.runtime.look_through(input)
    found = Sequence()
    waiting = [input]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(reversed(value))
        else:
            found.append(value)
            if isinstance(value, dict):
                waiting.extend(value[key] for key in reversed(keys(value)))
    return found[0] if len(found) == 1 else frame.runtime.made(found)
