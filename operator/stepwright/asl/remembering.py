"""What was compiled is remembered by its text, as the same few expressions stand in most states.

Only of short texts: a cache outlives the definition that filled it, and what a long text compiles to takes a thousand
times as much memory.
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
