"""The items in the content of a file: CSV, JSON Lines, JSON.

What AWS makes of a file of rows is recorded: a row that is too short is filled up with empty texts, what a row has beyond
the headers is dropped, each value is a text, and the members of an item are in alphabetical order.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from itertools import islice

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reader_config, table
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson


def items(config: Mapping[str, Json], content: str) -> list[Json]:
    """At most MaxItems, the first ones. ``config``: ReaderConfig, evaluated. Of a manifest, of Parquet and of a list of
    objects ``content`` is a JSON array of the items. Raises States.ItemReaderFailed."""
    chosen = reader_config.of(config)
    return list(islice(of_pieces(chosen, iter([content.encode(errors="surrogatepass")])), chosen.most))


def of_pieces(config: ReaderConfig, pieces: Iterator[bytes]) -> Iterator[Json]:
    """All items of a file that is read piece by piece, as they are read; a file of JSON is read whole. Raises
    States.ItemReaderFailed."""
    try:
        match config.input_type:
            case "CSV":
                yield from _rows(config, table.rows(pieces, config.delimiter))
            case "JSONL":
                yield from _lines(table.lines(pieces))
            case _:
                text = b"".join(pieces).removeprefix(table.BYTE_ORDER_MARK).decode()
                yield from listed(pointed(jsontext.parse(text), config.pointer))
    except (InvalidJson, csv.Error, UnicodeDecodeError) as error:
        raise unreadable(error) from error


def unreadable(error: Exception) -> StateError:
    return failed(f"Attempting to read the items failed: {error}")


def first(config: Mapping[str, Json], found: list[Json]) -> list[Json]:
    """At most MaxItems of them. Raises States.ItemReaderFailed."""
    return found[: reader_config.of(config).most]


def _rows(config: ReaderConfig, rows: Iterator[tuple[list[str], int]]) -> Iterator[Json]:
    """A line without any character is not a row."""
    headers = config.headers if config.headers is not None else tuple(next(rows, ((), 0))[0])
    if len(set(headers)) < len(headers):
        raise failed("CSV headers cannot contain duplicates.")
    columns = sorted((header, index) for index, header in enumerate(headers))
    for row, _ in rows:
        if row:
            yield {header: row[index] if index < len(row) else "" for header, index in columns}


def _lines(lines: Iterator[tuple[bytes, int]]) -> Iterator[Json]:
    for number, (line, _) in enumerate(lines, start=1):
        text = line.decode()
        if text and not text.isspace():
            try:
                yield jsontext.parse(text)
            except InvalidJson as error:
                raise failed(f"Attempting to read the items failed: line {number}: {error}") from error


def pointed(value: Json, pointer: str) -> Json:
    """What a JSON Pointer leads to. Raises States.ItemReaderFailed."""
    for token in pointer.split("/")[1:]:
        value = _member(value, token.replace("~1", "/").replace("~0", "~"), pointer)
    return value


def listed(value: Json) -> list[Json]:
    """Raises States.ItemReaderFailed if it is not a list."""
    if not isinstance(value, list):
        raise failed("Attempting to map over non-iterable node.")
    return value


def _member(value: Json, name: str, pointer: str) -> Json:
    """Source: https://www.rfc-editor.org/rfc/rfc6901"""
    if isinstance(value, dict) and name in value:
        return value[name]
    if isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    raise failed(f"ItemsPointer refers to nothing: {pointer}")
