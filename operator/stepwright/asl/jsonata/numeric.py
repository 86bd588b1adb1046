"""Arithmetic with JavaScript's numbers: whole numbers are exact up to 2^53, all others are floats."""

from __future__ import annotations

import math
from typing import Final

from stepwright.asl.jsonata.text import normal

EXACT: Final = 2**53


def result(value: float) -> float:
    """The result of an operation on exact numbers, as JavaScript would give it."""
    if type(value) is int and -EXACT <= value <= EXACT:
        return value
    return normal(as_float(value))


def as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def add(left: float, right: float) -> float:
    if type(left) is int and type(right) is int:
        total = left + right
        if -EXACT <= total <= EXACT:
            return total
    return normal(as_float(left) + as_float(right))


def subtract(left: float, right: float) -> float:
    if type(left) is int and type(right) is int:
        difference = left - right
        if -EXACT <= difference <= EXACT:
            return difference
    return normal(as_float(left) - as_float(right))


def multiply(left: float, right: float) -> float:
    if type(left) is int and type(right) is int:
        product = left * right
        if -EXACT <= product <= EXACT:
            return product
    return normal(as_float(left) * as_float(right))


def divide(left: float, right: float) -> float:
    left, right = as_float(left), as_float(right)
    if right == 0:
        return (
            math.nan
            if left == 0 or math.isnan(left)
            else math.copysign(math.inf, left) * math.copysign(1, right)
        )
    return normal(left / right)


def remainder(left: float, right: float) -> float:
    """The remainder, which has the sign of the left side."""
    left, right = as_float(left), as_float(right)
    if right == 0 or math.isinf(left):
        return math.nan
    return normal(math.fmod(left, right))


def power(base: float, exponent: float) -> float:
    base, exponent = as_float(base), as_float(exponent)
    try:
        return normal(math.pow(base, exponent))
    except OverflowError:
        return math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


def round_half_even(value: float, precision: int = 0) -> float:
    """``$round``: halves go to the even neighbour."""
    if precision:
        value = _shifted(value, precision)
    whole = math.floor(as_float(value) + 0.5) if not math.isinf(value) else value
    if abs(whole - value) == 0.5 and abs(whole % 2) == 1:
        whole -= 1
    if precision:
        whole = _shifted(whole, -precision)
    return normal(as_float(whole)) if not isinstance(whole, int) or abs(whole) > EXACT else whole


def _shifted(value: float, places: int) -> float:
    """The value times 10^places, calculated with its decimal digits, so that 1.005 becomes 100.5."""
    digits, _, exponent = repr(value).partition("e")
    try:
        return float(f"{digits}e{(int(exponent) if exponent else 0) + places}")
    except (ValueError, OverflowError):
        return math.nan
