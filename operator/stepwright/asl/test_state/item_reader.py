"""The items that a Map's ItemReader would read from a file whose content is given.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.failure import errors
from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson

_DELIMITERS: Final[Mapping[str, str]] = {
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "SPACE": " ",
    "TAB": "\t",
}


def items(reader: Mapping[str, Any], content: str | None) -> list[Json]:
    """``reader`` is ItemReader as written. Without content there are no items. Raises States.ItemReaderFailed."""
    if content is None:
        return []
    config: Mapping[str, Any] = reader.get("ReaderConfig") or {}
    try:
        match config.get("InputType"):
            case "CSV":
                found = _rows(config, content)
            case "JSONL":
                found = [jsontext.parse(line) for line in content.splitlines() if line.strip()]
            case _:  # JSON, manifests, and lists of a bucket's objects
                found = _pointed_at(jsontext.parse(content), config.get("ItemsPointer", ""))
    except (InvalidJson, csv.Error) as error:
        raise _failed(f"Attempting to read the items failed: {error}") from error
    most = config.get("MaxItems")
    return found[:most] if isinstance(most, int) and most > 0 else found


def _rows(config: Mapping[str, Any], content: str) -> list[Json]:
    """Each row is an object of texts; columns without a name are left out."""
    rows = csv.reader(io.StringIO(content), delimiter=_DELIMITERS.get(config.get("CSVDelimiter", ""), ","))
    headers = config.get("CSVHeaders") if config.get("CSVHeaderLocation") == "GIVEN" else next(rows, [])
    return [dict(zip(headers or (), row, strict=False)) for row in rows if row]


def _pointed_at(value: Any, pointer: str) -> list[Json]:
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, dict) or name not in value:
            raise _failed(f"ItemsPointer refers to nothing: {pointer}")
        value = value[name]
    if not isinstance(value, list):
        raise _failed("Attempting to map over non-iterable node.")
    return value


def _failed(cause: str) -> StateError:
    return StateError(errors.ITEM_READER_FAILED, cause)
