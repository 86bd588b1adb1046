"""Answers readers' tasks: with all items, with those of a piece, or with how the items of a window are cut into pieces.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.map_data import cutting
from stepwright.asl.map_data.reader_config import ReaderConfig, failed
from stepwright.asl.map_data.requests import Reading, Window
from stepwright.asl.text import jsontext
from stepwright.tasks.map_data.files import File
from stepwright.tasks.map_data.sources import Source

MOST_BYTES: Final = 16 * 1024 * 1024
"""Of items as JSON; more are never handed on together."""

_WITH_ITEMS: Final = 4
"""So many pieces that hold their items are handed on at most."""


def read(wanted: Reading, config: ReaderConfig, source: Source) -> Json:
    """Raises StateError, NotRead."""
    file = source.file
    if wanted.piece is not None:
        assert file is not None
        return {"items": _of_piece(config, file, wanted.piece)}
    if wanted.window is None:
        found = source.items({})
        return {"items": _bounded(islice((item for item, _ in found), config.most))}
    if file is None or not file.has_ranges():
        return _with_items(config, source, wanted.window)
    return _in_stretches(config, file, wanted.window)


def _in_stretches(config: ReaderConfig, file: File, window: Window) -> Json:
    after: dict[str, Any] = window.after or {}
    if window.after is None:
        headers, first = cutting.begin(config, file.pieces())
    else:
        headers, first = after["headers"], after["byte"]
        file.tag, file.version = after["tag"], after["version"]
    taken = after.get("taken", 0)
    ends = cutting.ends(config, file.pieces(first), first)
    found = list(cutting.stretches(ends, first, window, config.most - taken))
    about: dict[str, Any] = {"headers": headers, "tag": file.tag, "version": file.version}
    pieces: list[Any] = [
        {"count": each.count, "piece": {**about, "bytes": [each.first, each.end]}} for each in found
    ]
    taken += sum(each.count for each in found)
    is_over = len(found) < window.pieces or taken >= config.most
    if is_over and window.after is None and len(found) < 2:
        return {"items": _of_piece(config, file, pieces[0]["piece"]) if pieces else []}
    goes_on: Any = None if is_over else {**about, "byte": found[-1].end, "taken": taken}
    return {"pieces": pieces, "after": goes_on}


def _of_piece(config: ReaderConfig, file: File, piece: dict[str, Any]) -> list[Json]:
    file.tag, file.version = piece["tag"], piece["version"]
    first, end = piece["bytes"]
    return cutting.items(config, piece["headers"], b"".join(file.pieces(first, end)))


def _with_items(config: ReaderConfig, source: Source, window: Window) -> Json:
    """What cannot be read from somewhere within is handed on itself."""
    after: dict[str, Any] = window.after or {}
    taken, where = after.get("taken", 0), after.get("at", {})
    pieces: list[Any] = []
    items: list[Json] = []
    size = 0
    for item, place in islice(source.items(where), config.most - taken):
        where = place
        taken += 1
        items.append(item)
        size += len(jsontext.dump(item))
        is_due = len(items) >= window.items or size >= window.bytes
        if (is_due and len(items) % window.step == 0) or size >= cutting.LARGEST_BYTES:
            pieces.append({"count": len(items), "piece": {"items": items}})
            items, size = [], 0
            if len(pieces) == _WITH_ITEMS:
                break
    else:
        if items:
            pieces.append({"count": len(items), "piece": {"items": items}})
        if window.after is None and len(pieces) < 2:
            return {"items": items}
        return {"pieces": pieces, "after": None}
    return {"pieces": pieces, "after": {"taken": taken, "at": where}}


def _bounded(items: Iterator[Json]) -> list[Json]:
    found, size = [], 0
    for item in items:
        size += len(jsontext.dump(item)) + 1
        if size > MOST_BYTES:
            raise failed(
                f"The items take more than {MOST_BYTES:,} bytes as JSON, which is more than a Map takes at once here. MaxItems "
                "reads fewer of them."
            )
        found.append(item)
    return found
