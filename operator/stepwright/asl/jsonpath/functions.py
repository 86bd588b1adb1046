"""The functions that a path may end in: ``$.items.length()``. Each takes the node and its argument values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import fsum, isfinite, sqrt
from typing import Final, TypeAlias

from stepwright.asl import weight
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath.errors import NothingFound, TooCostly

PathFunction: TypeAlias = Callable[[Json, Sequence[Json]], Json]


def _length(node: Json, arguments: Sequence[Json]) -> Json:
    value = arguments[0] if arguments else node
    return len(value) if isinstance(value, list | dict) else None


def _keys(node: Json, _arguments: Sequence[Json]) -> Json:
    return list(node) if isinstance(node, dict) else None


def _flatten(node: Json, arguments: Sequence[Json]) -> list[Json]:
    values = list(node) if isinstance(node, list) else []
    for argument in arguments:
        values.extend(argument if isinstance(argument, list) else [argument])
    return values


def _aggregate(compute: Callable[[list[float]], float]) -> PathFunction:
    """A function of numbers; whatever else the list holds is passed over."""

    def function(node: Json, arguments: Sequence[Json]) -> Json:
        values = _flatten(node, arguments)
        try:
            numbers = [
                float(value) for value in values if isinstance(value, int | float) and type(value) is not bool
            ]
        except OverflowError:
            raise NothingFound("Aggregation function met a number that is out of range") from None
        if not numbers:
            raise NothingFound("Aggregation function attempted to calculate value using empty array")
        result = compute(numbers)
        if not isfinite(result):
            raise NothingFound("Aggregation function gave a number that is out of range")
        return result

    return function


def _average(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers)


def _standard_deviation(numbers: list[float]) -> float:
    mean = _average(numbers)
    return sqrt(fsum((number - mean) * (number - mean) for number in numbers) / len(numbers))


def _concat(node: Json, arguments: Sequence[Json]) -> Json:
    texts = [value for value in _flatten(node, arguments) if isinstance(value, str)]
    if sum(map(len, texts)) > weight.MOST:
        raise TooCostly
    return "".join(texts)


def _append(node: Json, arguments: Sequence[Json]) -> Json:
    return [*node, *arguments] if isinstance(node, list) else node


def _item(node: Json, index: int) -> Json:
    if not isinstance(node, list) or not -len(node) <= index < len(node):
        raise NothingFound("Aggregation function attempted to calculate value using empty array")
    return node[index]


def _first(node: Json, _arguments: Sequence[Json]) -> Json:
    return _item(node, 0)


def _last(node: Json, _arguments: Sequence[Json]) -> Json:
    return _item(node, -1)


def _index(node: Json, arguments: Sequence[Json]) -> Json:
    index = arguments[0] if arguments else 0
    if not isinstance(index, int):
        raise NothingFound("index() takes a whole number")
    return _item(node, index)


FUNCTIONS: Final[Mapping[str, PathFunction]] = {
    "append": _append,
    "avg": _aggregate(_average),
    "concat": _concat,
    "first": _first,
    "index": _index,
    "keys": _keys,
    "last": _last,
    "length": _length,
    "max": _aggregate(max),
    "min": _aggregate(min),
    "size": _length,
    "stddev": _aggregate(_standard_deviation),
    "sum": _aggregate(sum),
}
