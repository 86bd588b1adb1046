"""JsonMerge, JsonToString, StringToJson."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from stepwright.asl.intrinsics.arguments import mapping, string
from stepwright.asl.intrinsics.errors import Unfit
from stepwright.asl.intrinsics.function import Function, Randomness, of_shallow, of_whole
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext, weight

_VALUE: Final = 8
"""Bytes of memory for one of ``weight``, at most: an empty object takes 64 and weighs two, and one in its array."""

_READ: Final = 4
"""A multiple of the cost of merely reading a text."""


def _merge(values: Sequence[Json], _random: Randomness) -> Json:
    if not isinstance(values[2], bool):
        raise Unfit("The third argument must be a boolean.")
    if values[2]:
        raise Unfit("Deep merging is not supported: the third argument must be false.")
    return {**mapping(values[0], "first argument"), **mapping(values[1], "second argument")}


def _to_string(values: Sequence[Json], _random: Randomness) -> Json:
    if weight.exceeds(values[0]):
        raise Unfit("The result is too large.")
    return jsontext.dump(values[0])


def _from_string(values: Sequence[Json], _random: Randomness) -> Json:
    text = string(values[0], "argument")
    if not text.strip(" \t\r\n"):
        return None  # as recorded
    try:
        return jsontext.parse(text)
    except jsontext.InvalidJson as error:
        raise Unfit(f"The argument is not valid JSON: {error}.") from None


def _cost_of_parsing(values: Sequence[Json]) -> int:
    """An array or an object, however small, is made, checked and weighed."""
    (text,) = values
    containers = text.count("[") + text.count("{") if isinstance(text, str) else 0
    return _READ * of_shallow(values) + containers


def _size_of_parsed(value: Json) -> int:
    return _VALUE * weight.of(value)


FUNCTIONS: Final = {
    "States.JsonMerge": Function(_merge, 3, 3),
    "States.JsonToString": Function(_to_string, 1, 1, cost=of_whole),
    "States.StringToJson": Function(_from_string, 1, 1, cost=_cost_of_parsing, size=_size_of_parsed),
}
