"""When two values of JSON are the same: a question of intrinsic functions, filters and Choice rules alike."""

from __future__ import annotations

from stepwright.asl.json_types import Json


def same(left: Json, right: Json) -> bool:
    """Deep equality in which ``true`` and ``1`` differ, ``1`` and ``1.0`` do not, and the order of keys is nothing."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list):
        return (
            isinstance(right, list)
            and len(left) == len(right)
            and all(same(ours, theirs) for ours, theirs in zip(left, right, strict=True))
        )
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(same(value, right[key]) for key, value in left.items())
        )
    return left == right
