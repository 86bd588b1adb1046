"""The order of an object's keys: JavaScript puts names that are array indexes first, ascending."""

from __future__ import annotations

from typing import Any


def keys(value: dict[str, Any]) -> list[str]:
    names = list(value)
    if any(name[:1].isdigit() for name in names):
        indexes = [name for name in names if _is_index(name)]
        if indexes:
            chosen = set(indexes)
            return sorted(indexes, key=int) + [name for name in names if name not in chosen]
    return names


def ordered(value: dict[str, Any]) -> dict[str, Any]:
    """The object with its keys in that order."""
    names = keys(value)
    return value if names == list(value) else {name: value[name] for name in names}


def _is_index(name: str) -> bool:
    return (
        name.isascii()
        and name.isdigit()
        and len(name) <= 10
        and (name == "0" or name[0] != "0")
        and int(name) < 2**32 - 1
    )
