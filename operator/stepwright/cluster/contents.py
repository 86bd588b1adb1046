"""All that is stored for an execution: its checkpoint, whose long texts are in objects beside it, and the machine that it is
pinned to."""

from __future__ import annotations

from typing import Any

import msgspec

from stepwright.asl.checkpoint.checkpoint import PartId, check_version
from stepwright.asl.checkpoint.parts import STOPS
from stepwright.asl.machine import Machine
from stepwright.catalog.redrives import no_such_state
from stepwright.cluster import consistency, executions, redrives
from stepwright.cluster.beside import StoredBeside
from stepwright.cluster.consistency import Edited
from stepwright.cluster.revisions import Revision, Revisions
from stepwright.cluster.stored import Pinned, Stored
from stepwright.engine import payloads
from stepwright.engine.ports import Loaded, Refused


class Contents:
    def __init__(self, revisions: Revisions, beside: StoredBeside) -> None:
        self._revisions = revisions
        self._beside = beside

    async def of(self, found: Stored, pinned: Pinned) -> tuple[Loaded, set[str]]:
        """With the digests of the texts that were beside it. One that has ended goes on if a redrive is asked for that is
        possible. Raises
        Unavailable, Refused, InvalidInput, NewerVersion."""
        ended = found.has_ended and not redrives.goes_on(found)
        revision = await self._revision(found, pinned, ended=ended)
        if not ended and found.has_ended:
            ended = no_such_state(found.redrive_from, revision.machine) is not None
        parts, digests = await self._parts(found, ended=ended)
        return executions.loaded(found, revision, parts, ended=ended), digests

    async def peek(self, found: Stored) -> Loaded | None:
        """Of an Execution that nobody carries; None if it has not begun, or somebody has edited it. Its machine is empty if
        that is lost. Raises Unavailable, NewerVersion, and Refused where a payload is lost."""
        pinned = found.pinned
        try:
            consistency.check(found)
        except Edited:
            return None
        if pinned is None:
            return None
        try:
            revision = await self._revision(found, pinned, ended=found.has_ended)
        except Refused:
            revision = _without_machine(pinned)
        parts, _ = await self._parts(found, ended=found.has_ended)
        return executions.loaded(found, revision, parts, ended=found.has_ended)

    async def _parts(self, found: Stored, *, ended: bool) -> tuple[dict[PartId, Any], set[str]]:
        """Raises Unavailable, Refused, NewerVersion."""
        encoded = {
            part: msgspec.json.decode(text)
            for part, text in found.checkpoint.items()
            if not ended or part.startswith(STOPS)  # of an ended execution there is only to clean up
        }
        digests = payloads.references(encoded)
        ref = found.reference
        texts = {digest: await self._beside.payload(ref, digest) for digest in sorted(digests)}
        for part in encoded.values():
            check_version(part)
        return {PartId(part): payloads.put_back(value, texts) for part, value in encoded.items()}, digests

    async def _revision(self, found: Stored, pinned: Pinned, *, ended: bool) -> Revision:
        try:
            return await self._revisions.get(found.namespace, pinned.revision)
        except Refused:
            if not ended:
                raise
            # It may have been deleted with its StateMachine. An ended execution takes no step: it only needs
            # cleaning up.
            return _without_machine(pinned)


def _without_machine(pinned: Pinned) -> Revision:
    return Revision(pinned.revision, Machine(scopes={}), {})
