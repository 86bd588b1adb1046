"""Remembers compiled expressions by their text, since most states use the same few.

Only for short texts: a cache outlives the definition that filled it, and a long text compiles to something a
thousand times its size.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

LONGEST: Final = 200
"""Characters."""

T = TypeVar("T")


def short_texts(maxsize: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """For a function of a text that always gives the same for it."""

    def remember(compile: Callable[[str], T]) -> Callable[[str], T]:
        remembered = lru_cache(maxsize=maxsize)(compile)

        @wraps(compile)
        def compiled(text: str) -> T:
            return remembered(text) if len(text) <= LONGEST else compile(text)

        return compiled

    return remember
