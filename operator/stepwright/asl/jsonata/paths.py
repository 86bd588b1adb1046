"""Paths: steps one after another, each applied to every item that the previous step gave.

A path that binds something on its way (``@$x``, ``#$i``, ``%``) carries *tuples*: dicts that hold the item under "@", and
what was bound under its own name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from stepwright.asl.jsonata import grouping
from stepwright.asl.jsonata.nodes import Node
from stepwright.asl.jsonata.runtime import Code, Frame
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import (
    Constructed,
    Sequence,
    Value,
    is_array_of_numbers,
    is_number,
    truth,
)

ITEM: Final = "@"

Filter: TypeAlias = Callable[[Value, Frame], Value]
Stage: TypeAlias = Filter | str
"""What follows a step in brackets. If it is a text, that is the name which ``#$name`` gives to the position."""


class Step:
    """A compiled step, and what the path must know about it."""

    __slots__ = ("ancestor", "code", "cons_array", "focus", "index", "name", "sort", "stages", "tuple")

    def __init__(self, node: Node, code: Any, stages: list[Stage]) -> None:
        self.code = code
        self.stages = stages
        self.name: str | None = node.value if node.type == "name" and not node.keep_array else None
        self.sort = node.type == "sort"
        self.tuple = node.tuple
        self.focus = node.focus
        self.index = node.index
        self.ancestor = node.ancestor
        self.cons_array = node.cons_array


def path(node: Node, steps: list[Step], group: grouping.Pairs | None) -> Code:
    general = _general(node, steps, group)
    plain = (
        group is None
        and not node.keep_singleton_array
        and not any(step.tuple or step.stages or step.sort for step in steps)
    )
    if not plain or any(step.name is None for step in steps[1:]):
        return general
    names = [step.name for step in steps[1:] if step.name is not None]
    if node.steps[0].type == "variable" and names:
        return _of_variable(steps[0].code, names, general)
    if steps[0].name is not None:
        return _of_names([steps[0].name, *names], general)
    return general


def _of_variable(variable: Code, names: list[str], general: Code) -> Code:
    """``$states.input.name``, by far the most frequent kind. Whatever is not a plain object takes the general way."""

    def of_variable(input: Value, frame: Frame) -> Value:
        value = variable(input, frame)
        for name in names:
            if type(value) is not dict:
                return UNDEFINED if value is UNDEFINED else general(input, frame)
            value = value.get(name, UNDEFINED)
        return general(input, frame) if isinstance(value, Sequence | Constructed) else value

    return of_variable


def _of_names(names: list[str], general: Code) -> Code:
    def of_names(input: Value, frame: Frame) -> Value:
        value = input
        for name in names:
            if type(value) is not dict:
                return UNDEFINED if value is UNDEFINED else general(input, frame)
            value = value.get(name, UNDEFINED)
        return general(input, frame) if isinstance(value, Sequence | Constructed) else value

    return of_names


def _general(node: Node, steps: list[Step], group: grouping.Pairs | None) -> Code:
    from_variable = node.steps[0].type == "variable"
    keep = node.keep_singleton_array
    whole_tuples = node.tuple
    last = len(steps) - 1

    def run(input: Value, frame: Frame) -> Value:
        sequence: list[Value] = input if isinstance(input, list) and not from_variable else Sequence([input])
        result: Value = UNDEFINED
        tuples: Sequence | None = None
        tupled = False
        for index, step in enumerate(steps):
            tupled = tupled or step.tuple
            if index == 0 and step.cons_array and not tupled:
                result = step.code(sequence, frame)
            elif tupled:
                tuples = _tuple_step(step, sequence, tuples, frame)
            else:
                result = _step(step, sequence, frame, index == last)
            if not tupled and (result is UNDEFINED or (isinstance(result, list) and not result)):
                break
            if step.focus is None and not tupled:
                sequence = result if isinstance(result, list) else Sequence([result])
        if tupled:
            assert tuples is not None
            result = tuples
            if not whole_tuples:
                result = frame.runtime.made(Sequence(found[ITEM] for found in tuples))
        if keep and isinstance(result, list):
            if type(result) is Constructed:
                result = Sequence([result])
            if type(result) is Sequence:
                result.keep = True
        if group is not None:
            return grouping.group(group, tuples if tupled else result, frame)
        return result

    return run


def _step(step: Step, sequence: list[Value], frame: Frame, is_last: bool) -> Value:
    runtime = frame.runtime
    runtime.spend(len(sequence) + 1)
    if step.sort:
        result = step.code(sequence, frame)
        return _staged(step.stages, result, frame)
    code, stages = step.code, step.stages
    found: list[Value] = []
    for item in sequence:
        value = code(item, frame)
        for stage in stages:
            assert not isinstance(stage, str)
            value = stage(value, frame)
        if value is not UNDEFINED:
            found.append(value)
    if is_last and len(found) == 1 and isinstance(found[0], list) and type(found[0]) is not Sequence:
        return found[0]
    flat = Sequence()
    for value in found:
        if isinstance(value, list) and type(value) is not Constructed:
            runtime.spend(len(value) // 8)
            flat.extend(value)
        else:
            flat.append(value)
    return flat if step.name is not None else runtime.made(flat)


def _staged(stages: list[Stage], result: Value, frame: Frame) -> Value:
    for stage in stages:
        if not isinstance(stage, str):
            result = stage(result, frame)
        elif isinstance(result, list):
            for position, found in enumerate(result):
                found[stage] = position
    return result


def _tuple_step(step: Step, sequence: list[Value], tuples: Sequence | None, frame: Frame) -> Sequence:
    result = Sequence()
    result.tuples = True
    runtime = frame.runtime
    if step.sort:
        if tuples is not None:
            ordered = step.code(tuples, frame)
            if isinstance(ordered, Sequence):
                ordered.tuples = True
                result = ordered
            else:
                result.extend(ordered)
        else:
            for position, item in enumerate(step.code(sequence, frame)):
                result.append({ITEM: item, **({step.index: position} if step.index else {})})
        return _as_tuples(_staged(step.stages, result, frame))
    given = [{ITEM: item} for item in sequence] if tuples is None else tuples
    runtime.spend(len(given) + 1)
    for bound in given:
        value = step.code(bound[ITEM], frame.within(bound))
        if value is UNDEFINED:
            continue
        values = value if isinstance(value, list) else [value]
        nested = type(values) is Sequence and values.tuples
        runtime.spend(len(values))
        runtime.allocate(64 * len(values))
        for position, item in enumerate(values):
            made = dict(bound)
            if nested:
                made.update(item)
            else:
                if step.focus:
                    made[step.focus] = item
                else:
                    made[ITEM] = item
                if step.index:
                    made[step.index] = position
                if step.ancestor is not None:
                    made[step.ancestor.label] = bound[ITEM]
            result.append(made)
    return _as_tuples(_staged(step.stages, result, frame))


def _as_tuples(result: Value) -> Sequence:
    if type(result) is Sequence:
        result.tuples = True
        return result
    made = Sequence(result)
    made.tuples = True
    return made


def filter_of(stage: Node, condition: Code) -> Filter:
    """What is in brackets after a step: a position, or a condition on each item."""
    if stage.operand.type == "number":
        return _at(math.floor(stage.operand.value))

    def filtered(input: Value, frame: Frame) -> Value:
        result = Sequence()
        tupled = type(input) is Sequence and input.tuples
        result.tuples = tupled
        items: list[Value] = input if isinstance(input, list) else [input]
        frame.runtime.spend(2 * len(items))
        for index, item in enumerate(items):
            if item is UNDEFINED:
                continue
            context, inner = (item[ITEM], frame.within(item)) if tupled else (item, frame)
            value = condition(context, inner)
            if is_number(value):
                value = [value]
            if is_array_of_numbers(value):
                frame.runtime.spend(len(value))
                for position in value:
                    place = math.floor(position)
                    if (place + len(items) if place < 0 else place) == index:
                        result.append(item)
            else:
                frame.runtime.look_through(value)
                if truth(value):
                    result.append(item)
        return result if tupled else frame.runtime.made(result)

    return filtered


def _at(position: int) -> Filter:
    def at(input: Value, _frame: Frame) -> Value:
        items: list[Value] = input if isinstance(input, list) else [input]
        place = position + len(items) if position < 0 else position
        result = Sequence()
        result.tuples = type(input) is Sequence and input.tuples
        if 0 <= place < len(items):
            item = items[place]
            if isinstance(item, list):
                return item
            if item is not UNDEFINED:
                result.append(item)
        return result

    return at
