"""The shape that all intrinsic functions share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from stepwright.asl.data import Randomness
from stepwright.asl.json_types import Json
from stepwright.asl.text import weight

__all__ = ["Function", "Randomness", "of_result", "of_shallow", "of_whole", "weight_of"]


_CHARACTERS: Final = 64
_ITEMS: Final = 16
"""Looked at in a unit."""

_SLOT: Final = 8
"""Bytes of a place in an array."""


def of_shallow(values: Sequence[Json]) -> int:
    """The cost of a function that reads its arguments, but not their contents."""
    units = 0
    for value in values:  # a union would be made again for each
        if isinstance(value, str):
            units += len(value) // _CHARACTERS
        elif isinstance(value, (list, dict)):
            units += len(value) // _ITEMS
    return units


def of_whole(values: Sequence[Json]) -> int:
    """The cost of a function that walks through all of its arguments, shared parts as often as they occur."""
    return weight_of(values) // _ITEMS


def weight_of(values: Sequence[Json]) -> int:
    """As ``weight.of`` the arguments, most of which have no parts."""
    weighs = 0
    for value in values:
        if isinstance(value, str):
            weighs += len(value)
        else:
            weighs += weight.of(value) if isinstance(value, (list, dict)) else 1
    return weighs


def of_result(result: Json) -> int:
    if isinstance(result, str):
        return len(result)
    return len(result) * _SLOT if isinstance(result, (list, dict)) else 0


@dataclass(frozen=True, slots=True)
class Function:
    """``call`` takes the argument values and the randomness of the step; it raises ``Unfit``.

    ``most`` None: any number of arguments.
    """

    call: Callable[[Sequence[Json], Randomness], Json]
    least: int
    most: int | None
    cost: Callable[[Sequence[Json]], int] = of_shallow
    """The maximum cost of a call with these arguments, in units of ``meter``."""
    size: Callable[[Json], int] = of_result
    """The approximate size of a newly made result, in bytes."""
