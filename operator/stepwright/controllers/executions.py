"""Executions: taken up when they appear, stopped on request, dropped when they are deleted, removed after
their time.

Several operators share them: only those that belong to this one are handled here. Of the others only the
watch's view is kept; they are taken up when they come to belong here.

Nothing is written here that the engine's journal could write; the writes concern executions that have not
started: why they wait, that their input is bad, that they were stopped before they began.

Of one that waits, only the watch's view is remembered: it is read when it starts.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

import msgspec
import structlog

from stepwright.cluster import uncarried
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import lean, unfit
from stepwright.controllers import execution_watch
from stepwright.controllers.acts import Act, Here, act_upon, seems_back
from stepwright.controllers.beginning import Beginning, ForNewer, Unbegun
from stepwright.controllers.busy import Busy
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.failing import Failing
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.insisting import Insisting
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.retention import Retention
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.shares import Shares
from stepwright.controllers.stalled import Stalled
from stepwright.controllers.state_machine_watch import Key
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.under_way import UnderWay
from stepwright.controllers.waiting import Waiting
from stepwright.engine.engine import Engine
from stepwright.engine.observer import Observer, Unobserved
from stepwright.engine.parking import Parked
from stepwright.engine.ports import (
    Clock,
    ExecutionRef,
    Gone,
    Loaded,
    TaskDriver,
    Uid,
)
from stepwright.kube.informer import Informer, Metadata

log = structlog.get_logger(__name__)


class Executions:
    def __init__(
        self,
        engine: Engine,
        journal: ClusterJournal,
        refusals_: uncarried.Refusals,
        drivers: tuple[TaskDriver, ...],
        machines: StateMachines,
        watch: Informer[Seen],
        retention: Retention,
        failures: FailureEvents,
        clock: Clock,
        apart: SettingApart,
        neighbours: Neighbours,
        *,
        owns: Callable[[Uid], bool],
        held: Callable[[Uid], bool],
        restarts_restored: bool = False,
        observer: Observer = Unobserved(),  # noqa: B008 - has no state
    ) -> None:
        """``owns``: whether the execution belongs to this operator; ``held``: and may be acted on right now.
        ``restarts_restored``: whether executions that came back from a backup without their status start
        again."""
        self._failing = Failing(refusals_, Clearing(journal, drivers), failures)
        self._insisting = Insisting(
            journal,
            refusals_,
            self._failing,
            failures,
            clock,
            observer,
            held=held,
            carries=engine.carries,
            find=self._find,
        )
        self._engine = engine
        self._journal = journal
        self._refusals = refusals_
        self._drivers = drivers
        self._retention = retention
        self._failures = failures
        self._clock = clock
        self._apart = apart
        self._neighbours = neighbours
        self._owns = owns
        self._machines = machines
        self._watch = watch
        self._waiting = Waiting()
        self.under_way = UnderWay(watch)
        self._beginning = Beginning(
            journal,
            refusals_,
            self._failing,
            machines,
            self._waiting,
            clock,
            restarts_restored=restarts_restored,
            pin=self.under_way.pin,
            unpin=self.finished,
        )
        self._stalled = Stalled(journal, refusals_, self._failing, engine.carries)
        self._stopped: set[Uid] = set()
        """Those that are carried, and whose stop the engine knows of."""
        self._busy = Busy(self._insisting, again=self._look_again, taken_up=self._taken_up)
        self._shares = Shares(
            watch,
            retention,
            apart,
            self._insisting,
            owns=owns,
            here=self._acted_upon,
            is_known=self._is_known,
            let_go=self._let_go,
            take_up=self._look_again,
        )

    def broke(self, metadata: Metadata, error: Exception) -> None:
        """An event of an execution could not be processed. Read the execution instead; if that fails, too, it
        ends."""
        uid = Uid(metadata.uid)
        if not self._owns(uid):
            return
        if self._busy.when_taken_up(uid, lambda: self.broke(metadata, error)):  # one at a time
            return
        ref = ExecutionRef(uid, metadata.namespace, metadata.name, "")
        seen = self._find(ref)
        if seen is not None and seen.uid == uid and self._insisting.has_given_up(seen):
            return
        self._busy.keep_at(ref, lambda: self._take_in(ref), error)

    async def _take_in(self, ref: ExecutionRef) -> None:
        try:
            seen = execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            with self._busy.aside(ref.uid):  # this ends by itself
                self._forget_reference(ref)
            return
        with self._busy.aside(ref.uid):  # so that it is not postponed until this has ended
            self._observe("MODIFIED", seen)

    def observe(self, type: str, seen: Seen, text: msgspec.Raw | None = None) -> None:
        """Act on what is known about it now. Runs in the engine's loop. An error affects only this execution,
        which is tried again."""
        self._guarded(seen, lambda: self._observe(type, seen, text))

    def _guarded(self, seen: Seen, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            log.exception("execution could not be looked at", execution=str(seen.reference))
            self.broke(seen.metadata, error)

    def _observe(self, type: str, seen: Seen, text: msgspec.Raw | None = None) -> None:
        uid, ref = seen.uid, seen.reference
        self._engine.written(uid, seen.status.seq)
        match act_upon(type, seen, self._here(seen)):
            case Act.FORGET:
                self._forget(seen)
            case Act.FIND_OUT:
                self._busy.check_on(ref, self._forget_if_gone)
            case Act.LEAVE_TO_NEIGHBOUR:
                self._neighbours.observe(seen)
                self._leave(seen)
            case Act.LEAVE:
                self._leave(seen)
            case Act.PUT_OFF:
                self._busy.put_off(seen)
            case Act.LET_GO:
                self._shares.changed()
            case Act.SET_APART:
                self._shares.held_apart.add(uid)
                self._busy.keep_at(ref, lambda: self._look_at_quarantined(ref))
            case Act.COMPARE:
                self._busy.check_on(ref, self._restate_if_edited)
            case Act.END:
                self._ended(seen)
            case Act.GO_ON:
                self._go_on(seen)
            case Act.WAIT:
                self._waiting.add(seen)
            case Act.BEGIN:
                self._retention.forget(uid)  # etcd may have been restored to a time before its end
                self._begin(seen, text)

    def _here(self, seen: Seen) -> Here:
        uid = seen.uid
        return Here(
            owned=self._owns(uid),
            elsewhere=self._neighbours.has(seen),
            carried=self._engine.carries(uid),
            ending=self._engine.is_ending(uid),
            set_apart=self._apart.holds(uid),
            busy=uid in self._busy,
            waiting=seen in self._waiting,
            given_up=self._insisting.has_given_up(seen),
        )

    def _go_on(self, seen: Seen) -> None:
        uid, request = seen.uid, seen.stop_request
        self._journal.observe_generation(uid, seen.metadata.generation)
        if request is not None and uid not in self._stopped:
            self._stopped.add(uid)
            self._engine.stop_execution(uid, request)

    async def _look_at_quarantined(self, ref: ExecutionRef) -> None:
        if await self._apart.releases(await self._journal.read_lean(ref)):
            self._busy.put_off(execution_watch.of_stored(await self._journal.read_lean(ref)))

    async def _forget_if_gone(self, ref: ExecutionRef) -> None:
        try:
            seen = execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            self._forget_reference(ref)
            return
        # It has settled, and no further event will come when nobody is busy with it.
        if self._engine.carries(ref.uid) or self._busy.takes_up(ref.uid):
            self._busy.put_off(seen)
        else:
            self._observe("MODIFIED", seen)

    async def _restate_if_edited(self, ref: ExecutionRef) -> None:
        stored = await self._journal.read_lean(ref)
        if self._engine.carries(ref.uid) and not self._journal.is_as_written(stored):
            log.warning("status was edited by somebody else, writing it again", execution=str(ref))
            self._engine.restate(ref.uid)

    def astray(self, seen: Seen) -> None:
        """A settled execution is not as it was left: somebody has edited its status or its spec."""
        if self._owns(seen.uid) and not self._engine.carries(seen.uid) and seen.uid not in self._busy:
            self.observe("MODIFIED", seen)

    def machine_changed(self, key: Key) -> None:
        """Executions that wait for this state machine can start, or now wait for another reason."""
        for seen in self._waiting.take(key):
            self.observe("MODIFIED", self._newest_of(seen))

    def finished(self, uid: Uid) -> None:
        """The engine no longer has it."""
        key = self.under_way.unpin(uid)
        self._stopped.discard(uid)
        if key is not None:
            self._tell_machine(key)
        self._busy.look_again(uid)

    def _tell_machine(self, key: Key) -> None:
        self._machines.execution_ended(key)

    def restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        """It is stored in an earlier state, and continues from there. What the drivers know about its tasks
        never happened."""
        log.warning("execution was restored", execution=str(ref), newest=was, restored=now)
        for driver in self._drivers:
            driver.let_go(ref.uid)
        if now:
            self._engine.restate(ref.uid)
        else:
            self._stalled.begins_again(ref.uid)
        if was:  # otherwise only what it was to run is lost
            self._failures.restored(ref, was, now)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        """The engine cannot continue it: it is read once more and fails."""
        if not self._busy.takes_up(ref.uid):
            self._busy.keep_at(ref, lambda: self._give_up(ref, reason))

    @property
    def for_newer_version(self) -> AbstractSet[Uid]:
        """This operator's executions that a newer version has written, and this one cannot read."""
        return self._stalled.for_newer_version

    async def close(self) -> None:
        await self._busy.close()

    # --- Shares --------------------------------------------------------------------------------------------------

    def shares_changed(self) -> None:
        """Different executions belong to this operator than before."""
        self._shares.changed()

    async def run(self) -> None:
        """Release what belongs to others and take up what belongs here, whenever that changes."""
        await self._shares.run()

    def _leave(self, seen: Seen) -> None:
        """It belongs to another operator."""
        if seen.status.settled:
            self._tell_machine(seen.machine)

    def _acted_upon(self) -> list[Uid]:
        """All that something is done about, or waited for, here."""
        return [
            *self._engine.uids(),
            *self._busy.taking_up(),
            *self._waiting,
            *self._stalled.for_newer_version,
        ]

    def _let_go(self, uid: Uid) -> None:
        self._waiting.stop_everywhere(uid)
        self._stalled.forget(uid)
        self._busy.stop_taking_up(uid, after=self._shares.look_again)
        if self._engine.carries(uid) and not self._busy.lets_go(uid):
            self._busy.let_go(uid, self._engine.let_go(uid), after=self._shares.look_again)

    def _is_known(self, seen: Seen) -> bool:
        uid = seen.uid
        carried = self._engine.carries(uid) and not seems_back(seen, ending=self._engine.is_ending(uid))
        return carried or seen in self._waiting or self._busy.takes_up(uid)

    # --- Beginning -----------------------------------------------------------------------------------------------

    def _begin(self, seen: Seen, text: msgspec.Raw | None = None) -> None:
        """``text``: the whole text of a new one."""
        uid = seen.uid
        self._waiting.stop(seen.machine, uid)
        if seen.pinned is None and not self._neighbours.may_begin(seen.metadata.namespace):
            return
        if self._park(seen):
            return
        problem = None if text is None else unfit(text)
        if text is None or problem is None:
            if text is not None:
                self._beginning.keep(uid, text)
            self._busy.keep_at(seen.reference, lambda: self._start_or_wait(seen))
        else:
            stored = lean(text)
            self._busy.keep_at(seen.reference, lambda: self._failing.refuse(stored, problem))

    def _park(self, seen: Seen) -> bool:
        """Take up an execution that only waits, without reading it. Returns whether that was possible. An
        outdated view does no harm: the event of a later write will come, and the engine reads the execution
        then."""
        pinned, due = seen.pinned, seen.waiting_until
        if pinned is None or due is None or due <= self._clock.now():
            return False
        if seen.has_ended or seen.stop_request is not None or self.holds(seen.uid) or not seen.seems_intact:
            return False
        self.under_way.pin(seen, pinned)
        self._engine.park(Parked(seen.reference, due, seen.status.seq))
        return True

    def _taken_up(self, uid: Uid) -> None:
        self._shares.held_apart.discard(uid)
        self._beginning.forget(uid)

    def _look_again(self, seen: Seen) -> None:
        self.observe("MODIFIED", seen)

    def _find(self, ref: ExecutionRef) -> Seen | None:
        return self._watch.get(ref.namespace, ref.name)

    def _newest_of(self, seen: Seen) -> Seen:
        newest = self._find(seen.reference)
        return newest if newest is not None and newest.uid == seen.uid else seen

    async def _start_or_wait(self, seen: Seen) -> None:
        uid, ref = seen.uid, seen.reference
        match await self._beginning.open(seen, was_here=self._stalled.was_here(uid)):
            case Unbegun(found):
                self.restored(ref, seen.status.seq, 0)
                self._busy.put_off(found)
            case ForNewer(stored, error):
                await self._stalled.leave_to_newer(stored, error)
            case Loaded() as loaded:
                if loaded.stop is not None:
                    self._stopped.add(uid)
                self._stalled.forget(uid)
                self._engine.adopt(loaded)

    async def _give_up(self, ref: ExecutionRef, reason: str) -> None:
        anew = await self._stalled.give_up(ref, reason)
        if anew is not None:
            self._busy.put_off(anew)

    # --- Ending --------------------------------------------------------------------------------------------------

    def _ended(self, seen: Seen) -> None:
        uid = seen.uid
        self._retention.keep(seen)
        self._stalled.has_ended(uid)
        self._shares.suspect_ended(uid)
        self._tell_machine(seen.machine)
        if self._busy.takes_up(uid) or self._engine.carries(uid):
            self._busy.put_off(seen)  # it is considered again once nobody is busy with it
            return
        self._insisting.forget(uid)
        if not seen.is_acknowledged:
            ref = seen.reference
            self._busy.keep_at(ref, lambda: self._acknowledge(ref))
            return
        if seen.pinned and self.holds(uid):
            # Jobs that outlived the commit of their result: the operator ended before releasing them. Taking
            # up an ended execution sweeps them and does nothing else.
            self._begin(seen)

    async def _acknowledge(self, ref: ExecutionRef) -> None:
        await self._refusals.acknowledge(await self._journal.read_lean(ref))

    def holds(self, uid: Uid) -> bool:
        """Whether any of its work still runs or has to be released."""
        return self._failing.holds(uid)

    def _forget(self, seen: Seen) -> None:
        self._neighbours.forget(seen)
        self._tell_machine(seen.machine)
        self._forget_reference(seen.reference)

    def _forget_reference(self, ref: ExecutionRef) -> None:
        uid = ref.uid
        self._waiting.stop((ref.namespace, ref.state_machine), uid)
        self._insisting.forget(uid)
        self._stalled.forget(uid)
        self._busy.stop_taking_up(uid)
        self._retention.forget(uid)
        self._shares.suspect_ended(uid)
        if self._engine.carries(uid) and not self._busy.lets_go(uid):
            self._busy.let_go(uid, self._engine.deleted(ref))
