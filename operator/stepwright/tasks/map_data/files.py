"""Files that items are read from, wherever they are: piece by piece, from any byte on. Everything here blocks: it is for threads."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Final

from stepwright.tasks.calls.remote_files import NotRead

PIECE_BYTES: Final = 1024 * 1024
"""As much is read at once."""

_GZIP: Final = zlib.MAX_WBITS | 16


class File(ABC):
    """All of it is read of the version that was found first: a change meanwhile is an error, never a mixture. ``shown``: what it
    is called at the beginning of a sentence; ``key``: its name, whose ending says whether it is packed; ``tag``: what it must
    have, if that is known, and another one after each change."""

    def __init__(self, shown: str, key: str, version: str | None = None, tag: str | None = None) -> None:
        self.shown = shown
        self.key = key
        self.version = version
        self.tag = tag

    @abstractmethod
    def range(self, first: int, end: int) -> tuple[bytes, int]:
        """These bytes, as far as it has them, and how many it has. Raises NotRead."""

    def has_ranges(self) -> bool:
        """Whether it can be read from any byte on, at no more cost than what is read. Raises NotRead."""
        return True

    def pieces(self, first: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its content from one byte up to another, or to its end. Raises NotRead."""
        at, size = first, end
        while size is None or at < size:
            upto = at + PIECE_BYTES if size is None else min(size, at + PIECE_BYTES)
            body, whole = self.range(at, upto)
            size = whole if end is None else min(end, whole)
            at += len(body)
            if body:
                yield body
            if not body and at < size:
                raise NotRead(f"{self.shown} ends before its last byte.", passes=True)

    def content(self) -> Iterator[bytes]:
        """The pieces of its content, unpacked if its name says that it is packed by gzip. Raises NotRead."""
        return _unpacked(self.pieces(), self.shown) if self.is_packed else self.pieces()

    @property
    def is_packed(self) -> bool:
        return self.key.endswith(".gz")

    def size(self) -> int:
        """In bytes. Raises NotRead."""
        return self.range(0, 1)[1]

    def changed(self) -> NotRead:
        return NotRead(f"{self.shown} was changed while it was read.")


def _unpacked(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    """Files of gzip may follow one another in one. A piece may become a thousand times as long, so it is handed on in parts."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if unpacking.eof:
                    unpacking = zlib.decompressobj(_GZIP)
                if part := unpacking.decompress(rest, PIECE_BYTES):
                    yield part
                rest = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
    except zlib.error as error:
        raise NotRead(f"{name} cannot be unpacked: {error}.") from error
    if not unpacking.eof:
        raise NotRead(f"{name} cannot be unpacked: it ends within a file of gzip.")
