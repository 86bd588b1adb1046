"""Numbers: https://docs.jsonata.org/numeric-functions and https://docs.jsonata.org/aggregation-functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from stepwright.asl.jsonata import integer_pictures, number_pictures, numeric, text
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions.table import Table, given
from stepwright.asl.jsonata.runtime import Runtime
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Value

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?", re.ASCII)
_OTHER_BASES = re.compile(r"0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+", re.ASCII)
_MAX_DIGITS: Final = 2_000


def number(runtime: Runtime, value: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if len(value) <= _MAX_DIGITS:
        runtime.spend(len(value) // 16)
        stripped = value.strip()
        if _DECIMAL.fullmatch(value):
            read = float(value)
            if math.isfinite(read):
                return text.normal(read)
        elif _OTHER_BASES.fullmatch(stripped) and stripped == value:
            return numeric.result(int(value, 0))
    raise EvaluationFailed("D3030", value=value, index=1)


def absolute(_runtime: Runtime, value: Value) -> Value:
    return UNDEFINED if value is UNDEFINED else abs(value)


def floor(runtime: Runtime, value: Value) -> Value:
    return UNDEFINED if value is UNDEFINED else _whole(runtime, value, math.floor)


def ceil(runtime: Runtime, value: Value) -> Value:
    return UNDEFINED if value is UNDEFINED else _whole(runtime, value, math.ceil)


def _whole(runtime: Runtime, value: float, rounded: Callable[[float], int]) -> float:
    if isinstance(value, float) and not math.isfinite(value):
        runtime.not_finite = True
        return value
    return numeric.result(rounded(value))


def round_(runtime: Runtime, value: Value, precision: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if isinstance(value, float) and not math.isfinite(value):
        return value
    places = 0 if precision is UNDEFINED else precision
    if not math.isfinite(places):
        runtime.not_finite = True
        return math.nan
    return numeric.round_half_even(value, int(places))


def sqrt(_runtime: Runtime, value: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if value < 0:
        raise EvaluationFailed("D3060", index=1, value=value)
    return text.normal(math.sqrt(numeric.as_float(value)))


def power(_runtime: Runtime, value: Value, exponent: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    result = math.nan if exponent is UNDEFINED else numeric.power(value, exponent)
    if not math.isfinite(result):
        raise EvaluationFailed("D3061", index=1, value=value, exp=exponent)
    return result


_FORMAT = 12


def total(runtime: Runtime, values: Value) -> Value:
    if values is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(values) // 4)
    result: float = 0
    for value in values:
        result = numeric.add(result, value)
    return result


def largest(runtime: Runtime, values: Value) -> Value:
    if values is UNDEFINED or not values:
        return UNDEFINED
    runtime.spend(len(values) // 4)
    return max(values)


def smallest(runtime: Runtime, values: Value) -> Value:
    if values is UNDEFINED or not values:
        return UNDEFINED
    runtime.spend(len(values) // 4)
    return min(values)


def average(runtime: Runtime, values: Value) -> Value:
    if values is UNDEFINED or not values:
        return UNDEFINED
    return numeric.divide(total(runtime, values), len(values))


def format_number(runtime: Runtime, value: Value, picture: Value, options: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if not math.isfinite(numeric.as_float(value)):
        raise EvaluationFailed("D1001", value=value)
    runtime.spend(_FORMAT + len(given(picture, 2)))
    return number_pictures.format(value, given(picture, 2), {} if options is UNDEFINED else options)


def format_base(_runtime: Runtime, value: Value, radix: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    base = 10 if radix is UNDEFINED else numeric.round_half_even(radix)
    if not 2 <= base <= 36:
        raise EvaluationFailed("D3100", value=base)
    whole = numeric.round_half_even(value)
    if base == 10:
        return text.of_number(whole)
    digits = ""
    rest = abs(int(whole))
    while rest:
        rest, digit = divmod(rest, int(base))
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return ("-" if whole < 0 else "") + (digits or "0")


def format_integer(runtime: Runtime, value: Value, picture: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(given(picture, 2)))
    return integer_pictures.format(math.floor(value), integer_pictures.analyse(given(picture, 2)))


def parse_integer(runtime: Runtime, value: Value, picture: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(given(picture, 2)) + len(value))
    found = integer_pictures.parse(value, integer_pictures.analyse(given(picture, 2)))
    return math.nan if found is None else found


TABLE: Final[Table] = {
    "sum": ("<a<n>:n>", total),
    "max": ("<a<n>:n>", largest),
    "min": ("<a<n>:n>", smallest),
    "average": ("<a<n>:n>", average),
    "number": ("<(nsb)-:n>", number),
    "floor": ("<n-:n>", floor),
    "ceil": ("<n-:n>", ceil),
    "round": ("<n-n?:n>", round_),
    "abs": ("<n-:n>", absolute),
    "sqrt": ("<n-:n>", sqrt),
    "power": ("<n-n:n>", power),
    "formatNumber": ("<n-so?:s>", format_number),
    "formatBase": ("<n-n?:s>", format_base),
    "formatInteger": ("<n-s:s>", format_integer),
    "parseInteger": ("<s-s:n>", parse_integer),
}
