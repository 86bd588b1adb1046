"""Texts and regular expressions: https://docs.jsonata.org/regex.

A regular expression is a function that gives a match: an object with ``match``, ``start``, ``end``, ``groups`` and
``next``, which is a function for the next match. Any function that does the same can be used in its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.functions import strings
from stepwright.asl.jsonata.functions.table import Table
from stepwright.asl.jsonata.regular_expressions import Pattern
from stepwright.asl.jsonata.runtime import Native, Runtime, call
from stepwright.asl.jsonata.undefined import UNDEFINED
from stepwright.asl.jsonata.values import Function, Sequence, Value, is_number

string = strings.of_value


class Regex(Native):
    """A regular expression as a value."""

    __slots__ = ("pattern",)

    def __init__(self, pattern: Pattern) -> None:
        super().__init__("", self._match, None, 2)
        self.pattern = pattern

    def _match(self, runtime: Runtime, value: Value, start: Value) -> Value:
        if not isinstance(value, str):
            value = string(value) if value is not UNDEFINED else "undefined"
        found = self.pattern.search(value, start if isinstance(start, int) else 0, runtime.spend)
        if found is None:
            return UNDEFINED
        begin, end = found[0], found[1]
        groups = [
            None if found[at] < 0 else value[found[at] : found[at + 1]] for at in range(2, len(found), 2)
        ]

        def following(runtime: Runtime) -> Value:
            if end >= len(value):
                return UNDEFINED
            match = self._match(runtime, value, end)
            if match is not UNDEFINED and match["match"] == "":
                raise EvaluationFailed("D1004", value=self.pattern.source)
            return match

        return {
            "match": value[begin:end],
            "start": begin,
            "end": end,
            "groups": groups,
            "next": Native("", following, None, 0),
        }


_LOOKED_AT: Final = 256
"""How many characters a step of the budget pays for."""

_TEXT: Final = 48
"""Bytes of memory that a text takes in addition to its characters."""

_MATCH: Final = 4
"""Steps for each match, in addition to those for finding it."""


def _matches(runtime: Runtime, value: str, matcher: Function) -> Iterator[dict[str, Any]]:
    match = _checked(call(runtime, matcher, [value]))
    while match is not UNDEFINED:
        yield match
        following = match.get("next")
        if following is None:
            return
        match = _checked(call(runtime, following, []))


def _checked(match: Value) -> Value:
    if match is UNDEFINED or match is None:
        return UNDEFINED
    fits = isinstance(match, dict) and (
        is_number(match.get("start"))
        or match.get("end") == "number"
        or isinstance(match.get("groups"), list)
        or isinstance(match.get("next"), Function)
    )
    if not fits:
        raise EvaluationFailed("T1010")
    return match


def contains(runtime: Runtime, value: Value, token: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    runtime.spend(len(value) // _LOOKED_AT)
    if isinstance(token, str):
        return token in value
    if token is UNDEFINED:
        return "undefined" in value
    return _checked(call(runtime, token, [value])) is not UNDEFINED


def match(runtime: Runtime, value: Value, matcher: Value, limit: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if limit is not UNDEFINED and limit < 0:
        raise EvaluationFailed("D3040", value=limit, index=3)
    result = Sequence()
    if limit is not UNDEFINED and limit <= 0:
        return result
    for found in _matches(runtime, value, matcher):
        result.append(
            {
                "match": found.get("match", UNDEFINED),
                "index": _units(value, found.get("start", 0)),
                "groups": found.get("groups", UNDEFINED),
            }
        )
        runtime.allocate(64 + len(str(found.get("match"))))
        runtime.spend(_MATCH if value.isascii() else _MATCH + found.get("start", 0) // 16)
        if limit is not UNDEFINED and len(result) >= limit:
            break
    return result


def _most(limit: Value, value: str) -> float:
    """How many of them are wanted, at most as many as a text can have; a fraction is left as it is."""
    possible = 2 * len(value) + 1
    if limit is UNDEFINED:
        return possible
    return 0 if math.isnan(limit) else min(limit, possible)


def _units(value: str, at: int) -> int:
    """A position as JavaScript counts it: characters beyond U+FFFF count as two."""
    return at if value.isascii() else at + sum(character > "\uffff" for character in value[:at])


def replace(runtime: Runtime, value: Value, pattern: Value, replacement: Value, limit: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if pattern == "":
        raise EvaluationFailed("D3010", value=pattern, index=2)
    if limit is not UNDEFINED and limit < 0:
        raise EvaluationFailed("D3011", value=limit, index=4)
    most = math.ceil(_most(limit, value))  # a fraction lets one more through
    if most == 0:
        return value
    if isinstance(pattern, str):
        said = string(replacement) if replacement is not UNDEFINED else "undefined"
        count = min(value.count(pattern), most)
        runtime.spend(len(value) // 16)
        runtime.allocate(len(value) + count * len(said))
        return value.replace(pattern, said, most)
    parts: list[str] = []
    at = 0
    for count, found in enumerate(_matches(runtime, value, pattern), 1):
        if isinstance(replacement, str):
            said = _substituted(replacement, found)
        else:
            said = call(runtime, replacement, [found])
            if not isinstance(said, str):
                raise EvaluationFailed("D3012", value=said)
        parts += value[at : found["start"]], said
        runtime.allocate(found["start"] - at + len(said))
        at = found["start"] + len(found["match"])
        if count == most:
            break
    return "".join(parts) + value[at:]


def _substituted(replacement: str, found: dict[str, Any]) -> str:
    """``$0`` is the match, ``$1`` its first group, ``$$`` a dollar."""
    groups = found.get("groups") or []
    digits = len(str(len(groups))) if groups else 1
    parts: list[str] = []
    at = 0
    while (dollar := replacement.find("$", at)) >= 0:
        parts.append(replacement[at:dollar])
        at = dollar + 1
        following = replacement[at : at + 1]
        if following == "$":
            parts.append("$")
            at += 1
        elif following == "0":
            parts.append(found["match"])
            at += 1
        else:
            number = _leading_number(replacement[at : at + digits])
            if digits > 1 and number is not None and number > len(groups):
                number = _leading_number(replacement[at : at + digits - 1])
            if number is None:
                parts.append("$")
            else:
                if 1 <= number <= len(groups) and groups[number - 1] is not None:
                    parts.append(groups[number - 1])
                at += len(str(number))
    return "".join(parts) + replacement[at:]


def _leading_number(value: str) -> int | None:
    digits = ""
    for character in value:
        if character not in "0123456789":
            break
        digits += character
    return int(digits) if digits else None


def split(runtime: Runtime, value: Value, separator: Value, limit: Value) -> Value:
    if value is UNDEFINED:
        return UNDEFINED
    if limit is not UNDEFINED and limit < 0:
        raise EvaluationFailed("D3020", value=limit, index=3)
    most = _most(limit, value)
    whole = math.floor(most)
    runtime.spend(len(value) // 16)
    if isinstance(separator, str):
        if separator == "":
            runtime.allocate(8 * len(value))
            runtime.take(_TEXT * len(value))
            return _characters(value)[:whole]
        count = value.count(separator)
        runtime.allocate(len(value) + 8 * count)
        runtime.take(_TEXT * count)
        return value.split(separator)[:whole]
    if separator is UNDEFINED:
        return [value][:whole]
    parts: list[str] = []
    at = 0
    for found in _matches(runtime, value, separator):
        if len(parts) >= most:
            return parts
        parts.append(value[at : found["start"]])
        runtime.allocate(8 + len(parts[-1]))
        runtime.take(_TEXT)
        at = found["end"]
    if len(parts) < most:
        parts.append(value[at:])
    return parts


def _characters(value: str) -> list[str]:
    """JavaScript cuts characters beyond U+FFFF into halves."""
    if value.isascii() or max(value) <= "\uffff":
        return list(value)
    units = value.encode("utf-16-le", "surrogatepass")
    return [units[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(units), 2)]


TABLE: Final[Table] = {
    "match": ("<s-f<s:o>n?:a<o>>", match),
    "contains": ("<s-(sf):b>", contains),
    "replace": ("<s-(sf)(sf)n?:s>", replace),
    "split": ("<s-(sf)n?:a<s>>", split),
}
