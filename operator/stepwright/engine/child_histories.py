"""What one write says of the histories of child executions.

A Map may have thousands of their events in a write. As the texts that are stored anyway they take a quarter of the memory, and
Python's garbage collection does not look at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import attrgetter

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.asl.step import ChildEvent
from stepwright.asl.text.jsontext import size_bytes
from stepwright.engine import payloads
from stepwright.engine.payloads import Payloads


class _History(msgspec.Struct, gc=False):
    first: int
    last: int
    texts: list[str]
    """Of one event or several each, with commas between them."""


class ChildHistories:
    """``texts``: the long ones, to which the events refer. ``size_bytes``: of all that is to be stored."""

    __slots__ = ("_count", "_of", "size_bytes", "texts")

    def __init__(self) -> None:
        self._of: dict[str, _History] = {}
        self._count = 0
        self.texts: Payloads = {}
        self.size_bytes = 0

    def __len__(self) -> int:
        """How many events."""
        return self._count

    def add(self, events: Iterable[ChildEvent]) -> None:
        """In the order in which they were recorded."""
        for child, of_child in groupby(events, attrgetter("child")):
            new = [each.event for each in of_child]
            known = len(self.texts)
            text = payloads.short_text(new, self.texts)[1:-1]
            self.size_bytes += size_bytes(text) + sum(
                map(size_bytes, islice(self.texts.values(), known, None))
            )
            self._count += len(new)
            history = self._of.get(child)
            if history is None:
                history = self._of[child] = _History(new[0]["id"], 0, [])
            history.last = new[-1]["id"]
            history.texts.append(text)

    def rows(self) -> Iterator[tuple[str, int, int, JsonText]]:
        """Of each child execution its name, the ids of the first and the last event, and all of them as a JSON array."""
        for child, history in self._of.items():
            yield child, history.first, history.last, JsonText(f"[{','.join(history.texts)}]")

    def events(self) -> Iterator[ChildEvent]:
        """As they were recorded, of one child execution after the other."""
        for child, _, _, text in self.rows():
            for event in msgspec.json.decode(text):
                yield ChildEvent(child, payloads.put_back(event, self.texts))
