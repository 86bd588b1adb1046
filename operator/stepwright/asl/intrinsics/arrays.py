"""Array, ArrayContains, ArrayGetItem, ArrayLength, ArrayPartition, ArrayRange, ArrayUnique."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Final

from stepwright.asl.intrinsics.arguments import array, whole_number
from stepwright.asl.intrinsics.errors import Unfit
from stepwright.asl.intrinsics.function import Function, Randomness, of_result, of_shallow, of_whole
from stepwright.asl.json_types import Json
from stepwright.asl.text import weight
from stepwright.asl.text.equality import key, same

MAX_RANGE: Final = 1000

_COMPARED: Final = 8
"""Of ``weight``, in a unit."""

_CHUNKS: Final = 4
_NUMBERS: Final = 16
"""Made in a unit."""

_CHUNK: Final = 64
"""Bytes of a short array, beside its places."""


def _array(values: Sequence[Json], _random: Randomness) -> Json:
    return list(values)


def _contains(values: Sequence[Json], _random: Randomness) -> Json:
    return any(same(item, values[1]) for item in array(values[0], "first argument"))


def _get_item(values: Sequence[Json], _random: Randomness) -> Json:
    items = array(values[0], "first argument")
    index = whole_number(values[1], "index")
    if not 0 <= index < len(items):
        raise Unfit(f"The index {index} is outside an array of length {len(items)}.")
    return items[index]


def _length(values: Sequence[Json], _random: Randomness) -> Json:
    return len(array(values[0], "argument"))


def _partition(values: Sequence[Json], _random: Randomness) -> Json:
    items = array(values[0], "first argument")
    size = whole_number(values[1], "chunk size")
    if size < 1:
        raise Unfit(f"The chunk size must be positive but was {size}.")
    return [items[start : start + size] for start in range(0, len(items), size)]


def _range(values: Sequence[Json], _random: Randomness) -> Json:
    start = whole_number(values[0], "first argument")
    end = whole_number(values[1], "second argument")
    step = whole_number(values[2], "step")
    if step == 0:
        raise Unfit("The step must not be zero.")
    numbers = range(start, end + (1 if step > 0 else -1), step)  # the end belongs to it
    if numbers[MAX_RANGE:]:  # len() would not take a range beyond 63 bits
        raise Unfit(f"The range must not have more than {MAX_RANGE} items.")
    return list(numbers)


def _unique(values: Sequence[Json], _random: Randomness) -> Json:
    unique: dict[Hashable, Json] = {}
    for item in array(values[0], "argument"):
        unique.setdefault(key(item), item)
    return list(unique.values())


def _cost_of_comparing(values: Sequence[Json]) -> int:
    """Comparing with an item may walk through the smaller of the two."""
    items, value = values
    if not isinstance(items, list):
        return 0
    most = weight.of(value)
    return of_shallow(values) + sum(min(weight.of(item), most) for item in items) // _COMPARED


def _cost_of_chunks(values: Sequence[Json]) -> int:
    items, size = values
    if not isinstance(items, list) or not isinstance(size, int | float) or size < 1:
        return 0  # which is refused
    return of_shallow(values) + int(len(items) / size) // _CHUNKS


def _size_of_chunks(chunks: Json) -> int:
    return sum(_CHUNK + of_result(chunk) for chunk in chunks) if isinstance(chunks, list) else 0


FUNCTIONS: Final = {
    "States.Array": Function(_array, 0, None),
    "States.ArrayContains": Function(_contains, 2, 2, cost=_cost_of_comparing),
    "States.ArrayGetItem": Function(_get_item, 2, 2),
    "States.ArrayLength": Function(_length, 1, 1),
    "States.ArrayPartition": Function(_partition, 2, 2, cost=_cost_of_chunks, size=_size_of_chunks),
    "States.ArrayRange": Function(_range, 3, 3, cost=lambda _values: MAX_RANGE // _NUMBERS),
    "States.ArrayUnique": Function(_unique, 1, 1, cost=lambda values: 4 * of_whole(values)),
}
