"""Histories of executions: the newest page in the status, earlier ones in ExecutionHistory objects, which never change."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from stepwright.asl.step import HistoryEvent
from stepwright.catalog.ports import Cursor, NoSuchCursor, Page
from stepwright.cluster.beside import HISTORIES, UID_LABEL, StoredBeside
from stepwright.cluster.catalog.asking import Asking, refusal
from stepwright.cluster.catalog.stored_execution import StoredExecution
from stepwright.cluster.resources import API_VERSION
from stepwright.engine import payloads, readings
from stepwright.engine.ports import ExecutionRef, Refused, Uid
from stepwright.kube import lists
from stepwright.kube.api_errors import ApiError
from stepwright.kube.paths import path_of

MOST_BYTES: Final = 32 * 2**20
"""Of pages that are remembered."""
MOST_CHAINS: Final = 1_000

LARGEST_ANSWER_BYTES: Final = 2**20
"""Of events that are answered at once; the rest is on the next page, whatever number was asked for: a thousand may have 128 MiB."""
_AT_ONCE: Final = 10
"""Events whose long texts are read together: 256 KiB each, and some have two."""

_PAGE_SIZE: Final = 500
_NAME: Final = re.compile(r"(\d+)-(\d+)(?:-[0-9a-f]+)?")
"""What follows the execution's uid: the ids of the first and the last event, and a hash where a restore has left two."""


class _PageOf(NamedTuple):
    """A page of events, by the ids of the first and the last."""

    first: int
    last: int
    name: str


class _Metadata(msgspec.Struct, frozen=True):
    name: str


class _Object(msgspec.Struct, frozen=True):
    metadata: _Metadata


class _Row(msgspec.Struct, frozen=True):
    object: _Object


class _Stored(msgspec.Struct, frozen=True):
    events: tuple[str, ...] = ()
    previous: str | None = None


class Histories:
    """Shared by all who read."""

    def __init__(self, asking: Asking) -> None:
        self._asking: Final = asking
        self._beside: Final = StoredBeside(asking.api, None, readings.read)
        self._pages: Final[OrderedDict[str, _Stored]] = OrderedDict()
        self._bytes = 0
        self._chains: Final[OrderedDict[str, tuple[_PageOf, ...]]] = OrderedDict()
        """The pages before one that a status names, and that one, the oldest first."""

    async def events(
        self,
        found: StoredExecution,
        after: Cursor | None,
        limit: int,
        *,
        newest_first: bool,
        first: int | None = None,
    ) -> Page[HistoryEvent]:
        """As ``catalog.ports.Executions.events`` has it. Raises NoSuchCursor, Refused, Unavailable."""
        status = found.status
        newest = status.historyPage.firstEventId + len(status.history) - 1
        begin = first if first is not None else newest if newest_first else 1
        wanted = _id(after) if after is not None else begin
        step = -1 if newest_first else 1
        events: list[HistoryEvent] = []
        left = LARGEST_ANSWER_BYTES
        while 1 <= wanted <= newest and len(events) < limit and left > 0:
            page, texts = await self._with(found, wanted)
            index = wanted - page.first
            taken = texts[index::step] if step > 0 else texts[index::-1]
            taken = taken[: min(limit - len(events), _AT_ONCE)]
            whole, size = await self._whole(found, taken)
            events += whole
            left -= size
            wanted += step * len(taken)
        return Page(events, Cursor(str(wanted)) if 1 <= wanted <= newest else None)

    async def _with(self, found: StoredExecution, id: int) -> tuple[_PageOf, Sequence[str]]:
        """The page that an event is on."""
        here, status = found.status.historyPage, found.status
        if id >= here.firstEventId:
            last = here.firstEventId + len(status.history) - 1
            return _PageOf(here.firstEventId, last, ""), status.history
        for page in await self._chain(found):
            if page.first <= id <= page.last:
                events = (await self._page(found.metadata.namespace, page.name)).events
                if len(events) != page.last - page.first + 1:
                    raise Refused(f"ExecutionHistory {page.name} does not have the events that its name says")
                return page, events
        raise Refused(f"Event {id} of Execution {found.metadata.namespace}/{found.metadata.name} is lost")

    async def _chain(self, found: StoredExecution) -> tuple[_PageOf, ...]:
        previous = found.status.historyPage.previous
        if previous is None:
            return ()
        if previous not in self._chains:
            self._chains[previous] = await self._linked(found, previous)
            if len(self._chains) > MOST_CHAINS:
                self._chains.popitem(last=False)
        self._chains.move_to_end(previous)
        return self._chains[previous]

    async def _linked(self, found: StoredExecution, newest: str) -> tuple[_PageOf, ...]:
        """All before one, and that one. Their names say which events they hold; where a restore of etcd has left two that could be the
        one before another, that one says which it is."""
        by_last: dict[int, list[_PageOf]] = {}
        for page in await self._listed(found):
            by_last.setdefault(page.last, []).append(page)
        chain = [_named(found, newest)]
        while chain[-1].first > 1:
            before = by_last.get(chain[-1].first - 1, [])
            if len(before) != 1:
                stored = await self._page(found.metadata.namespace, chain[-1].name)
                before = [] if stored.previous is None else [_named(found, stored.previous)]
            if not before or before[0].last != chain[-1].first - 1:
                break  # what is lost is said where it is asked for
            chain += before
        return tuple(reversed(chain))

    async def _listed(self, found: StoredExecution) -> list[_PageOf]:
        path = path_of(API_VERSION, HISTORIES, found.metadata.namespace)
        query = {"labelSelector": f"{UID_LABEL}={found.metadata.uid}", "fieldSelector": "content=Events"}
        try:
            return [
                _named(found, msgspec.json.decode(row, type=_Row).object.metadata.name)
                async for table in lists.tables(self._asking.api, path, query, page_size=_PAGE_SIZE)
                for row in table.rows
            ]
        except ApiError as error:
            raise refusal(error) from error

    async def _page(self, namespace: str, name: str) -> _Stored:
        known = self._pages.get(name)
        if known is not None:
            self._pages.move_to_end(name)
            return known
        stored: _Stored | None = await self._asking.get(
            path_of(API_VERSION, HISTORIES, namespace, name), _Stored
        )
        if stored is None:
            raise Refused(f"ExecutionHistory {namespace}/{name}, a page of a history, is lost")
        self._pages[name] = stored
        self._bytes += _size(stored)
        while self._bytes > MOST_BYTES:
            _, oldest = self._pages.popitem(last=False)
            self._bytes -= _size(oldest)
        return stored

    async def _whole(self, found: StoredExecution, texts: Sequence[str]) -> tuple[list[HistoryEvent], int]:
        """Events with their long texts, which are stored apart, and how many bytes that is in an answer."""
        events: list[Any] = [msgspec.json.decode(text) for text in texts]
        metadata = found.metadata
        ref = ExecutionRef(Uid(metadata.uid), metadata.namespace, metadata.name, found.machine)
        digests = sorted(payloads.references(events))
        kept = {digest: await self._beside.payload(ref, digest) for digest in digests}
        if not kept:
            return events, sum(map(len, texts))
        whole = [payloads.put_back(event, kept) for event in events]
        return whole, sum(len(msgspec.json.encode(event)) for event in whole)


def _named(found: StoredExecution, name: str) -> _PageOf:
    ids = _NAME.fullmatch(name.removeprefix(f"{found.metadata.uid}-"))
    if ids is None or not 1 <= int(ids[1]) <= int(ids[2]):
        raise Refused(f"ExecutionHistory {name} does not have the name of a page of a history")
    return _PageOf(int(ids[1]), int(ids[2]), name)


def _size(stored: _Stored) -> int:
    return sum(map(len, stored.events))


def _id(cursor: Cursor) -> int:
    """Raises NoSuchCursor."""
    if not (cursor.isascii() and cursor.isdigit()):
        raise NoSuchCursor
    return int(cursor)
