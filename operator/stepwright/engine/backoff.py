"""How long to wait before a call is repeated."""

from __future__ import annotations

from collections.abc import Iterator


def delays(first: float = 0.1, factor: float = 2.0, longest: float = 10.0) -> Iterator[float]:
    """Seconds to wait before each next attempt, without end: 0.1, 0.2, 0.4 ... 10, 10."""
    delay = first
    while True:
        yield delay
        delay = min(delay * factor, longest)
