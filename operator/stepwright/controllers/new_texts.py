"""The texts of new Executions, from the event that reports them until they are started.

Most start at once, and reading them again would cost another request each. But while one waits for its state
machine, or for its turn, its text takes memory that a tenant could fill. So only short texts are kept, and
only as many as fit; the others are read from the API server when needed.
"""

from __future__ import annotations

from typing import Final

import msgspec

from stepwright.engine.ports import Uid

LONGEST_BYTES: Final = 64 * 1024
MOST_BYTES: Final = 16 * 2**20
"""The limit for all texts together."""


class NewTexts:
    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._room = most_bytes
        self._texts: dict[Uid, bytes] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def keep(self, uid: Uid, text: msgspec.Raw) -> None:
        """A copy of the text: it is a piece of a whole page."""
        self.forget(uid)
        if len(text) <= min(LONGEST_BYTES, self._room):
            self._texts[uid] = bytes(text)
            self._room -= len(text)

    def get(self, uid: Uid) -> bytes | None:
        return self._texts.get(uid)

    def forget(self, uid: Uid) -> None:
        self._room += len(self._texts.pop(uid, b""))
