"""What a write leaves behind in the store beside events and the checkpoint: long texts, which stay for as long as the
execution does.

The parts of a checkpoint replace each other, but a store has no room for a long text in them: it is kept as an object of
its own (``engine.payloads``), and nobody takes that away when the part has gone. Child executions of a distributed Map
leave nothing else, as their histories are not kept. Such texts count in ``Limits.history_bytes``, once where they come
up; those that stand in an event of the same write count there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.step import HistoryEvent

LONG_BYTES: Final = 8 * 1024
"""A text that is longer, as UTF-8, is kept apart."""

_SEEN: Final[frozenset[int]] = frozenset()
_NOTHING: Final[dict[int, str]] = {}


class KeptApart:
    """Knows the long texts of the parts that are stored. Their hashes are enough: that two share one is next to
    impossible, and one text would not be counted then."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[PartId, frozenset[int]] = {}

    def take_up(self, parts: Mapping[PartId, EncodedPart]) -> None:
        """Those are stored, and have been counted."""
        self._known = {}
        for part, encoded in parts.items():
            if texts := _by_hash(encoded):
                self._known[part] = frozenset(texts)

    def count(self, parts: Mapping[PartId, EncodedPart | None], events: Sequence[HistoryEvent]) -> int:
        """How many bytes a write of these parts, None for one that goes, keeps apart that were not there before. Asked
        again for the same write it gives 0: they are known from the first time on."""
        before: set[int] = set()
        found: dict[int, str] = {}
        for part, encoded in parts.items():
            before |= self._known.pop(part, _SEEN)
            if encoded is not None and (texts := _by_hash(encoded)):
                found |= texts
                self._known[part] = frozenset(texts)
        new = found.keys() - before
        if not new:
            return 0
        new -= {hash(text) for event in events for text in _long_texts(event)}
        return sum(len(found[text].encode()) for text in new)


def is_long(text: str) -> bool:
    # A character is at least one byte and at most four: only texts in between have to be measured.
    return len(text) * 4 > LONG_BYTES and (len(text) > LONG_BYTES or len(text.encode()) > LONG_BYTES)


def _by_hash(encoded: EncodedPart) -> dict[int, str]:
    # No text in it is longer than all of it. Nearly all parts are short: looking into each takes many times as long.
    if len(msgspec.json.encode(encoded)) <= LONG_BYTES:
        return _NOTHING
    return {hash(text): text for text in _long_texts(encoded)}


def _long_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if is_long(value):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _long_texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _long_texts(item)
