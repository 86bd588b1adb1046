"""Operators of two operands: what each makes of the values of both, and which values it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from stepwright.asl.jsonata import numeric, order
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions import matching
from stepwright.asl.jsonata.runtime import Code, Frame
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Sequence, Value, equal, is_number, truth

_MAX_RANGE: Final = 10_000_000
_COMPARED: Final = 2048
"""Characters of a text that are compared at the cost of one unit of work."""


def of_two(left: Code, right: Code, operator: str) -> Code:
    """``operator``: as it is written, ``and`` or ``..``."""
    if operator in ("and", "or"):
        return _logical(left, right, operator)
    if operator in _ARITHMETIC:
        return _arithmetic(left, right, operator)
    operation = _OPERATIONS[operator]

    def binary(input: Value, frame: Frame) -> Value:
        ours, theirs = left(input, frame), right(input, frame)
        try:
            return operation(ours, theirs, frame)
        except EvaluationFailed as error:
            error.fields["token"] = operator
            raise

    return binary


def _logical(left: Code, right: Code, operator: str) -> Code:
    decided = operator == "or"

    def logical(input: Value, frame: Frame) -> Value:
        ours = left(input, frame)
        try:
            frame.runtime.look_through(ours)
            if truth(ours) == decided:
                return decided
            theirs = right(input, frame)
            frame.runtime.look_through(theirs)
            return truth(theirs)
        except EvaluationFailed as error:
            error.fields["token"] = operator
            raise

    return logical


_ARITHMETIC: Final[dict[str, Callable[[float, float], float]]] = {
    "+": numeric.add,
    "-": numeric.subtract,
    "*": numeric.multiply,
    "/": numeric.divide,
    "%": numeric.remainder,
}


def _arithmetic(left: Code, right: Code, operator: str) -> Code:
    operation = _ARITHMETIC[operator]

    def arithmetic(input: Value, frame: Frame) -> Value:
        ours, theirs = left(input, frame), right(input, frame)
        if type(ours) is not int or type(theirs) is not int:
            for code, side in (("T2001", ours), ("T2002", theirs)):
                try:
                    if side is not UNDEFINED and not is_number(side):
                        raise EvaluationFailed(code, value=side)
                except EvaluationFailed as error:
                    error.fields["token"] = operator
                    raise
            if ours is UNDEFINED or theirs is UNDEFINED:
                return UNDEFINED
        result = operation(ours, theirs)
        if type(result) is float and not -1.7976931348623157e308 <= result <= 1.7976931348623157e308:
            frame.runtime.not_finite = True
        return result

    return arithmetic


def _equals(left: Value, right: Value, frame: Frame) -> Value:
    frame.runtime.look_through(left)
    return left is not UNDEFINED and right is not UNDEFINED and equal(left, right)


def _differs(left: Value, right: Value, frame: Frame) -> Value:
    frame.runtime.look_through(left)
    return left is not UNDEFINED and right is not UNDEFINED and not equal(left, right)


def _comparable(value: Value) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)


def _compare(holds: Callable[[Any, Any], bool]) -> Callable[[Value, Value, Frame], Value]:
    def compare(left: Value, right: Value, frame: Frame) -> Value:
        for side in (left, right):
            if side is not UNDEFINED and not _comparable(side):
                raise EvaluationFailed("T2010", value=right if _comparable(left) else left)
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        if isinstance(left, str) != isinstance(right, str):
            raise EvaluationFailed("T2009", value=left, value2=right)
        if type(left) is str:
            order.pay_for_order(frame.runtime, left, right)
        return holds(*order.in_order(left, right))

    return compare


def _joined(left: Value, right: Value, frame: Frame) -> Value:
    frame.runtime.look_through(left)
    frame.runtime.look_through(right)
    first = "" if left is UNDEFINED else matching.string(left)
    second = "" if right is UNDEFINED else matching.string(right)
    frame.runtime.allocate(len(first) + len(second))
    return first + second


def _range(left: Value, right: Value, frame: Frame) -> Value:
    for code, side in (("T2003", left), ("T2004", right)):
        if side is not UNDEFINED and not _is_whole(side):
            raise EvaluationFailed(code, value=side)
    if left is UNDEFINED or right is UNDEFINED or left > right:
        return UNDEFINED
    first, last = int(left), int(right)
    size = last - first + 1
    if size > _MAX_RANGE:
        raise EvaluationFailed("D2014", value=size)
    frame.runtime.allocate(size * 8)
    frame.runtime.spend(size // 16)
    return Sequence(range(first, last + 1))


def _is_whole(value: Value) -> bool:
    return type(value) is int or (type(value) is float and value.is_integer())


def _among(left: Value, right: Value, frame: Frame) -> Value:
    if left is UNDEFINED or right is UNDEFINED:
        return False
    items = right if isinstance(right, list) else [right]
    frame.runtime.spend(len(items) * (1 + len(left) // _COMPARED if isinstance(left, str) else 1))
    if isinstance(left, list | dict):
        return any(item is left for item in items)
    return any(not isinstance(item, list | dict) and equal(item, left) for item in items)


_OPERATIONS: Final[dict[str, Callable[[Value, Value, Frame], Value]]] = {
    "=": _equals,
    "!=": _differs,
    "<": _compare(lambda left, right: left < right),
    "<=": _compare(lambda left, right: left <= right),
    ">": _compare(lambda left, right: left > right),
    ">=": _compare(lambda left, right: left >= right),
    "&": _joined,
    "..": _range,
    "in": _among,
}
