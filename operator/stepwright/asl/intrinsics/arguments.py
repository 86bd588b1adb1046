"""Checks that functions share: each returns the argument with its type, or says what is wrong with it."""

from __future__ import annotations

from math import floor, isfinite
from typing import Final

from stepwright.asl.failure import causes
from stepwright.asl.intrinsics.errors import Unfit
from stepwright.asl.json_types import Json

LARGEST: Final = 2**63 - 1
"""AWS promises 32 bits; Java's long fits without surprises."""


def array(value: Json, name: str) -> list[Json]:
    if not isinstance(value, list):
        raise Unfit(f"The {name} must be an array but was {causes.kind_of(value)}.")
    return value


def string(value: Json, name: str) -> str:
    if not isinstance(value, str):
        raise Unfit(f"The {name} must be a string but was {causes.kind_of(value)}.")
    return value


def mapping(value: Json, name: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        raise Unfit(f"The {name} must be an object but was {causes.kind_of(value)}.")
    return value


def whole_number(value: Json, name: str) -> int:
    """A number, rounded half up as AWS does: 1.5 is 2, -1.5 is -1."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not isfinite(value))
    ):
        raise Unfit(f"The {name} must be a number but was {causes.kind_of(value)}.")
    number = value if isinstance(value, int) else floor(value + 0.5)
    if abs(number) > LARGEST:
        raise Unfit(f"The {name} is out of range.")
    return number
