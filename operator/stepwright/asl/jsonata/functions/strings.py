"""Texts: https://docs.jsonata.org/string-functions."""

from __future__ import annotations

import math
import re
from typing import Final

from stepwright.asl.jsonata import text
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions.table import Table
from stepwright.asl.jsonata.runtime import Runtime
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function, Value

_COPIED: Final = 256
_CHANGED: Final = 32
"""How many characters a step of the budget pays for: those only looked at or copied, and those each turned into another."""

_BLANKS = re.compile(r"[ \t\n\r]+")


def of_value(value: Value, indent: int = 0) -> str:
    """What ``$string`` and ``&`` make of a value."""
    if isinstance(value, str):
        return value
    if isinstance(value, Function):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        raise EvaluationFailed("D3001", value=value)
    try:
        return text.stringify(value, indent)
    except text.NotFinite as error:
        raise EvaluationFailed("D1001", value=error.value) from None


def string(runtime: Runtime, value: Value, prettify: Value = UNDEFINED) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.look_through(value)
    written = of_value(value, 2 if prettify is True else 0)
    runtime.allocate(len(written))
    runtime.spend(len(written) // 4)
    return written


def substring(runtime: Runtime, value: Value, start: Value, length: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    part = _part(value, start, length)
    runtime.spend(len(part) // _COPIED)
    return part


def _part(value: str, start: Value, length: Value) -> str:
    if start is UNDEFINED:
        return value if length is UNDEFINED else ""
    size = len(value)
    start = max(_whole(start), -size)
    if length is UNDEFINED:
        return value[start:]
    if length <= 0:
        return ""
    end = start + length if start >= 0 else size + start + length
    return value[start : min(_whole(end), size)]


def _whole(value: float) -> int:
    return int(max(min(value, 2**62), -(2**62)))


def substring_before(runtime: Runtime, value: Value, characters: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // _COPIED)
    at = value.find("undefined" if characters is UNDEFINED else characters)
    return value if at < 0 else value[:at]


def substring_after(runtime: Runtime, value: Value, characters: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // _COPIED)
    sought = "undefined" if characters is UNDEFINED else characters
    at = value.find(sought)
    return value if at < 0 else value[at + len(sought) :]


def lowercase(runtime: Runtime, value: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // _CHANGED)
    return value.lower()


def uppercase(runtime: Runtime, value: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // _CHANGED)
    return value.upper()


def length(_runtime: Runtime, value: Value) -> Value:
    return UNDEFINED if value is UNDEFINED else len(value)


def trim(runtime: Runtime, value: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // _CHANGED)
    blank: str = _BLANKS.sub(" ", value)
    return blank.removeprefix(" ").removesuffix(" ")


def pad(runtime: Runtime, value: Value, width: Value, character: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if width is UNDEFINED:
        return value
    filler = character if isinstance(character, str) and character else " "
    missing = _whole(abs(width)) - len(value)
    if missing <= 0:
        return value
    runtime.allocate(missing + len(value))
    padding = (filler * (missing // len(filler) + 1))[:missing]
    return value + padding if width > 0 else padding + value


def join(runtime: Runtime, values: Value, separator: Value) -> Value:
    if values is UNDEFINED:
        return UNDEFINED
    between = "" if separator is UNDEFINED else separator
    runtime.allocate(sum(map(len, values)) + len(between) * len(values))
    return between.join(values)


TABLE: Final[Table] = {
    "string": ("<x-b?:s>", string),
    "substring": ("<s-nn?:s>", substring),
    "substringBefore": ("<s-s:s>", substring_before),
    "substringAfter": ("<s-s:s>", substring_after),
    "lowercase": ("<s-:s>", lowercase),
    "uppercase": ("<s-:s>", uppercase),
    "length": ("<s-:n>", length),
    "trim": ("<s-:s>", trim),
    "pad": ("<s-ns?:s>", pad),
    "join": ("<a<s>s?:s>", join),
}
