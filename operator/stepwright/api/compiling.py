"""Checks of definitions, which hold nobody up: a large one is looked through in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

AT_ONCE_CHARACTERS: Final = 32_768
"""Of a definition whose check takes some hundredths of a second at most: not worth a thread."""


async def looked_through(text: str, look: Callable[[], T]) -> T:
    """What ``look`` says of the definition."""
    return look() if len(text) <= AT_ONCE_CHARACTERS else await asyncio.to_thread(look)
