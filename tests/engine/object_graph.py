"""How much memory is held by what an object leads to, counted object by object: no allocator and no other test is in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

_NOT_FOLLOWED = (type, ModuleType, FunctionType, MethodType)


def size_bytes(*roots: Any) -> int:
    """Of containers, texts, and objects with attributes, slots or fields. What several lead to counts once."""
    seen: set[int] = set()
    left = list(roots)
    total = 0
    while left:
        found = left.pop()
        if id(found) in seen or isinstance(found, _NOT_FOLLOWED):
            continue
        seen.add(id(found))
        total += sys.getsizeof(found)
        left.extend(_parts(found))
    return total


def _parts(found: Any) -> Iterator[Any]:
    if isinstance(found, Mapping):
        yield from found.keys()
        yield from found.values()
    elif isinstance(found, (list, tuple, set, frozenset)):
        yield from found
    elif not isinstance(found, (str, bytes, int, float)):
        yield from getattr(found, "__dict__", {}).values()
        slots = (name for kind in type(found).__mro__ for name in kind.__dict__.get("__slots__", ()))
        for name in (*slots, *getattr(found, "__struct_fields__", ())):
            if hasattr(found, name):
                yield getattr(found, name)
