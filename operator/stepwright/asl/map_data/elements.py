"""The elements of an array in a file of JSON that is read piece by piece: where the array begins, and where each element ends.

Only as much is looked at as it takes to find that. Whether an element is JSON shows when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stepwright.asl.failure.errors import StateError
from stepwright.asl.map_data.reader_config import failed
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

LONGEST_BYTES: Final = 16 * 1024 * 1024
"""Of one element."""

_SPACE: Final = re.compile(rb"[ \t\r\n]*+")
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_NESTED: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}"]', re.DOTALL)
_PLAIN: Final = re.compile(rb"[^ \t\r\n,\]}]*+")
_MARK: Final = b"\xef\xbb\xbf"
_OPENING: Final = (b"[", b"{")


def begin(pieces: Iterator[bytes], pointer: str) -> int:
    """Where the first element of the array begins that the JSON Pointer leads to, or the array ends. Raises
    States.ItemReaderFailed."""
    scan = _Scan(pieces)
    scan.skip(_MARK)
    for token in pointer.split("/")[1:]:
        _enter(scan, token.replace("~1", "/").replace("~0", "~"), pointer)
    if scan.next() != b"[":
        raise failed("Attempting to map over non-iterable node.")
    scan.at += 1
    scan.next()
    return scan.position


def ends(pieces: Iterator[bytes]) -> Iterator[int]:
    """Where each element ends with the comma after it, from the beginning of one on. Raises States.ItemReaderFailed."""
    scan = _Scan(pieces)
    while (found := scan.next()) != b"]":
        if not found:
            raise scan.broken()
        scan.value()
        follows = scan.next()
        if follows == b",":
            scan.at += 1
        elif follows != b"]":
            raise scan.broken()
        yield scan.position
        scan.forget()


def _enter(scan: _Scan, name: str, pointer: str) -> None:
    """Go to where the value of a member begins, or an element of an array."""
    opened = scan.next()
    if opened not in _OPENING:
        raise _nothing(pointer)
    scan.at += 1
    closing = b"}" if opened == b"{" else b"]"
    index = 0
    while (found := scan.next()) != closing:
        if not found:
            raise scan.broken()
        if opened == b"{":
            key = scan.key()
            if scan.next() != b":":
                raise scan.broken()
            scan.at += 1
            scan.next()
        else:
            key = str(index)
        if key == name:
            return
        scan.value()
        if scan.next() == b",":
            scan.at += 1
        scan.forget()
        index += 1
    raise _nothing(pointer)


def _nothing(pointer: str) -> StateError:
    return failed(f"ItemsPointer refers to nothing: {pointer}")


class _Scan:
    """A place in the content."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._content = b""
        self._before = 0
        """Bytes that were there before ``_content`` begins."""
        self.at = 0
        """In ``_content``."""

    @property
    def position(self) -> int:
        return self._before + self.at

    def next(self) -> bytes:
        """Go to the first byte that is not a space, and return it; nothing at the end."""
        while True:
            match = _SPACE.match(self._content, self.at)
            assert match is not None
            self.at = match.end()
            if self.at < len(self._content) or not self._more():
                return self._content[self.at : self.at + 1]

    def skip(self, mark: bytes) -> None:
        while len(self._content) < len(mark) and self._more():
            pass
        if self._content.startswith(mark):
            self.at = len(mark)

    def key(self) -> str:
        begin = self.at
        self.value()
        try:
            found = jsontext.parse(self._content[begin : self.at].decode())
        except (InvalidJson, UnicodeDecodeError) as error:
            raise self.broken() from error
        return str(found)

    def value(self) -> None:
        """Go to where the value ends that begins here."""
        found = self._content[self.at : self.at + 1]
        if found in _OPENING:
            self._nested()
            return
        pattern = _TEXT if found == b'"' else _PLAIN
        while True:
            match = pattern.match(self._content, self.at)
            is_whole = match is not None and (found == b'"' or match.end() < len(self._content))
            if is_whole or not self._more():
                break
        if match is None or match.end() == self.at:
            raise self.broken()
        self.at = match.end()

    def _nested(self) -> None:
        depth, at = 0, self.at
        while True:
            for match in _NESTED.finditer(self._content, at):
                token = match[0]
                if token in _OPENING:
                    depth += 1
                elif token == b'"':  # of a text whose end is not there yet
                    at = match.start()
                    break
                elif len(token) == 1:
                    depth -= 1
                    if depth == 0:
                        self.at = match.end()
                        return
                at = match.end()
            if not self._more():
                raise self.broken()

    def _more(self) -> bool:
        piece = next(self._pieces, b"")
        self._content += piece
        if len(self._content) - self.at > LONGEST_BYTES:
            raise failed(f"An item has more than {LONGEST_BYTES:,} bytes.")
        return bool(piece)

    def forget(self) -> None:
        """What was gone over, if that is much."""
        if self.at > 64 * 1024:
            self._content = self._content[self.at :]
            self._before += self.at
            self.at = 0

    def broken(self) -> StateError:
        return failed("Attempting to read the items failed: the array is not JSON, or does not end.")
