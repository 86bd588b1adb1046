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
from stepwright.cluster.nested.ends import Ends
from stepwright.controllers.acts import Act, Here, act_upon
from stepwright.controllers.awaited import Awaited
from stepwright.controllers.beginning import Beginning
from stepwright.controllers.busy import Busy
from stepwright.controllers.carried import Carried
from stepwright.controllers.ending import Ending
from stepwright.controllers.examining import Examining
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.failing import Failing
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.handing_over import HandingOver
from stepwright.controllers.insisting import Insisting
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.parents import Parents
from stepwright.controllers.reading_again import ReadingAgain
from stepwright.controllers.redriving import Redriving
from stepwright.controllers.restored import Restored
from stepwright.controllers.retention import Retention
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.stalled import Stalled
from stepwright.controllers.state_machine_watch import Key
from stepwright.controllers.state_machines import StateMachines
from stepwright.controllers.taking_up import TakingUp
from stepwright.controllers.under_way import UnderWay
from stepwright.controllers.waiting import Waiting
from stepwright.engine.engine import Engine
from stepwright.engine.observer import Observer, Unobserved
from stepwright.engine.ports import Clock, ExecutionRef, TaskDriver, Uid
from stepwright.kube.informer import Informer
from stepwright.kube.local_copy import Metadata

log = structlog.get_logger(__name__)


class Executions:
    """Decides about each execution whenever something is seen of it (``acts``), and has it done."""

    def __init__(
        self,
        engine: Engine,
        journal: ClusterJournal,
        refusals_: uncarried.Refusals,
        drivers: tuple[TaskDriver, ...],
        machines: StateMachines,
        watch: Informer[Seen],
        under_way: UnderWay,
        retention: Retention,
        failures: FailureEvents,
        clock: Clock,
        apart: SettingApart,
        neighbours: Neighbours,
        ends: Ends,
        awaited: Awaited,
        *,
        owns: Callable[[Uid], bool],
        held: Callable[[Uid], bool],
        restarts_restored: bool = False,
        observer: Observer = Unobserved(),  # noqa: B008 - has no state
    ) -> None:
        """``owns``: whether the execution belongs to this operator; ``held``: and may be acted on right now.
        ``restarts_restored``: whether executions that came back from a backup without their status start
        again."""
        self._engine = engine
        self._machines = machines
        self._watch = watch
        self._retention = retention
        self._apart = apart
        self._neighbours = neighbours
        self._owns = owns
        failing = self._failing = Failing(refusals_, Clearing(journal, drivers), failures)
        insisting = self._insisting = Insisting(
            journal,
            refusals_,
            failing,
            failures,
            clock,
            observer,
            held=held,
            carries=engine.carries,
            find=self._find,
        )
        busy = self._busy = Busy(insisting, again=self._look_again)
        waiting = self._waiting = Waiting()
        stalled = self._stalled = Stalled(journal, refusals_, failing, busy, engine.carries)
        carried = self._carried = Carried(engine, journal, machines, under_way, busy)
        self._parents = Parents(
            engine,
            watch,
            ends,
            awaited,
            busy,
            carried,
            clock,
            owns=owns,
            take_up=self._take_up,
        )
        self._examining = Examining(apart, journal, busy)
        self._restored = Restored(engine, drivers, stalled, failures)
        self._beginning = Beginning(
            journal,
            refusals_,
            failing,
            machines,
            waiting,
            clock,
            restarts_restored=restarts_restored,
            pin=under_way.pin,
            unpin=carried.finished,
        )
        self._taking_up = TakingUp(
            self._beginning,
            busy,
            carried,
            failing,
            neighbours,
            self._restored,
            stalled,
            waiting,
            clock,
            awaited,
        )
        self._redriving = Redriving(
            journal,
            refusals_,
            machines,
            retention,
            busy,
            awaited,
            clock,
            pin=under_way.pin,
            adopt=carried.adopt,
            unpin=carried.finished,
        )
        self._handing_over = HandingOver(
            engine,
            watch,
            retention,
            apart,
            insisting,
            busy,
            self._examining,
            stalled,
            waiting,
            owns=owns,
            take_up=self._look_again,
        )
        self._ending = Ending(
            engine,
            journal,
            refusals_,
            failing,
            insisting,
            busy,
            machines,
            neighbours,
            retention,
            self._handing_over,
            stalled,
            waiting,
            sweep=self._taking_up.take_up,
        )
        self._reading_again = ReadingAgain(
            engine, journal, busy, self._ending, decide=lambda seen: self._observe("MODIFIED", seen)
        )

    async def run(self) -> None:
        """Release what belongs to others and take up what belongs here, whenever that changes."""
        await self._handing_over.run()

    async def close(self) -> None:
        await self._busy.close()

    # --- What is seen of them ------------------------------------------------------------------------------------

    def observe(self, type: str, seen: Seen, text: msgspec.Raw | None = None) -> None:
        """Act on what is known about it now. Runs in the engine's loop. An error affects only this execution,
        which is tried again. ``text``: all of a new one."""
        try:
            self._observe(type, seen, text)
        except Exception as error:
            log.exception("execution could not be looked at", execution=str(seen.reference))
            self.broke(seen.metadata, error)

    def _observe(self, type: str, seen: Seen, text: msgspec.Raw | None = None) -> None:
        uid, ref = seen.uid, seen.reference
        self._engine.written(uid, seen.status.seq)
        self._parents.observe(type, seen)
        match act_upon(type, seen, self._here(seen)):
            case Act.FORGET:
                self._ending.forget(seen)
            case Act.FIND_OUT:
                self._reading_again.find_out(ref)
            case Act.LEAVE_TO_NEIGHBOUR:
                self._neighbours.observe(seen)
                self._leave(seen)
            case Act.LEAVE:
                self._leave(seen)
            case Act.PUT_OFF:
                self._busy.put_off(seen)
            case Act.LET_GO:
                self._handing_over.changed()
            case Act.SET_APART:
                self._examining.examine(ref)
            case Act.COMPARE:
                self._carried.compare(ref)
            case Act.END:
                self._ending.ended(seen)
            case Act.REDRIVE:
                self._redriving.redrive(seen)
            case Act.GO_ON:
                self._carried.go_on(seen)
            case Act.WAIT:
                self._waiting.add(seen)
            case Act.BEGIN:
                self._retention.forget(uid)  # etcd may have been restored to a time before its end
                self._taking_up.take_up(seen, text)

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

    def _leave(self, seen: Seen) -> None:
        """It belongs to another operator."""
        if seen.status.settled:
            self._machines.execution_ended(seen.machine)

    def _look_again(self, seen: Seen) -> None:
        self.observe("MODIFIED", seen)

    def _take_up(self, seen: Seen) -> None:
        self._taking_up.take_up(seen)

    def _find(self, ref: ExecutionRef) -> Seen | None:
        return self._watch.get(ref.namespace, ref.name)

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
        self._reading_again.in_place_of(ref, error)

    # --- What else is reported of them ---------------------------------------------------------------------------

    def astray(self, seen: Seen) -> None:
        """A settled execution is not as it was left: somebody has edited its status or its spec."""
        if self._owns(seen.uid) and not self._engine.carries(seen.uid) and seen.uid not in self._busy:
            self._look_again(seen)

    def machine_changed(self, key: Key) -> None:
        """Executions that wait for this state machine can start, or now wait for another reason."""
        for seen in self._waiting.take(key):
            newest = self._find(seen.reference)
            self._look_again(newest if newest is not None and newest.uid == seen.uid else seen)

    def shares_changed(self) -> None:
        """Different executions belong to this operator than before."""
        self._handing_over.changed()

    def finished(self, ref: ExecutionRef) -> None:
        """The engine no longer has it."""
        self._carried.finished(ref.uid)

    def restored(self, ref: ExecutionRef, was: int, now: int) -> None:
        """It is stored in an earlier state (``Restored.note``)."""
        self._carried.restored(ref.uid)
        self._restored.note(ref, was, now)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        """The engine cannot continue it."""
        self._stalled.give_up(ref, reason)

    # --- What others ask -----------------------------------------------------------------------------------------

    def holds(self, uid: Uid) -> bool:
        """Whether any of its work still runs or has to be released."""
        return self._failing.holds(uid)

    @property
    def for_newer_version(self) -> AbstractSet[Uid]:
        """This operator's executions that a newer version has written, and this one cannot read."""
        return self._stalled.for_newer_version

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each kind, for whoever looks whether anything is left over."""
        return {
            "texts of new executions": self._beginning.texts,
            "waiting executions": len(self._waiting),
            **self._carried.counts,
            **self._busy.counts,
        }
