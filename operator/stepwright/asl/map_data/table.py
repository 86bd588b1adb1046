"""Files of rows and of lines, read piece by piece: each row with where it ends, so that reading can go on from there."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""Spreadsheets put it before the first header."""

_LINE: Final = re.compile(rb"[^\r\n]*+(?:\r\n|[\r\n]|\Z)")

# The module's own bound is half of what an item may have; it holds for the whole process and can only be raised.
csv.field_size_limit(max(csv.field_size_limit(), 16 * 1024 * 1024))


def rows(pieces: Iterator[bytes], delimiter: str) -> Iterator[tuple[list[str], int]]:
    """Each row of CSV, an empty list for an empty line, and how many bytes there are up to its end. Raises csv.Error,
    UnicodeDecodeError."""
    texts = _Texts(pieces)
    for row in csv.reader(texts, delimiter=delimiter):
        yield row, texts.taken


def lines(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each line without what ends it, and how many bytes there are up to its end. Only a line feed ends a line: texts within
    JSON may hold what else Unicode calls a line's end."""
    rest, taken = b"", 0
    for piece in pieces:
        content, begin = rest + piece, 0
        while (end := content.find(b"\n", begin)) >= 0:
            line, begin = content[begin:end], end + 1
            taken += len(line) + 1
            yield (line.removeprefix(BYTE_ORDER_MARK) if taken == len(line) + 1 else line), taken
        rest = content[begin:]
    if rest:
        yield (rest if taken else rest.removeprefix(BYTE_ORDER_MARK)), taken + len(rest)


class _Texts(Iterator[str]):
    """The lines of a file with what ends them, as ``csv`` takes them. It takes no line before it needs it, so ``taken`` is
    where the row ends that it has just given."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._lines = _ended_lines(pieces)
        self.taken = 0

    def __next__(self) -> str:
        line = next(self._lines)
        first = self.taken == 0
        self.taken += len(line)
        return (line.removeprefix(BYTE_ORDER_MARK) if first else line).decode()


def _ended_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """One after the other: all lines of a piece take several times as much memory as the piece."""
    rest = b""
    for piece in pieces:
        content, end = rest + piece, 0
        for line in _LINE.finditer(content):
            if line.end() == len(content):
                break  # what follows may belong to it, or be the second half of its end
            end = line.end()
            yield line[0]
        rest = content[end:]
    if rest:
        yield rest
