"""Cuts what a Map reads into pieces that can be read by themselves, without keeping more of it than one item.

A piece is a stretch of bytes of an object. It begins and ends between items. Only a reader of CSV knows where a row ends, since a
text in quotes may hold ends of lines, so rows are found by the same reader that reads them later.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import elements, reading, table
from stepwright.asl.map_data.reader_config import ReaderConfig
from stepwright.asl.map_data.requests import Window

LARGEST_BYTES: Final = 16 * 1024 * 1024
"""No piece is longer, even if it must not be cut here for the sake of whole batches."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece: ``count`` items from byte ``first`` up to ``end``."""

    count: int
    first: int
    end: int


def begin(config: ReaderConfig, pieces: Iterator[bytes]) -> tuple[tuple[str, ...] | None, int]:
    """The headers of a file of rows, and at which byte its first item begins. Raises States.ItemReaderFailed."""
    match config.input_type:
        case "CSV" if config.headers is not None:
            return config.headers, 0
        case "CSV":
            try:
                row, end = next(table.rows(pieces, config.delimiter), ([], 0))
            except (csv.Error, UnicodeDecodeError) as error:
                raise reading.unreadable(error) from error
            return tuple(row), end
        case "JSONL":
            return None, 0
        case _:
            return None, elements.begin(pieces, config.pointer)


def stretches(ends: Iterator[int], first: int, window: Window, most: int) -> Iterator[Stretch]:
    """Those of a window, with at most so many items. ``ends``: where items end, from byte ``first`` on."""
    count = cut = 0
    end = first
    for end in ends:
        count += 1
        most -= 1
        size = end - first
        is_due = count >= window.items or size >= window.bytes
        if (is_due and count % window.step == 0) or size >= LARGEST_BYTES or most == 0:
            yield Stretch(count, first, end)
            count, first, cut = 0, end, cut + 1
            if cut == window.pieces or most == 0:
                return
    if count:
        yield Stretch(count, first, end)


def ends(config: ReaderConfig, pieces: Iterator[bytes], first: int) -> Iterator[int]:
    """Where each item ends, of content that begins with an item at byte ``first``. Raises States.ItemReaderFailed."""
    try:
        match config.input_type:
            case "CSV":
                yield from (first + end for row, end in table.rows(pieces, config.delimiter) if row)
            case "JSONL":
                yield from (first + end for line, end in table.lines(pieces) if line and not line.isspace())
            case _:
                yield from (first + end for end in elements.ends(pieces))
    except (csv.Error, UnicodeDecodeError) as error:
        raise reading.unreadable(error) from error


def items(config: ReaderConfig, headers: tuple[str, ...] | None, content: bytes) -> list[Json]:
    """Of a piece. Raises States.ItemReaderFailed."""
    if config.input_type == "CSV":
        config = replace(config, headers=headers)
    elif config.input_type != "JSONL":
        config = replace(config, pointer="")
        content = b"[" + content.strip(b" \t\r\n,") + b"]"
    return list(reading.of_pieces(config, iter([content])))
