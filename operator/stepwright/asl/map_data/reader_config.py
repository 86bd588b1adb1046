"""ReaderConfig with its expressions evaluated: what kind of file a Map's ItemReader reads, and how much of it.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from stepwright.asl.failure.errors import ITEM_READER_FAILED, StateError
from stepwright.asl.json_types import Json

MOST_ITEMS: Final = 100_000_000
"""AWS reads no more, whatever MaxItems says."""

NO_CONFIG: Final[Mapping[str, Json]] = MappingProxyType({})

DELIMITERS: Final[Mapping[str, str]] = MappingProxyType(
    {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
)


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """``headers`` None: they are the first row. ``pointer``: ItemsPointer. ``most``: how many items are read. ``manifest``: of
    which kind the manifest is that names the files to read. ``loads``: listed objects are read, too, and their items are the
    items."""

    input_type: str | None = None
    headers: tuple[str, ...] | None = None
    delimiter: str = ","
    pointer: str = ""
    most: int = MOST_ITEMS
    manifest: str | None = None
    loads: bool = False


def of(config: Mapping[str, Json]) -> ReaderConfig:
    """Raises States.ItemReaderFailed if nothing can be read by it."""
    input_type = _text(config, "InputType")
    return ReaderConfig(
        input_type=input_type,
        headers=_headers(config),
        delimiter=DELIMITERS.get(_text(config, "CSVDelimiter") or "", ","),
        pointer=_text(config, "ItemsPointer") or "",
        most=max_items(config.get("MaxItems")),
        manifest=_text(config, "ManifestType") or ("S3_INVENTORY" if input_type == "MANIFEST" else None),
        loads=_text(config, "Transformation") == "LOAD_AND_FLATTEN",
    )


def max_items(given: Json) -> int:
    """Nothing and 0 both stand for as many as there are. Raises States.ItemReaderFailed."""
    if not isinstance(given, int) or isinstance(given, bool):
        return MOST_ITEMS
    if given < 0:
        raise failed("field MaxItems must be positive")
    return min(given or MOST_ITEMS, MOST_ITEMS)


def failed(cause: str) -> StateError:
    """The error with which a Map's reading ends."""
    return StateError(ITEM_READER_FAILED, cause)


def _headers(config: Mapping[str, Json]) -> tuple[str, ...] | None:
    if config.get("CSVHeaderLocation") != "GIVEN":
        return None
    given = config.get("CSVHeaders")
    if not isinstance(given, list) or not given:
        raise failed("CSVHeaderLocation is GIVEN, but CSVHeaders names no columns.")
    return tuple(header if isinstance(header, str) else str(header) for header in given)


def _text(config: Mapping[str, Json], name: str) -> str | None:
    value = config.get(name)
    return value if isinstance(value, str) else None
