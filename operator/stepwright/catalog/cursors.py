"""Cursors of lists that are sorted by numbers."""

from __future__ import annotations

from typing import Final

from stepwright.catalog.ports import Cursor, NoSuchCursor

_DIGITS: Final = 18
"""Of the largest number that a store accepts."""


def at(*numbers: int) -> Cursor:
    return Cursor("/".join(map(str, numbers)))


def numbers(cursor: Cursor, count: int) -> list[int]:
    """Raises NoSuchCursor."""
    texts = cursor.split("/")
    if len(texts) != count or not all(map(_is_number, texts)):
        raise NoSuchCursor
    return list(map(int, texts))


def number(after: Cursor | None, otherwise: int) -> int:
    """``otherwise``: where the first page begins. Raises NoSuchCursor."""
    return otherwise if after is None else numbers(after, 1)[0]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS
