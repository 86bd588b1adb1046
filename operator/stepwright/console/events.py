"""The history of an execution in windows: ``.../events``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import msgspec

from stepwright.asl.signals import Millis
from stepwright.asl.step import HistoryEvent
from stepwright.asl.text import timestamps
from stepwright.catalog.records import Execution
from stepwright.console.models import Event, EventPage
from stepwright.console.parameters import invalid
from stepwright.console.ports import Ports
from stepwright.console.reading import LARGEST_ANSWER_BYTES, Reading, beginning
from stepwright.console.routes import Answer, Call, Route

_USUAL: Final = 100
_MOST: Final = 500

_AT_ONCE: Final = 25
"""Events that are in memory with all their inputs and outputs, which may have 256 KiB each."""

_DETAILS: Final = "EventDetails"

DATA: Final = frozenset({"assignedVariables", "input", "output", "parameters"})
"""Of details: what is left out unless it is asked for."""


class Events:
    def __init__(self, ports: Ports, reading: Reading) -> None:
        self._executions = ports.executions
        self._reading = reading

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "executions/{execution}/events", self.window)

    async def window(self, call: Call) -> Answer:
        given = call.parameters("from", "limit", "data")
        first, limit, data = given.number("from"), given.limit(_USUAL, _MOST), given.flag("data")
        if first == 0:
            raise invalid("Events are numbered from 1 on")
        found = await self._reading.execution(call, "GetExecutionHistory")
        shown: list[Event] = []
        left = LARGEST_ANSWER_BYTES
        async for event in self.from_on(found, first or 1):
            one = event_of(event, data=data)
            left -= len(msgspec.json.encode(one))
            if shown and (len(shown) == limit or left < 0):
                return EventPage(events=shown, next=one.id)
            shown.append(one)
        return EventPage(events=shown)

    async def from_on(self, execution: Execution, first: int) -> AsyncIterator[HistoryEvent]:
        """All that there are, from this id on."""
        after = None
        while True:
            page = await self._executions.events(execution, after, _AT_ONCE, newest_first=False, first=first)
            for event in page.items:
                yield event
            if (after := page.next) is None:
                return

    async def first_at(self, execution: Execution, moment: Millis) -> int:
        """The id of the first event that was recorded then or later: times never go back."""
        newest = await self._executions.events(execution, None, 1, newest_first=True)
        low, high = 1, newest.items[0]["id"] if newest.items else 1
        while low < high:
            middle = (low + high) // 2
            page = await self._executions.events(execution, None, 1, newest_first=False, first=middle)
            low, high = (middle + 1, high) if moment_of(page.items[0]) < moment else (low, middle)
        return low


def moment_of(event: HistoryEvent) -> Millis:
    millis = timestamps.parse(event["timestamp"])
    assert millis is not None
    return millis


def event_of(event: HistoryEvent, *, data: bool) -> Event:
    details, cut = details_of(event), {}
    kept = {}
    for name, value in details.items():
        text = value if isinstance(value, str) else None
        if name in DATA and not data:
            cut[name] = len(msgspec.json.encode(value)) if text is None else beginning(text).bytes
        elif text is not None and (first := beginning(text)).cut:
            cut[name] = first.bytes
            kept[name] = first.text
        elif data or not name.endswith("Details"):
            kept[name] = value
    return Event(
        id=event["id"],
        previous=event.get("previousEventId", 0),
        type=event["type"],
        timestamp=moment_of(event),
        details=kept or None,
        cut=cut or None,
    )


def details_of(event: HistoryEvent) -> dict[str, Any]:
    for name, details in event.items():
        if name.endswith(_DETAILS):
            found: dict[str, Any] = details
            return found
    return {}
