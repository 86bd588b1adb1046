"""What is stored beside an Execution, in ExecutionHistory objects: long payloads, and pages of events and of visits that are full.

Names follow from the content, so that storing it again after a crash changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import structlog

from stepwright.cluster import seal, told_visits, write_errors
from stepwright.cluster.record import Record, Rolled
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.rows import TRUSTED_SECONDS, Row
from stepwright.cluster.told_visits import ToldVisits
from stepwright.engine import payloads, readings
from stepwright.engine.payloads import Payloads
from stepwright.engine.ports import Commit, Denied, ExecutionRef, Refused, Unavailable
from stepwright.engine.readings import Readings
from stepwright.kube.api import METADATA_ALONE, Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, NotFound
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

HISTORIES: Final = "executionhistories"
AT_ONCE: Final = 4
"""Payloads of one commit that are stored at the same time. They depend on nothing but themselves."""

VISITS_AT_ONCE: Final = 50
"""So many fit on a page beside what is on it, however deep they are nested and however long their states' names are."""

UID_LABEL: Final = "stepwright.dev/execution-uid"


def payload_name(uid: str, digest: str) -> str:
    return f"{uid}-p-{digest[:32]}"


def visits_name(uid: str, previous: str | None, visits: str) -> str:
    """Of a page. The name of the page before it follows from that one, so all that was reported up to here is in it."""
    digest = payloads.digest_of(f"{previous or ''} {visits}")
    return f"{uid}-v-{digest[:32]}"


@dataclass(slots=True)
class _Copy:
    """Of a page, under way or made, for a commit to come. ``begun``: when; ``events``: how many it has."""

    begun: Readings
    events: int
    page: asyncio.Task[str]
    _left_by: str | None = None
    _taken_by: str | None = None

    def is_left_by(self, commit_id: str, *, may_wait: bool) -> bool:
        """Whether the commit does without it, which it may if the copy ``may_wait`` for a later one. Tried again, a commit does the
        same: what was sent before may have landed unheard."""
        if commit_id == self._left_by or (may_wait and commit_id != self._taken_by):
            self._left_by = commit_id
            return True
        self._taken_by = commit_id
        return False


class StoredBeside:
    """``stored`` is called for each object: its namespace, its content (``Events``, ``Visits``, ``Payload``), and its size in
    bytes."""

    def __init__(
        self,
        api: Api,
        stored: Callable[[str, str, int], None] | None,
        read_clocks: Callable[[], Readings],
    ) -> None:
        self._api: Final = api
        self._stored: Final = stored
        self._read_clocks: Final = read_clocks
        self._rolling: dict[str, _Copy] = {}
        """By the execution's uid."""

    def __len__(self) -> int:
        """How many copies of pages are under way."""
        return len(self._rolling)

    async def payload(self, ref: ExecutionRef, digest: str) -> str:
        name = payload_name(ref.uid, digest)
        try:
            body = await self._api.get(path_of(API_VERSION, HISTORIES, ref.namespace, name))
        except NotFound as error:
            raise Refused(
                f"ExecutionHistory {ref.namespace}/{name}, which the checkpoint needs, is lost"
            ) from error
        except ApiError as error:
            raise Unavailable(str(error)) from error
        text: str = body["payload"]
        if payloads.digest_of(text) != digest:
            raise Refused(
                f"ExecutionHistory {ref.namespace}/{name} does not hold what its name says: it was not made by "
                f"Stepwright"
            )
        return text

    async def store_payloads(self, known: Record, texts: Payloads, row: Row) -> None:
        new = [(digest, text) for digest, text in texts.items() if digest not in known.stored]
        for at in range(0, len(new), AT_ONCE):
            row.go_on()
            stored = await asyncio.gather(
                *(self._store_payload(known, *payload) for payload in new[at : at + AT_ONCE]),
                return_exceptions=True,  # what is under way comes to its end before the commit is tried again
            )
            failure = next(filter(None, stored), None)
            if failure is not None:
                raise failure

    async def _store_payload(self, known: Record, digest: str, text: str) -> None:
        fields = {"content": "Payload", "payload": text, "sha256": digest}
        await self._create_history(known, payload_name(known.uid, digest), fields)

    async def store_visits(self, known: Record, commit: Commit, row: Row) -> ToldVisits:
        """What the status has to hold of visits after a commit; the rest is stored. An execution that ends is not written again, so
        all of it may stay there. Raises Unavailable, Gone."""
        told, visits = known.visits, commit.visits
        if commit.outcome is None and len(told.text) > told_visits.FULL_CHARACTERS:
            told = await self._store_page(known, told, row)
        for at in range(0, len(visits), VISITS_AT_ONCE):
            told = told.after(visits[at : at + VISITS_AT_ONCE])
            if len(told.text) > told_visits.MOST_CHARACTERS:
                told = await self._store_page(known, told, row)
        return told

    async def _store_page(self, known: Record, page: ToldVisits, row: Row) -> ToldVisits:
        """What follows the page. An execution rather goes on without visits than not at all: while the page is denied it
        grows, and then is given up, as it is where the CRDs do not know such pages yet."""
        row.go_on()
        name = visits_name(known.uid, page.previous, page.text)
        fields = {"content": "Visits", "visits": page.text}
        if page.previous is not None:
            fields["previous"] = page.previous
        try:
            await self._create_history(known, name, fields)
        except Denied as error:
            if len(page.text) <= told_visits.MOST_CHARACTERS:
                return page
            why = str(error)
        except Refused as error:
            why = str(error)
        else:
            return ToldVisits(previous=name)
        log.warning("visits of states are not kept", execution=f"{known.namespace}/{known.name}", why=why)
        return ToldVisits(previous=page.previous)

    def roll_ahead(self, known: Record) -> None:
        """Begin to copy a full page, unless that is under way: the next commits are made meanwhile."""
        if known.uid in self._rolling:
            return
        events = len(known.events)
        rolling = asyncio.create_task(
            self._roll_page(known, events), name=f"page of {known.namespace}/{known.name}"
        )
        # The commit, if there is one, repeats what fails.
        rolling.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._rolling[known.uid] = _Copy(self._read_clocks(), events, rolling)

    async def rolled(self, known: Record, commit: Commit, row: Row) -> Rolled | None:
        """What a commit takes out of the status. None while it is being copied, if the status has room for the commit; the last one
        waits for the copy, which nobody would need afterwards."""
        copy, events = self._rolling.get(known.uid), len(known.events)
        if copy is not None:
            # Later, etcd may have been restored to a time before the copy.
            is_recent = readings.passed(copy.begun, self._read_clocks()) <= TRUSTED_SECONDS
            has_room = known.page_has_room and commit.outcome is None
            if copy.is_left_by(commit.commit_id, may_wait=has_room and is_recent and not copy.page.done()):
                return None
            if is_recent:
                await asyncio.wait((copy.page,))
                if not copy.page.cancelled() and copy.page.exception() is None:
                    row.relies_on(copy.begun)
                    return Rolled(copy.page.result(), copy.events)
            events = copy.events
        row.go_on()
        return Rolled(await self._roll_page(known, events), events)

    def stop_rolling(self, uid: str) -> None:
        if uid in self._rolling:
            self._rolling.pop(uid).page.cancel()

    async def _roll_page(self, known: Record, count: int) -> str:
        """Copy so many events of the status, which are committed, to an object of their own."""
        events = known.events[:count]
        last = msgspec.json.decode(events[-1])["id"]
        fields: dict[str, Any] = {
            "content": "Events",
            "firstEventId": known.page_first,
            "lastEventId": last,
            "events": events,
        }
        if known.previous_page is not None:
            fields["previous"] = known.previous_page
        # The last id is part of the name: before a crash the page may have been copied when it was shorter.
        # Both copies are correct; readers follow the one that the status names.
        name = f"{known.uid}-{known.page_first}-{last}"
        if await self._create_history(known, name, fields) or await self._is_page(known, name, fields):
            return name
        # It belongs to commits that a restore has undone: its copy was under way, and landed afterwards.
        page = seal.with_events(seal.new_page(known.previous_page), events)
        name = f"{name}-{seal.of_history(page)}"
        await self._create_history(known, name, fields)
        return name

    async def _is_page(self, known: Record, name: str, fields: Mapping[str, Any]) -> bool:
        """Whether the page stored under this name has these events."""
        try:
            stored = await self._api.get(path_of(API_VERSION, HISTORIES, known.namespace, name))
        except ApiError as error:
            raise write_errors.of_write(f"{known.namespace}/{known.name}", error) from error
        return all(stored.get(each) == fields.get(each) for each in ("events", "previous"))

    async def _create_history(self, known: Record, name: str, fields: Mapping[str, Any]) -> bool:
        """Whether it was created now; not if there is one of that name."""
        owner = {"apiVersion": API_VERSION, "kind": "Execution", "name": known.name, "uid": known.uid}
        body = {
            "apiVersion": API_VERSION,
            "kind": "ExecutionHistory",
            "metadata": {
                "name": name,
                "namespace": known.namespace,
                "labels": {UID_LABEL: known.uid},
                "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": False}],
            },
            "executionRef": {"name": known.name, "uid": known.uid},
            **fields,
        }
        text = msgspec.json.encode(body)
        try:
            path = path_of(API_VERSION, HISTORIES, known.namespace)
            await self._api.request("POST", path, body=text, accept=METADATA_ALONE)
            if self._stored is not None:
                self._stored(known.namespace, fields["content"], len(text))
        except AlreadyExists:
            log.debug("already stored", name=name)
            return False
        except ApiError as error:
            raise write_errors.of_write(f"{known.namespace}/{known.name}", error) from error
        return True
