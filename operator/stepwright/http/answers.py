"""Answers on their way: those that their clients have not taken yet are bounded together."""

from __future__ import annotations

from typing import Final

MOST_UNDER_WAY_BYTES: Final = 64 * 1024 * 1024
"""For all clients together. One whose answer finds no room is asked to retry."""

PIECE_BYTES: Final = 64 * 1024
"""So much of an answer is given to the network at once, and is not counted: clients that take nothing hold up no small answers."""


class Answers:
    """Those of one server."""

    def __init__(self) -> None:
        self._free_bytes = MOST_UNDER_WAY_BYTES

    def begin(self, size: int) -> bool:
        """Whether there is room. One that is larger than all that may be is alone."""
        counted = _counted(size)
        if counted > self._free_bytes and self._free_bytes < MOST_UNDER_WAY_BYTES:
            return False
        self._free_bytes -= counted
        return True

    def end(self, size: int) -> None:
        self._free_bytes += _counted(size)


def _counted(size: int) -> int:
    return max(size - PIECE_BYTES, 0)
