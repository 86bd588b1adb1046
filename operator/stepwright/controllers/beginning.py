"""Opens an execution for the engine: reads what is stored of it, and finds out what it runs, unless it has begun already.
One that cannot begin is refused here, or waits for its state machine, and its conditions say so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import msgspec

from stepwright.asl.checkpoint.checkpoint import NewerVersion
from stepwright.cluster import conditions
from stepwright.cluster.consistency import Edited
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import InvalidInput, Pinned, Stored, as_needed, lean
from stepwright.cluster.uncarried import Refusals
from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.failing import Failing
from stepwright.controllers.known_machines import Known
from stepwright.controllers.new_texts import NewTexts
from stepwright.controllers.state_machine_watch import Key
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.waiting import Waiting
from stepwright.engine.ports import Clock, ExecutionRef, Loaded, Refused, Uid
from stepwright.engine.readings import Readings

SILENT_SECONDS: Final = 1.0
"""An Execution created together with its StateMachine often arrives a moment before it, so nothing is
reported until this time has passed."""
SILENT_LOOKS: Final = 10


class ToOpen(NamedTuple):
    """What is stored of it, with its input; what it runs; and, for a new one, when that was found out."""

    stored: Stored
    pinned: Pinned
    found: Readings | None = None


class Unbegun(NamedTuple):
    """etcd was restored to a time before it had begun: what it is to run is looked up again."""

    seen: Seen


class ForNewer(NamedTuple):
    """A newer version has written it, in a form that this one cannot read."""

    stored: Stored
    error: NewerVersion


Opened: TypeAlias = Loaded | Unbegun | ForNewer | None
"""None: there is nothing to run, and everything to report is written."""


class Beginning:
    """``pin`` is called before reading what an execution runs: from then on its state machine waits for it;
    ``unpin`` if it does not run after all."""

    def __init__(
        self,
        journal: ClusterJournal,
        refusals: Refusals,
        failing: Failing,
        machines: StateMachines,
        waiting: Waiting,
        clock: Clock,
        *,
        restarts_restored: bool,
        pin: Callable[[Seen, Pinned], None],
        unpin: Callable[[Uid], None],
    ) -> None:
        self._journal = journal
        self._refusals = refusals
        self._failing = failing
        self._machines = machines
        self._waiting = waiting
        self._clock = clock
        self._restarts_restored = restarts_restored
        self._pin = pin
        self._unpin = unpin
        self._texts = NewTexts()

    @property
    def texts(self) -> int:
        """How many are kept."""
        return len(self._texts)

    def keep(self, uid: Uid, text: msgspec.Raw) -> None:
        """The text of a new one, with which it may begin without another read."""
        self._texts.keep(uid, text)

    def forget(self, uid: Uid) -> None:
        self._texts.forget(uid)

    async def open(self, seen: Seen, *, was_here: bool) -> Opened:
        """``was_here``: some of its work runs, although it does not appear to have begun."""
        uid, ref, pinned = seen.uid, seen.reference, seen.pinned
        self._waiting.stop(seen.machine, uid)  # if an earlier attempt could not report that it waits
        if pinned is None and (was_here or not seen.seems_intact):
            stored = await self._journal.read_lean(ref)
            pinned = stored.pinned
            if pinned is None and await self._failing.has_put_right(uid, stored):
                return None
        if pinned is not None:
            return await self._opened(seen, await self._begun(seen, pinned))
        lean = await self._lean(ref)
        pinned = lean.pinned  # it may have begun, and ended, since it was seen
        return await self._opened(
            seen, await (self._new(seen, lean) if pinned is None else self._begun(seen, pinned))
        )

    async def _begun(self, seen: Seen, pinned: Pinned) -> ToOpen | Unbegun | None:
        # The event may be older than this process's own last write, and the tasks open in it would be
        # dispatched before the next write.
        stored = await self._journal.read(seen.reference)
        found = execution_watch.of_stored(stored)
        if found.pinned is None and not found.status.seq:
            return Unbegun(found)
        if stored.has_ended and stored.settled and not self._failing.holds(seen.uid):
            await self._failing.has_put_right(seen.uid, stored)
            return None
        return ToOpen(stored, pinned)

    async def _new(self, seen: Seen, lean: Stored) -> ToOpen | None:
        ref = seen.reference
        if lean.has_ended:
            return None  # it was refused by a write whose answer was lost; the event for that is on its way
        if seen.stop_request is not None:
            await self._refusals.abort(lean, seen.stop_request)
            return None
        if lean.is_shard:
            return None  # it begins with a checkpoint, which its parent's operator writes
        came_back = lean.restored_by
        if came_back is not None and not (self._restarts_restored or lean.may_restart):
            await self._refusals.restored(lean, came_back)
            return None
        found = self._journal.read_clocks()
        pinned = await self._find_machine(seen, lean)
        if pinned is None:
            return None
        try:
            stored = await self._whole(ref)
        except InvalidInput as error:
            await self._failing.refuse(error.stored or await self._lean(ref), str(error))
            return None
        return ToOpen(stored, stored.pinned or pinned, found)

    async def _opened(self, seen: Seen, found: ToOpen | Unbegun | None) -> Opened:
        if not isinstance(found, ToOpen):
            return found
        stored, pinned, found_at = found
        self._pin(seen, pinned)  # before anything more is awaited
        try:
            return await self._journal.open(stored, pinned, found_at)
        except BaseException as error:
            self._unpin(seen.uid)
            match error:
                case InvalidInput():
                    await self._failing.refuse(stored, str(error))
                case Edited():
                    await self._failing.put_right(stored, error)
                case NewerVersion():
                    return ForNewer(stored, error)
                case Refused():
                    await self._failing.fail_plainly(stored, str(error))
                case _:
                    raise
            return None

    async def _whole(self, ref: ExecutionRef) -> Stored:
        """A new Execution with its input: from the event that reported it, or read. Raises InvalidInput."""
        text = self._texts.get(ref.uid)
        return await self._journal.read(ref) if text is None else as_needed(text)

    async def _lean(self, ref: ExecutionRef) -> Stored:
        """A new Execution without its input, likewise."""
        text = self._texts.get(ref.uid)
        return await self._journal.read_lean(ref) if text is None else lean(text)

    async def _find_machine(self, seen: Seen, stored: Stored) -> Pinned | None:
        """What a new execution is to run; None if it has to wait, which its conditions then say."""
        key = seen.machine
        known = await self._machines.newest(key) or await self._appears(key)
        if known is not None and known.revision is not None:
            return Pinned(key[1], known.uid, known.revision)
        self._waiting.add(seen)
        if known is None:
            detail = f"there is no StateMachine {key[1]!r} in namespace {key[0]!r}"
            await self._refusals.wait(stored, conditions.WAITING_FOR_STATE_MACHINE, detail)
        else:
            await self._refusals.wait(stored, conditions.STATE_MACHINE_NOT_READY, known.reason)
        # Read it: for one in doubt there may be no further event.
        known = await self._machines.newest(key)
        if known is None or known.revision is None or not self._waiting.stop(key, seen.uid):
            return None
        return Pinned(key[1], known.uid, known.revision)  # it became ready while that was written

    async def _appears(self, key: Key) -> Known | None:
        """What is known about a state machine once it appears, within the time before its absence is
        reported."""
        for _ in range(SILENT_LOOKS):
            await self._clock.sleep(SILENT_SECONDS / SILENT_LOOKS)
            if self._machines.find(key) is not None:
                # Its first event may show an earlier definition than the one that is ready by now.
                return await self._machines.newest(key)
        return None
