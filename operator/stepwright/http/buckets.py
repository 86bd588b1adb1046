"""How often somebody may do something: token buckets by name."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

MOST_KNOWN: Final = 10_000
"""Names that are remembered. Whoever is forgotten begins with a full bucket, so only those used least lately are."""


class Buckets:
    """``size``: how much one may do at once; ``rate``: and again each second."""

    def __init__(self, size: float, rate: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._rate = rate
        self._monotonic = monotonic
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> bool:
        """Whether there was one left."""
        left = self.left(name)
        may = left >= 1
        self._left[name] = left - 1 if may else left, self._monotonic()
        self._left.move_to_end(name)
        if len(self._left) > MOST_KNOWN:
            self._left.popitem(last=False)
        return may

    def left(self, name: str) -> float:
        now = self._monotonic()
        left, since = self._left.get(name, (self._size, now))
        return min(self._size, left + (now - since) * self._rate)
