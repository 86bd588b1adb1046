"""What is stored beside an Execution, in ExecutionHistory objects: long payloads, and pages of events that are full.

Names follow from the content, so that storing it again after a crash changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from stepwright.cluster import seal, write_errors
from stepwright.cluster.record import Record
from stepwright.cluster.resources import API_VERSION
from stepwright.cluster.rows import TRUSTED_SECONDS, Row
from stepwright.engine import payloads, readings
from stepwright.engine.payloads import Payloads
from stepwright.engine.ports import ExecutionRef, JournalError, Refused, Unavailable
from stepwright.engine.readings import Readings
from stepwright.kube.api import METADATA_ALONE, Api
from stepwright.kube.api_errors import AlreadyExists, ApiError, NotFound
from stepwright.kube.paths import path_of

log = structlog.get_logger(__name__)

HISTORIES: Final = "executionhistories"
AT_ONCE: Final = 4
"""Payloads of one commit that are stored at the same time. They depend on nothing but themselves."""

UID_LABEL: Final = "stepwright.dev/execution-uid"


def payload_name(uid: str, digest: str) -> str:
    return f"{uid}-p-{digest[:32]}"


class Beside:
    """``stored`` is called for each object: its namespace, its content (``Events``, ``Payload``), and its size in bytes."""

    def __init__(
        self,
        api: Api,
        stored: Callable[[str, str, int], None] | None,
        read_clocks: Callable[[], Readings],
    ) -> None:
        self._api: Final = api
        self._stored: Final = stored
        self._read_clocks: Final = read_clocks
        self._rolling: dict[str, tuple[Readings, asyncio.Task[str]]] = {}
        """Copies of full pages under way for the next commit, by the execution's uid, and when they were
        begun."""

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

    def roll_ahead(self, known: Record) -> None:
        """Begin to copy a full page, which the next commit needs, while its steps are computed."""
        rolling = asyncio.create_task(self._roll_page(known), name=f"page of {known.namespace}/{known.name}")
        # The commit, if there is one, repeats what fails.
        rolling.add_done_callback(lambda task: task.cancelled() or task.exception())
        self._rolling[known.uid] = self._read_clocks(), rolling

    async def rolled_page(self, known: Record, row: Row) -> str:
        begun = self._rolling.pop(known.uid, None)
        if begun is not None:
            since, rolling = begun
            if readings.passed(since, self._read_clocks()) > TRUSTED_SECONDS:
                rolling.cancel()  # etcd may have been restored meanwhile to a time before the copy
            else:
                with suppress(JournalError):
                    page = await rolling
                    row.relies_on(since)
                    return page
        row.go_on()
        return await self._roll_page(known)

    def stop_rolling(self, uid: str) -> None:
        if uid in self._rolling:
            _, rolling = self._rolling.pop(uid)
            rolling.cancel()

    async def _roll_page(self, known: Record) -> str:
        """Copy the page in the status, all of whose events are committed, to its own object."""
        last = msgspec.json.decode(known.events[-1])["id"]
        fields: dict[str, Any] = {
            "content": "Events",
            "firstEventId": known.page_first,
            "lastEventId": last,
            "events": known.events,
        }
        if known.previous_page is not None:
            fields["previous"] = known.previous_page
        # The last id is part of the name: before a crash the page may have been copied when it was shorter.
        # Both copies are correct; readers follow the one that the status names.
        name = f"{known.uid}-{known.page_first}-{last}"
        if await self._create_history(known, name, fields) or await self._is_page(known, name, fields):
            return name
        # It belongs to commits that a restore has undone: its copy was under way, and landed afterwards.
        name = f"{name}-{seal.of_history(known.page)}"
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
