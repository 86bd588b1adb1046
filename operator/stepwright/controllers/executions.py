"""Executions: taken up when they appear, stopped on request, dropped when they are deleted, removed after
their time. Several operators share them: only those that belong to this one are handled here. Of the others
only the watch's view is kept; they are taken up when they come to belong here.

Nothing is written here that the engine's journal could write; the writes concern executions that have not
started: why they wait, that their input is bad, that they were stopped before they began.

Of one that waits, only the watch's view is remembered: it is read when it starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import msgspec
import structlog

from stepwright.asl.checkpoint.checkpoint import NewerVersion
from stepwright.cluster import conditions, executions, uncarried
from stepwright.cluster.clearing import Clearing
from stepwright.cluster.journal import ClusterJournal
from stepwright.cluster.stored import Pinned, Stored, lean, unfit
from stepwright.controllers import execution_watch
from stepwright.controllers.acts import Act, Here, act_upon, seems_back
from stepwright.controllers.beginning import Beginning, ForNewer, Unbegun
from stepwright.controllers.execution_watch import Seen, index_of
from stepwright.controllers.failing import Failing
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.insisting import Insisting
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.retention import Retention
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.state_machine_watch import Key
from stepwright.controllers.state_machines import StateMachines
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
    Unavailable,
)
from stepwright.kube.informer import Informer, Metadata

log = structlog.get_logger(__name__)

# How many executions are considered between two turns of the loop when operators come or go.
BREATHE_EVERY = 200


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
        self._held_apart: set[Uid] = set()
        self._unbegun: set[Uid] = set()
        """Those restored to a time before they had begun, until they begin again."""
        self._owns = owns
        self._machines = machines
        self._watch = watch
        self._shares_changed = asyncio.Event()
        self._waiting = Waiting()
        self._beginning = Beginning(
            journal,
            refusals_,
            self._failing,
            machines,
            self._waiting,
            clock,
            restarts_restored=restarts_restored,
            pin=self._pin,
            unpin=self.finished,
        )
        self.for_newer_version: set[Uid] = set()
        """This operator's executions that a newer version has written, and this one cannot read."""
        self._taking_up: dict[Uid, asyncio.Task[None]] = {}
        self._newer: dict[Uid, Seen] = {}
        self._letting_go: dict[Uid, asyncio.Task[None]] = {}
        self._comparing: dict[Uid, asyncio.Task[None]] = {}
        self._stopped: set[Uid] = set()
        self._carried: dict[Uid, tuple[Key, str]] = {}

    def broke(self, metadata: Metadata, error: Exception) -> None:
        """An event of an execution could not be processed. Read the execution instead; if that fails, too, it
        ends."""
        uid = Uid(metadata.uid)
        if not self._owns(uid):
            return
        busy = self._taking_up.get(uid)
        if busy is not None:  # one at a time
            busy.add_done_callback(lambda done: None if done.cancelled() else self.broke(metadata, error))
            return
        ref = ExecutionRef(uid, metadata.namespace, metadata.name, "")
        seen = self._find(ref)
        if seen is not None and seen.uid == uid and self._insisting.has_given_up(seen):
            return
        self._keep_at(ref, lambda: self._take_in(ref), error)

    async def _take_in(self, ref: ExecutionRef) -> None:
        here = self._taking_up.get(ref.uid)
        try:
            seen = execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            self._taking_up.pop(ref.uid, None)  # this ends by itself
            self._forget_reference(ref)
            return
        self._taking_up.pop(ref.uid, None)  # so that it is not postponed until this has ended
        try:
            self._observe("MODIFIED", seen)
        finally:
            if here is not None:
                self._taking_up.setdefault(ref.uid, here)

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
                self._check_on(ref, self._forget_if_gone)
            case Act.LEAVE_TO_NEIGHBOUR:
                self._neighbours.observe(seen)
                self._leave(seen)
            case Act.LEAVE:
                self._leave(seen)
            case Act.PUT_OFF:
                self._newer[uid] = seen
            case Act.LET_GO:
                self._shares_changed.set()
            case Act.SET_APART:
                self._held_apart.add(uid)
                self._keep_at(ref, lambda: self._look_at_quarantined(ref))
            case Act.COMPARE:
                self._check_on(ref, self._restate_if_edited)
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
            busy=uid in self._taking_up or uid in self._letting_go,
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
            self._newer[ref.uid] = execution_watch.of_stored(await self._journal.read_lean(ref))

    def _check_on(self, ref: ExecutionRef, check: Callable[[ExecutionRef], Awaitable[None]]) -> None:
        if ref.uid not in self._comparing:
            task = asyncio.create_task(self._insisting.until_done(ref, lambda: check(ref)))
            self._comparing[ref.uid] = task
            task.add_done_callback(lambda _: self._comparing.pop(ref.uid, None))

    async def _forget_if_gone(self, ref: ExecutionRef) -> None:
        try:
            seen = execution_watch.of_stored(await self._journal.read_lean(ref))
        except Gone:
            self._forget_reference(ref)
            return
        # It has settled, and no further event will come when nobody is busy with it.
        if self._engine.carries(ref.uid) or ref.uid in self._taking_up:
            self._newer[ref.uid] = seen
        else:
            self._observe("MODIFIED", seen)

    async def _restate_if_edited(self, ref: ExecutionRef) -> None:
        stored = await self._journal.read_lean(ref)
        if self._engine.carries(ref.uid) and not self._journal.is_as_written(stored):
            log.warning("status was edited by somebody else, writing it again", execution=str(ref))
            self._engine.restate(ref.uid)

    def astray(self, seen: Seen) -> None:
        """A settled execution is not as it was left: somebody has edited its status or its spec."""
        if self._owns(seen.uid) and not self._engine.carries(seen.uid) and seen.uid not in self._taking_up:
            self.observe("MODIFIED", seen)

    def machine_changed(self, key: Key) -> None:
        """Executions that wait for this state machine can start, or now wait for another reason."""
        for seen in self._waiting.take(key):
            self.observe("MODIFIED", self._newest_of(seen))

    def any_under_way(self, key: Key) -> bool:
        """Whether executions of this state machine are under way: here or, as far as they have written, elsewhere."""
        here = any(machine == key for machine, _ in self._carried.values())
        return here or bool(self._watch.by_index(index_of(*key)))

    def revisions_of(self, key: Key) -> set[str]:
        """The revisions that these executions are pinned to."""
        here = {revision for machine, revision in self._carried.values() if machine == key}
        seen = (found.status.stateMachine for found in self._watch.by_index(index_of(*key)))
        return here | {started.revision for started in seen if started is not None}

    def finished(self, uid: Uid) -> None:
        """The engine no longer has it."""
        key, _ = self._carried.pop(uid, (None, ""))
        self._stopped.discard(uid)
        if key is not None:
            self._tell_machine(key)
        newer = self._newer.pop(uid, None)
        if newer is not None:
            self.observe("MODIFIED", newer)

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
            self._unbegun.add(ref.uid)
        if was:  # otherwise only what it was to run is lost
            self._failures.restored(ref, was, now)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        """The engine cannot continue it: it is read once more and fails."""
        if ref.uid not in self._taking_up:
            self._keep_at(ref, lambda: self._give_up(ref, reason))

    async def close(self) -> None:
        tasks = [*self._taking_up.values(), *self._comparing.values(), *self._letting_go.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- Shares --------------------------------------------------------------------------------------------------

    def shares_changed(self) -> None:
        """Different executions belong to this operator than before. Nothing is done with those that no longer
        do, since each act checks first; they are released soon."""
        self._shares_changed.set()

    async def run(self) -> None:
        """Release what belongs to others and take up what belongs here, whenever that changes."""
        while True:
            await self._shares_changed.wait()
            self._shares_changed.clear()
            self._retention.keep_own()
            await self._let_go_of_others()
            await self._take_up_own()

    def _leave(self, seen: Seen) -> None:
        """It belongs to another operator."""
        if seen.status.settled:
            self._tell_machine(seen.machine)

    async def _let_go_of_others(self) -> None:
        others = [*self._taking_up, *self._waiting, *self.for_newer_version]
        for count, uid in enumerate([*self._engine.uids(), *others], 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            if not self._owns(uid) or (self._apart.holds(uid) and uid not in self._held_apart):
                self._let_go(uid)

    def _let_go(self, uid: Uid) -> None:
        self._waiting.stop_everywhere(uid)
        self.for_newer_version.discard(uid)
        self._unbegun.discard(uid)
        taking_up = self._taking_up.get(uid)
        if taking_up is not None:
            taking_up.cancel()
            taking_up.add_done_callback(lambda _: self._look_again(uid))
        self._newer.pop(uid, None)
        if self._engine.carries(uid) and uid not in self._letting_go:
            self._do_let_go(uid, self._engine.let_go(uid)).add_done_callback(lambda _: self._look_again(uid))

    def _look_again(self, uid: Uid) -> None:
        """It may have come back while it was being released."""
        if self._owns(uid):
            self._shares_changed.set()

    async def _take_up_own(self) -> None:
        for count, seen in enumerate(self._watch.all(), 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            newest = self._find(seen.reference)
            is_same = newest is not None and newest.uid == seen.uid
            if newest is not None and is_same and self._owns(seen.uid) and not self._is_known(newest):
                self.observe("MODIFIED", newest)
        if self._watch.synced.is_set():
            await self._forget_suspects()

    async def _forget_suspects(self) -> None:
        """Forget those recorded for executions that have ended or are gone."""
        for suspect in self._apart.suspects():
            uid, seen = suspect.ref.uid, self._find(suspect.ref)
            there = seen is not None and seen.uid == uid and seen.status.endTime is None
            if self._owns(uid) and not there:
                await self._insisting.until_done(suspect.ref, partial(self._apart.forget, uid))

    def _is_known(self, seen: Seen) -> bool:
        uid = seen.uid
        carried = self._engine.carries(uid) and not seems_back(seen, ending=self._engine.is_ending(uid))
        return carried or seen in self._waiting or uid in self._taking_up

    def _do_let_go(self, uid: Uid, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._letting_go[uid] = task
        task.add_done_callback(lambda done: self._has_let_go(uid, done))
        return task

    def _has_let_go(self, uid: Uid, done: asyncio.Task[None]) -> None:
        del self._letting_go[uid]
        newer = self._newer.pop(uid, None)
        if newer is not None and not done.cancelled():
            self.observe("MODIFIED", newer)

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
            self._keep_at(seen.reference, lambda: self._start_or_wait(seen))
        else:
            stored = lean(text)
            self._keep_at(seen.reference, lambda: self._failing.refuse(stored, problem))

    def _park(self, seen: Seen) -> bool:
        """Take up an execution that only waits, without reading it. Returns whether that was possible. An
        outdated view does no harm: the event of a later write will come, and the engine reads the execution
        then."""
        pinned, due = seen.pinned, seen.waiting_until
        if pinned is None or due is None or due <= self._clock.now():
            return False
        if seen.has_ended or seen.stop_request is not None or self.holds(seen.uid) or not seen.seems_intact:
            return False
        self._pin(seen, pinned)
        self._engine.park(Parked(seen.reference, due, seen.status.seq))
        return True

    def _keep_at(
        self, ref: ExecutionRef, act: Callable[[], Awaitable[None]], failed: Exception | None = None
    ) -> None:
        """``failed``: how it has failed before."""
        task = asyncio.create_task(self._insisting.while_held(ref, act, failed), name=f"take up {ref}")
        self._taking_up[ref.uid] = task
        task.add_done_callback(lambda done: self._taken_up(ref.uid, done))

    def _taken_up(self, uid: Uid, done: asyncio.Task[None]) -> None:
        if self._taking_up.get(uid) is not done:
            return  # another one continues it
        del self._taking_up[uid]
        self._held_apart.discard(uid)
        self._beginning.forget(uid)
        newer = self._newer.pop(uid, None)
        if newer is not None and not done.cancelled():
            self.observe("MODIFIED", newer)

    def _find(self, ref: ExecutionRef) -> Seen | None:
        return self._watch.get(ref.namespace, ref.name)

    def _newest_of(self, seen: Seen) -> Seen:
        newest = self._find(seen.reference)
        return newest if newest is not None and newest.uid == seen.uid else seen

    async def _start_or_wait(self, seen: Seen) -> None:
        uid, ref = seen.uid, seen.reference
        was_here = self.holds(uid) and uid not in self._unbegun
        match await self._beginning.open(seen, was_here=was_here):
            case Unbegun(found):
                self.restored(ref, seen.status.seq, 0)
                self._newer[uid] = found
            case ForNewer(stored, error):
                await self._leave_to_newer(ref, stored, error)
            case Loaded() as loaded:
                if loaded.stop is not None:
                    self._stopped.add(uid)
                self.for_newer_version.discard(uid)
                self._unbegun.discard(uid)
                self._engine.adopt(loaded)

    def _pin(self, seen: Seen, pinned: Pinned) -> None:
        self._carried[seen.uid] = seen.machine, pinned.revision

    async def _leave_to_newer(self, ref: ExecutionRef, stored: Stored, newer: NewerVersion) -> None:
        """Nothing is lost: a version that knows its form will continue it. Until then it is tried again
        whenever operators come or go."""
        log.error("execution is for a newer version", execution=str(ref), reason=str(newer))
        self.for_newer_version.add(ref.uid)
        await self._refusals.stall(stored, conditions.NEWER_VERSION, str(newer))

    async def _give_up(self, ref: ExecutionRef, reason: str) -> None:
        stored = await self._journal.read_lean(ref)
        if ref.uid in self._unbegun:
            await self._failing.sweep(stored)
            if self._engine.carries(ref.uid):
                raise Unavailable("what it ran before is still being let go of")
            self._newer[ref.uid] = execution_watch.of_stored(stored)
            return
        try:
            executions.check_version(stored)
        except NewerVersion as newer:
            await self._leave_to_newer(ref, stored, newer)
            return
        if not await self._failing.has_put_right(ref.uid, stored):
            await self._failing.fail_plainly(stored, reason)

    # --- Ending --------------------------------------------------------------------------------------------------

    def _ended(self, seen: Seen) -> None:
        uid = seen.uid
        self._retention.keep(seen)
        self.for_newer_version.discard(uid)
        if self._apart.suspected(uid):
            self._shares_changed.set()
        self._tell_machine(seen.machine)
        if uid in self._taking_up or self._engine.carries(uid):
            self._newer[uid] = seen  # it is considered again once nobody is busy with it
            return
        self._insisting.forget(uid)
        if not seen.is_acknowledged:
            ref = seen.reference
            self._keep_at(ref, lambda: self._acknowledge(ref))
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
        self.for_newer_version.discard(uid)
        self._unbegun.discard(uid)
        taking_up = self._taking_up.get(uid)
        if taking_up is not None:
            taking_up.cancel()
        self._newer.pop(uid, None)
        self._retention.forget(uid)
        if self._apart.suspected(uid):
            self._shares_changed.set()
        if self._engine.carries(uid) and uid not in self._letting_go:
            self._do_let_go(uid, self._engine.deleted(ref))
