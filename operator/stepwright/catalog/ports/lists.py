"""Lists in pages: a store says where the next one begins, in words that only it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, NewType, TypeVar

T = TypeVar("T")

Cursor = NewType("Cursor", str)
"""A place in one list. It is of use for as long as what stands there keeps its place; whether that is still there
does not matter."""


class Page(NamedTuple, Generic[T]):
    """``next``: where the list goes on; None at its end."""

    items: Sequence[T]
    next: Cursor | None = None
