"""What a write leaves in the store besides events and the checkpoint: long texts, which stay as long as the
execution.

The parts of a checkpoint replace each other, but have no room for a long text: it is stored as a separate
object (``engine.payloads``), which stays when the part is gone. Child executions of a distributed Map leave
nothing else, as their histories are not kept. Such texts count once in ``Limits.history_bytes``, when they
first appear; those in an event of the same write count as part of the event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from stepwright.asl.checkpoint.checkpoint import EncodedPart, PartId
from stepwright.asl.step import HistoryEvent

LONG_BYTES: Final = 8 * 1024
"""A longer text, in UTF-8, is stored separately."""

_SEEN: Final[frozenset[int]] = frozenset()
_NOTHING: Final[dict[int, str]] = {}


class KeptApart:
    """Knows the long texts of the stored parts. Their hashes are enough: a collision is next to impossible,
    and would only leave one text uncounted."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[PartId, frozenset[int]] = {}

    def take_up(self, parts: Mapping[PartId, EncodedPart]) -> None:
        """These are stored, and have been counted."""
        self._known = {}
        for part, encoded in parts.items():
            if texts := _by_hash(encoded):
                self._known[part] = frozenset(texts)

    def count(self, parts: Mapping[PartId, EncodedPart | None], events: Sequence[HistoryEvent]) -> int:
        """How many new bytes a write of these parts (None for a removed one) stores separately. A second call
        for the same write returns 0: the texts are known from the first."""
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
    # No text in it is longer than the whole. Nearly all parts are short, and searching each takes many times
    # as long.
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
