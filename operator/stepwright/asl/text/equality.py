"""When two values of JSON are the same: a question of intrinsic functions, filters and Choice rules alike."""

from __future__ import annotations

from collections.abc import Hashable

from stepwright.asl.json_types import Json


def same(left: Json, right: Json) -> bool:
    """Deep equality in which ``true`` and ``1`` differ, ``1`` and ``1.0`` do not, and the order of keys does
    not matter."""
    # Python's own equality is ten times as fast, and only takes too much for the same.
    return left == right and _same(left, right)


def key(value: Json) -> Hashable:
    """A key that is equal for two values if they are the same, to find one among many without comparing it
    with each."""
    if isinstance(value, list):
        parts: list[Hashable] = ["array"]
        for item in value:
            parts.append(key(item))  # noqa: PERF401 - a comprehension has a frame of its own: half the depth
        return tuple(parts)
    if isinstance(value, dict):
        members: list[Hashable] = []
        for name, item in value.items():
            members.append((name, key(item)))
        return ("object", frozenset(members))
    return ("boolean", value) if isinstance(value, bool) else value


def _same(left: Json, right: Json) -> bool:
    """Compares two values that Python considers equal, so that they have the same shape."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list):
        assert isinstance(right, list)
        for ours, theirs in zip(left, right, strict=True):
            if not _same(ours, theirs):
                return False
    elif isinstance(left, dict):
        assert isinstance(right, dict)
        for name, value in left.items():
            if not _same(value, right[name]):
                return False
    return True
