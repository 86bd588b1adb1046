"""The items in the content of a file: CSV, JSON Lines, JSON.

What AWS makes of a file of rows is recorded: a row that is too short is filled up with empty texts, what a row has beyond
the headers is dropped, each value is a text, and the members of an item are in alphabetical order.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import reader_config
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

_BYTE_ORDER_MARK: Final = "\ufeff"
"""Spreadsheets put it before the first header."""

# The module's own bound is half of what an item may have; it holds for the whole process and can only be raised.
csv.field_size_limit(max(csv.field_size_limit(), 16 * 1024 * 1024))


def items(config: Mapping[str, Json], content: str) -> list[Json]:
    """At most MaxItems, the first ones. ``config``: ReaderConfig, evaluated. Of a manifest, of Parquet and of a list of
    objects ``content`` is a JSON array of the items. Raises States.ItemReaderFailed."""
    chosen = reader_config.of(config)
    content = content.removeprefix(_BYTE_ORDER_MARK)
    try:
        match chosen.input_type:
            case "CSV":
                return list(islice(_rows(chosen, content), chosen.most))
            case "JSONL":
                return list(islice(_lines(content), chosen.most))
            case _:
                return _listed(jsontext.parse(content), chosen.pointer)[: chosen.most]
    except (InvalidJson, csv.Error) as error:
        raise failed(f"Attempting to read the items failed: {error}") from error


def first(config: Mapping[str, Json], found: list[Json]) -> list[Json]:
    """At most MaxItems of them. Raises States.ItemReaderFailed."""
    return found[: reader_config.of(config).most]


def _rows(config: ReaderConfig, content: str) -> Iterator[Json]:
    """A line without any character is no row."""
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=config.delimiter)
    headers = config.headers if config.headers is not None else tuple(next(rows, ()))
    if len(set(headers)) < len(headers):
        raise failed("CSV headers cannot contain duplicates.")
    columns = sorted((header, index) for index, header in enumerate(headers))
    for row in rows:
        if row:
            yield {header: row[index] if index < len(row) else "" for header, index in columns}


def _lines(content: str) -> Iterator[Json]:
    """Only a line feed ends a line: texts within JSON may hold what else Unicode calls a line's end."""
    for number, line in enumerate(content.split("\n"), start=1):
        if line and not line.isspace():
            try:
                yield jsontext.parse(line)
            except InvalidJson as error:
                raise failed(f"Attempting to read the items failed: line {number}: {error}") from error


def _listed(value: Json, pointer: str) -> list[Json]:
    for token in pointer.split("/")[1:]:
        value = _member(value, token.replace("~1", "/").replace("~0", "~"), pointer)
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
