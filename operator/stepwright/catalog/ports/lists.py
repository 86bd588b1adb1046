"""Lists in pages: a store says where the next one begins, in a form that only it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, NewType, TypeVar

T = TypeVar("T")

Cursor = NewType("Cursor", str)
"""A place in one list. It stays valid as long as the item there keeps its place, even if the item is
deleted."""


class Page(NamedTuple, Generic[T]):
    """``next``: where the list continues; None at its end."""

    items: Sequence[T]
    next: Cursor | None = None
