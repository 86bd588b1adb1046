"""MathAdd, MathRandom, UUID."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final
from uuid import UUID

from stepwright.asl.intrinsics.arguments import whole_number
from stepwright.asl.intrinsics.errors import Unfit
from stepwright.asl.intrinsics.function import Function, Randomness
from stepwright.asl.json_types import Json


def _add(values: Sequence[Json], _random: Randomness) -> Json:
    return whole_number(values[0], "first argument") + whole_number(values[1], "second argument")


def _random_number(values: Sequence[Json], random: Randomness) -> Json:
    """At least the first number, below the second. With a seed, the same number each time."""
    start = whole_number(values[0], "start")
    end = whole_number(values[1], "end")
    if start >= end:
        raise Unfit(f"The start must be less than the end but {start} is not less than {end}.")
    if len(values) == 3:
        seeded = Random(whole_number(values[2], "seed"))  # noqa: S311 - a number for a workflow, not a secret
        return seeded.randrange(start, end)
    return random().randrange(start, end)


def _uuid(_values: Sequence[Json], random: Randomness) -> Json:
    return str(UUID(int=random().getrandbits(128), version=4))


FUNCTIONS: Final = {
    "States.MathAdd": Function(_add, 2, 2),
    "States.MathRandom": Function(_random_number, 2, 3),
    "States.UUID": Function(_uuid, 0, 0),
}
