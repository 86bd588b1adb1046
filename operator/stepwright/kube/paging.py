"""How many objects to ask for at once. The API server counts a page in objects; memory is bytes.

The first page is small; the size of each next one is estimated from those before it. A page of 500 objects of
2 KiB is a megabyte, one of 500 objects at etcd's limit is three quarters of a gigabyte. If the estimate was
wrong, the answer is abandoned while it is being read (``AnswerTooLong``), and the same page is asked for in
smaller pieces.
"""

from __future__ import annotations

from typing import Final

FIRST: Final = 20
FEWEST: Final = 1
WANTED_BYTES: Final = 4 * 2**20
"""The approximate size to aim for in a page."""
GROWS_BY: Final = 5
SHRINKS_BY: Final = 8


class PageSize:
    """The ``limit`` of the next request, never more than ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = min(FIRST, most)

    def read(self, objects: int, size_bytes: int) -> None:
        """A page with this many objects has arrived."""
        if objects:
            fitting = WANTED_BYTES * objects // max(size_bytes, 1)
            self.limit = max(min(fitting, self.limit * GROWS_BY, self._most), FEWEST)

    def too_long(self) -> bool:
        """The answer was abandoned. Returns whether fewer objects can be asked for."""
        if self.limit == FEWEST:
            return False
        self.limit = max(self.limit // SHRINKS_BY, FEWEST)
        return True
