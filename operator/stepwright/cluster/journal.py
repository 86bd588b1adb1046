"""The journal on the API server: the status of the Execution, with pages and long payloads in ExecutionHistory objects.

One commit is one conditional JSON Patch of the status. What it refers to (payloads, a full page) is created
before it, under names derived from the content, so repeating it after a crash changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import structlog

from stepwright.asl.signals import Millis
from stepwright.cluster import compared, consistency, patches, redrives, seal, write_errors
from stepwright.cluster.beside import StoredBeside, payload_name
from stepwright.cluster.compared import Relation
from stepwright.cluster.consistency import Edited
from stepwright.cluster.contents import Contents
from stepwright.cluster.installation import Installation
from stepwright.cluster.patches import Change
from stepwright.cluster.reading import Reading, path_of_execution
from stepwright.cluster.record import Record
from stepwright.cluster.redrives import Kept
from stepwright.cluster.revisions import Revisions
from stepwright.cluster.rows import TRUSTED_SECONDS, Row
from stepwright.cluster.stored import Pinned, Stored
from stepwright.engine import payloads, readings
from stepwright.engine.payloads import Payloads
from stepwright.engine.ports import (
    Commit,
    Denied,
    Elsewhere,
    ExecutionRef,
    Fenced,
    Gone,
    Loaded,
    Refused,
    Unavailable,
)
from stepwright.engine.readings import Readings
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Invalid, TooLarge

log = structlog.get_logger(__name__)


class _Stored(msgspec.Struct):
    """The fields of an Execution that show what became of a write."""

    metadata: _Metadata
    status: _Status | None = None


class _Metadata(msgspec.Struct):
    uid: str


class _Status(msgspec.Struct):
    seq: int = 0
    commitId: str | None = None  # noqa: N815 - the field's name on the wire


class ClusterJournal:
    """Implements ``engine.ports.Journal``."""

    keeps_children = False

    def __init__(
        self,
        api: Api,
        revisions: Revisions,
        on_restored: Callable[[ExecutionRef, int, int], None] | None = None,
        stored: Callable[[str, str, int], None] | None = None,
        installation: Installation | None = None,
        read_clocks: Callable[[], Readings] = readings.read,
        *,
        keeps_visits: bool = True,
    ) -> None:
        """``on_restored`` is called for an execution that is stored in an earlier state, with the numbers of
        the newest commit made and of the one stored. ``stored`` is called for each object stored beside an
        Execution: its namespace, its content (``Events``, ``Visits``, ``Payload``), and its size in bytes.
        ``read_clocks`` shows how much time has passed. ``keeps_visits``: whether visits of states can be asked for
        later."""
        self._api = api
        self._installation = installation
        self._revisions = revisions
        self.on_restored = on_restored
        self._records: dict[str, Record] = {}
        self._read_clocks = read_clocks
        self._keeps_visits = keeps_visits
        self._reading = Reading(api)
        self._beside = StoredBeside(api, stored, read_clocks)
        self._contents = Contents(revisions, self._beside)

    # --- Loading -------------------------------------------------------------------------------------------------

    async def load(self, ref: ExecutionRef, at_least: int | None = None) -> Loaded:
        found = await (self.read(ref) if at_least is None else self._reading.read_cached(ref, at_least))
        known = self._records.get(ref.uid)
        sent = self._read_clocks()
        if not found.seq and await self._begins_anew(found, known):
            if self.on_restored is not None:
                self.on_restored(ref, (at_least or 0) if known is None else known.seq, 0)
            # Not because its definition is missing: that may be gone, too, and another be there by now.
            raise Refused(f"Execution {ref} was never started")
        pinned = found.pinned
        if pinned is None and known is not None:
            pinned = Pinned(**known.state_machine)
        if pinned is None:
            raise Edited("status.stateMachine is")
        relation = Relation.FOLLOWS if known is None else compared.relation(found, known)
        if relation is Relation.EDITED:
            raise Edited("status.seq is")
        loaded = await self.open(found, pinned, sent)
        if relation is Relation.RESTORED and known is not None:
            self._note_restored(ref, known.seq)
        elif known is None and at_least is not None and found.seq < at_least:
            self._note_restored(ref, at_least)  # of what waited outside memory only the number is known
        return loaded

    def _note_restored(self, ref: ExecutionRef, newest: int) -> None:
        restored = self._records[ref.uid]
        restored.lost_from = newest
        if self.on_restored is not None:
            self.on_restored(ref, newest, restored.seq)

    async def _begins_anew(self, found: Stored, known: Record | None) -> bool:
        """Whether one that has not begun, as it is stored, cannot begin with what it was to run, or runs: a restore of etcd,
        or a deletion, has undone that."""
        if known is None:
            return True
        if known.seq:
            return compared.is_from_before(found, known)
        return not await self._is_there(found.reference, known)

    async def _is_there(self, ref: ExecutionRef, known: Record) -> bool:
        """Whether the revision that it is to run is stored. Raises Unavailable, Gone."""
        name = known.state_machine["revision"]
        try:
            return await self._revisions.find(known.namespace, name, self._read_clocks())
        except ApiError as error:
            raise await self._reading.unreadable(ref, error) from error

    async def read(self, ref: ExecutionRef) -> Stored:
        """``Reading.read``."""
        return await self._reading.read(ref)

    async def read_lean(self, ref: ExecutionRef) -> Stored:
        """``Reading.read_lean``."""
        return await self._reading.read_lean(ref)

    async def is_gone(self, ref: ExecutionRef) -> bool:
        return await self._reading.is_gone(ref)

    def observe_generation(self, uid: str, generation: int, redrive: str | None) -> None:
        """The spec has changed (a stop): the next commit is about this generation, and refuses a ``redrive``."""
        known = self._records.get(uid)
        if known is not None and generation > known.generation:
            known.generation, known.asked = generation, redrive

    def read_clocks(self) -> Readings:
        """At this moment, for ``open``."""
        return self._read_clocks()

    async def open(self, found: Stored, pinned: Pinned, at: Readings | None = None) -> Loaded:
        """Take up an Execution as it was read; ``pinned`` is what it runs unless it says so itself: others may have begun
        it, with another definition, since it was found out what a new one would run (``at``: when that was, if it was not
        now). A body that is out of date does no harm: the first commit is refused and the execution loaded again. Raises
        Unavailable, Refused (Edited), InvalidInput, NewerVersion, Elsewhere.
        """
        operator = found.operator
        if self._installation is not None and not self._installation.carries(operator):
            raise Elsewhere(f"installation {operator} has begun it")
        consistency.check(found)
        pinned = found.pinned or pinned
        result, digests = await self._contents.of(found, pinned)
        taken_up = Record.of(found, pinned.as_status())
        taken_up.carrier = None if self._installation is None else self._installation.name
        taken_up.stored |= digests
        self._beside.stop_rolling(taken_up.uid)
        self._records[taken_up.uid] = taken_up
        if not taken_up.seq:
            self._revisions.found(taken_up.namespace, pinned.revision, at or self._read_clocks())
        return result

    async def peek(self, found: Stored) -> Loaded | None:
        """``Contents.peek``."""
        return await self._contents.peek(found)

    def is_as_written(self, found: Stored) -> bool:
        """Whether nobody else has changed the status of an Execution that runs here."""
        return compared.is_as_written(found, self._records.get(found.uid))

    def forget(self, ref: ExecutionRef) -> None:
        self._beside.stop_rolling(ref.uid)
        self._records.pop(ref.uid, None)

    # --- Writing -------------------------------------------------------------------------------------------------

    async def append(self, ref: ExecutionRef, commit: Commit) -> None:
        known = self._records[ref.uid]
        if known.seq != commit.expected_seq:
            raise Fenced(f"Execution {ref} is at {known.seq}, not at {commit.expected_seq}")
        after = await self._append(ref, known, commit)
        is_carried = self._records.get(ref.uid) is after
        if is_carried and after.page_is_full and commit.outcome is None:
            self._beside.roll_ahead(after)

    async def begin(self, found: Stored, parent: ExecutionRef, commit: Commit) -> None:
        """Write the first commit of an execution that was created to run what its ``parent``, which runs here, runs. Nobody
        carries it yet. Raises what ``append`` does."""
        runs = self._records.get(parent.uid)
        if runs is None:
            raise Unavailable(f"Execution {parent} does not run here")
        new = Record.of(found, runs.state_machine)
        new.carrier = None if self._installation is None else self._installation.name
        await self._append(found.reference, new, commit)

    async def _append(self, ref: ExecutionRef, known: Record, commit: Commit) -> Record:
        """An end that has no room for what a redrive goes on from is written without."""
        texts: Payloads = {}
        kept = redrives.kept_by(commit, texts)
        try:
            return await self._write(ref, known, commit, kept, texts)
        except Refused as error:
            if kept is None or not kept.parts or not isinstance(error.__cause__, TooLarge):
                raise
        return await self._write(ref, known, commit, Kept(why_not=redrives.TOO_LARGE), {})

    async def _write(
        self, ref: ExecutionRef, known: Record, commit: Commit, kept: Kept | None, texts: Payloads
    ) -> Record:
        """``texts``: the long ones in what is ``kept``."""
        parts = {
            part: None if encoded is None else payloads.short_text(encoded, texts)
            for part, encoded in commit.parts.items()
        }
        if kept is not None:
            parts |= kept.parts
            if known.seq and not commit.whole:  # most of it is stored already
                parts = {
                    part: text
                    for part, text in parts.items()
                    if text is None or known.parts.get(part) != seal.of_part(text)
                }
        events = [payloads.short_text(event, texts) for event in commit.events]
        output_ref = None
        if commit.outcome is not None and commit.outcome.output is not None:
            output = payloads.take_out(commit.outcome.output, texts)
            if not isinstance(output, str):
                output_ref = payload_name(known.uid, output[payloads.REFERENCE])
        row = Row(self._read_clocks)
        if not known.seq:
            await self._rely_on_revision(ref, known, row)
        await self._beside.store_payloads(known, texts, row)
        rolled = None
        if known.page_is_full:
            try:
                rolled = await self._beside.rolled(known, commit, row)
            except Denied:
                # If a quota is used up, an execution must still be able to end: its last page grows instead.
                if commit.outcome is None:
                    raise
        visits = known.visits
        if self._keeps_visits:
            visits = await self._beside.store_visits(known, commit, row)
        change = patches.of_commit(
            known,
            commit,
            parts,
            events,
            visits=visits,
            output_ref=output_ref,
            rolled=rolled,
            kept=kept,
        )
        row.go_on()
        await self._apply(ref, known, change, commit.commit_id)
        if rolled is not None:
            self._beside.stop_rolling(known.uid)
        # Only now: if this attempt had failed, etcd might have been restored before the next.
        change.after.stored.update(texts)
        return change.after

    async def explain(self, ref: ExecutionRef, reason: str, now: Millis) -> None:
        known = self._records.get(ref.uid)
        if known is not None:
            await self._apply(ref, known, patches.of_explanation(known, reason, now), None)

    async def settle(self, ref: ExecutionRef, expected_seq: int, commit_id: str) -> None:
        known = self._records[ref.uid]
        if known.seq != expected_seq:
            raise Fenced(f"Execution {ref} is at {known.seq}, not at {expected_seq}")
        await self._apply(ref, known, patches.of_settling(known, commit_id), commit_id)

    async def _apply(self, ref: ExecutionRef, known: Record, change: Change, commit_id: str | None) -> None:
        """``commit_id`` None: it is not a commit, and nothing is lost if it does not land."""
        try:
            await self._api.change(path_of_execution(ref.namespace, ref.name, "status"), change.patch)
        except Invalid as error:
            if commit_id is None:
                raise Fenced(f"Execution {ref} is not what it was") from error
            await self._find_out(ref, known, commit_id, error)
        except ApiError as error:
            raise write_errors.of_write(ref, error) from error
        # These may have changed meanwhile.
        change.after.generation, change.after.asked = known.generation, known.asked
        if self._records.get(ref.uid) is known:  # else it was let go of meanwhile
            self._records[ref.uid] = change.after

    async def _find_out(self, ref: ExecutionRef, known: Record, commit_id: str, refusal: Invalid) -> None:
        """A write was answered with 422: a ``test`` failed, or the schema refuses it. Returns if this very
        write had landed before (an earlier attempt that was not answered)."""
        try:
            stored = await self._api.get(path_of_execution(ref.namespace, ref.name), into=_Stored)
        except ApiError as error:
            # Not denied: it is unknown whether the write has landed, and an execution must not fail for that.
            raise await self._reading.unreadable(ref, error) from error
        if stored.metadata.uid != ref.uid:
            raise Gone(f"Execution {ref} was deleted; another one has its name now") from refusal
        status = stored.status or _Status()
        if status.commitId == commit_id:
            return
        if (status.seq, status.commitId) != (known.seq, known.commit_id):
            raise Fenced(
                f"Execution {ref} is at {status.seq} ({status.commitId}), not at {known.seq} ({known.commit_id})"
            ) from refusal
        raise Refused(str(refusal)) from refusal

    async def _rely_on_revision(self, ref: ExecutionRef, known: Record, row: Row) -> None:
        """The first commit names what the execution runs from then on, which must be there still when it lands: it may have
        been tried for long. Raises Fenced if it is not, Unavailable, Gone."""
        name, now = known.state_machine["revision"], self._read_clocks()
        found = self._revisions.last_found(known.namespace, name)
        if found is None or readings.passed(found, now) > TRUSTED_SECONDS:
            if not await self._is_there(ref, known):
                raise Fenced(f"what Execution {ref} was to run is gone before it has begun")
            found = self._revisions.last_found(known.namespace, name) or now
        row.relies_on(found)
