"""Executions: taken in when they appear, told to stop, dropped when they are deleted, removed after their time.

Several operators share them: only those that belong to this one are looked after here. Of the others nothing is kept
but what the watch keeps of all; they are taken up when they come to belong here.

Nothing is written here that the engine's journal could write; what is, concerns executions that have not started:
why they wait, that their input is no good, that they were stopped before they began.

Of one that waits no more is remembered than the watch remembers anyway: it is read when it starts.
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
from stepwright.cluster.consistency import Edited
from stepwright.cluster.executions import Body, InvalidInput, Pinned
from stepwright.cluster.journal import ClusterJournal
from stepwright.controllers import execution_watch
from stepwright.controllers.execution_watch import TOUCHED, Seen, index_of
from stepwright.controllers.failing import Failing
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.insisting import Insisting
from stepwright.controllers.neighbours import Neighbours
from stepwright.controllers.new_texts import NewTexts
from stepwright.controllers.retention import Retention
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.state_machine_watch import Key
from stepwright.controllers.state_machines import Known, StateMachines
from stepwright.engine.engine import Engine
from stepwright.engine.observer import Observer, Unobserved
from stepwright.engine.ports import (
    Clock,
    ExecutionRef,
    Gone,
    Refused,
    TaskDriver,
    Uid,
    Unavailable,
)
from stepwright.engine.run import Parked
from stepwright.kube.informer import Informer, Metadata

log = structlog.get_logger(__name__)

# Together with its StateMachine an Execution often comes a moment before it: nothing is said before this has passed.
SILENT_SECONDS = 1.0
SILENT_LOOKS = 10

# So many executions are looked at between two turns of the loop when operators come or go.
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
        """``owns``: whether the execution belongs to this operator; ``held``: and may be acted upon at this moment.
        ``restarts_restored``: whether executions start again that came back from a backup without their status."""
        self._failing = Failing(refusals_, drivers, failures)
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
        self._restarts_restored = restarts_restored
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
        """Those restored to a time before they had begun, until they have again."""
        self._owns = owns
        self._held = held
        self._machines = machines
        self._watch = watch
        self._shares_changed = asyncio.Event()
        self._waiting: dict[Key, dict[Uid, Seen]] = {}
        self._texts = NewTexts()
        self.for_newer_version: set[Uid] = set()
        """Executions of this operator that a newer version has written, and this one cannot read."""
        self._taking_up: dict[Uid, asyncio.Task[None]] = {}
        self._newer: dict[Uid, Seen] = {}
        self._letting_go: dict[Uid, asyncio.Task[None]] = {}
        self._comparing: dict[Uid, asyncio.Task[None]] = {}
        self._stopped: set[Uid] = set()
        self._carried: dict[Uid, tuple[Key, str]] = {}

    def broke(self, metadata: Metadata, error: Exception) -> None:
        """What was said of an execution could not be taken in. It is read, and taken in so; where that fails,
        too, it ends."""
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
            seen = execution_watch.of(await self._journal.read_lean(ref))
        except Gone:
            self._taking_up.pop(ref.uid, None)  # this ends by itself
            self._forget_reference(ref)
            return
        self._taking_up.pop(ref.uid, None)  # so that it is not put off until this has ended
        try:
            self._observe("MODIFIED", seen)
        finally:
            if here is not None:
                self._taking_up.setdefault(ref.uid, here)

    def observe(self, type: str, seen: Seen, text: msgspec.Raw | None = None) -> None:
        """Take in what is known of it now. Runs in the engine's loop. What fails in that is this execution's trouble, and
        nobody else's: it is looked at again."""
        self._guarded(seen, lambda: self._observe(type, seen, text))

    def _guarded(self, seen: Seen, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:
            log.exception("execution could not be looked at", execution=str(seen.reference))
            self.broke(seen.metadata, error)

    def _observe(self, type: str, seen: Seen, text: msgspec.Raw | None = None) -> None:
        uid = seen.uid
        self._engine.written(uid, seen.status.seq)
        if seen.metadata.deletionTimestamp is not None:
            self._forget(seen)
        elif type == "DELETED":
            self._missed(seen)
        elif not self._engine.carries(uid) and self._neighbours.has(seen):
            self._neighbours.observe(seen)
            self._leave(seen)
        elif not self._owns(uid):
            self._leave(seen)
        elif self._apart.holds(uid) and not seen.has_ended:
            self._set_apart(seen)
        elif self._seems_back(seen):
            self._newer[uid] = (
                seen  # etcd was restored to a time before its end, or the news of that is on its way
            )
        elif self._engine.carries(uid) and (type == TOUCHED or not seen.seems_intact):
            self._compare(seen)
        elif seen.is_settled:
            self._ended(seen)
        elif self._engine.carries(uid):
            self._journal.observe_generation(uid, seen.metadata.generation)
            request = seen.stop_request
            if request is not None and uid not in self._stopped:
                self._stopped.add(uid)
                self._engine.stop_execution(uid, request)
        elif uid in self._taking_up:
            self._newer[uid] = seen
        elif uid in self._waiting.get(seen.machine, {}):
            self._waiting[seen.machine][uid] = seen
            # One that has begun, elsewhere or before etcd was restored, waits for its state machine no more.
            if seen.stop_request is not None or seen.pinned is not None:
                self._begin(seen)
        elif not self._insisting.has_given_up(seen):
            self._retention.forget(uid)  # etcd may have been restored to a time before its end
            self._begin(seen, text)

    def _set_apart(self, seen: Seen) -> None:
        """Operators died under it: it is not taken up, but looked at."""
        uid, ref = seen.uid, seen.reference
        if uid in self._taking_up:
            self._newer[uid] = seen
        elif self._engine.carries(uid):
            self._shares_changed.set()  # it is let go of first
        else:
            self._held_apart.add(uid)
            self._keep_at(ref, lambda: self._look_at_quarantined(ref))

    async def _look_at_quarantined(self, ref: ExecutionRef) -> None:
        if await self._apart.releases(await self._journal.read_lean(ref)):
            self._newer[ref.uid] = execution_watch.of(await self._journal.read_lean(ref))

    def _compare(self, seen: Seen) -> None:
        """Somebody may have edited the status of an execution that is carried here, which knows better."""
        self._check_on(seen.reference, self._restate_if_edited)

    def _missed(self, seen: Seen) -> None:
        """It is deleted; or it has left the list of those under way while the watch was away, having settled."""
        if self._engine.carries(seen.uid) or seen.uid in self._taking_up:
            self._check_on(seen.reference, self._forget_if_gone)
        else:
            self._forget(seen)

    def _check_on(self, ref: ExecutionRef, check: Callable[[ExecutionRef], Awaitable[None]]) -> None:
        if ref.uid not in self._comparing:
            task = asyncio.create_task(self._insisting.until_done(ref, lambda: check(ref)))
            self._comparing[ref.uid] = task
            task.add_done_callback(lambda _: self._comparing.pop(ref.uid, None))

    async def _forget_if_gone(self, ref: ExecutionRef) -> None:
        try:
            seen = execution_watch.of(await self._journal.read_lean(ref))
        except Gone:
            self._forget_reference(ref)
            return
        # It has settled, and no event will tell once nobody is busy with it.
        if self._engine.carries(ref.uid) or ref.uid in self._taking_up:
            self._newer[ref.uid] = seen
        else:
            self._observe("MODIFIED", seen)

    async def _restate_if_edited(self, ref: ExecutionRef) -> None:
        body = await self._journal.read_lean(ref)
        if self._engine.carries(ref.uid) and not self._journal.is_as_written(body):
            log.warning("status was edited by somebody else, writing it again", execution=str(ref))
            self._engine.restate(ref.uid)

    def astray(self, seen: Seen) -> None:
        """An execution that says that it has settled is not as it was left: somebody has edited its status, or its
        spec."""
        if self._owns(seen.uid) and not self._engine.carries(seen.uid) and seen.uid not in self._taking_up:
            self.observe("MODIFIED", seen)

    def machine_changed(self, key: Key) -> None:
        """Executions that wait for this state machine can start, or wait for another reason now."""
        for seen in self._waiting.pop(key, {}).values():
            if seen.uid in self._taking_up:
                self._newer.setdefault(seen.uid, seen)  # that it waits is being written this moment
            else:
                self._guarded(seen, partial(self._begin, seen))

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
        """The engine no longer carries it."""
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
        """It is stored as it was earlier, and goes on from there. What the drivers know of its tasks is of a time that
        has not been."""
        log.warning("execution was restored", execution=str(ref), newest=was, restored=now)
        for driver in self._drivers:
            driver.let_go(ref.uid)
        if now:
            self._engine.restate(ref.uid)
        else:
            self._unbegun.add(ref.uid)
        self._failures.restored(ref, was, now)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        """The engine cannot carry it any further: it is read once more and fails."""
        if ref.uid not in self._taking_up:
            self._keep_at(ref, lambda: self._give_up(ref, reason))

    async def close(self) -> None:
        tasks = [*self._taking_up.values(), *self._comparing.values(), *self._letting_go.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- Shares --------------------------------------------------------------------------------------------------

    def shares_changed(self) -> None:
        """Other executions belong to this operator than before. Nothing is done with those that no longer do, since
        each act asks first; they are let go soon."""
        self._shares_changed.set()

    async def run(self) -> None:
        """Let go of what belongs to others, take up what belongs here, whenever that has changed."""
        while True:
            await self._shares_changed.wait()
            self._shares_changed.clear()
            self._retention.keep_own()
            await self._let_go_of_others()
            await self._take_up_own()

    def _leave(self, seen: Seen) -> None:
        """It is another operator's."""
        if seen.status.settled:
            self._tell_machine(seen.machine)

    async def _let_go_of_others(self) -> None:
        waiting = [uid for those in self._waiting.values() for uid in those]
        others = [*self._taking_up, *waiting, *self.for_newer_version]
        for count, uid in enumerate([*self._engine.uids(), *others], 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            if not self._owns(uid) or (self._apart.holds(uid) and uid not in self._held_apart):
                self._let_go(uid)

    def _let_go(self, uid: Uid) -> None:
        for waiting in self._waiting.values():
            waiting.pop(uid, None)
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
        """It may have come back while it was let go."""
        if self._owns(uid):
            self._shares_changed.set()

    async def _take_up_own(self) -> None:
        for count, seen in enumerate(self._watch.all(), 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            newest = self._watch.get(seen.metadata.namespace, seen.metadata.name)
            is_same = newest is not None and newest.uid == seen.uid
            if newest is not None and is_same and self._owns(seen.uid) and not self._is_known(newest):
                self.observe("MODIFIED", newest)
        if self._watch.synced.is_set():
            await self._forget_suspects()

    async def _forget_suspects(self) -> None:
        """Of executions that have ended or are gone."""
        for suspect in self._apart.suspects():
            uid, seen = suspect.ref.uid, self._find(suspect.ref)
            there = seen is not None and seen.uid == uid and seen.status.endTime is None
            if self._owns(uid) and not there:
                await self._insisting.until_done(suspect.ref, partial(self._apart.forget, uid))

    def _is_known(self, seen: Seen) -> bool:
        uid = seen.uid
        waits = uid in self._waiting.get(seen.machine, {})
        carried = self._engine.carries(uid) and not self._seems_back(seen)
        return waits or carried or uid in self._taking_up

    def _seems_back(self, seen: Seen) -> bool:
        """Whether it is under way, though here it has ended and is being cleared up after."""
        return self._engine.is_ending(seen.uid) and not seen.has_ended

    def _do_let_go(self, uid: Uid, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._letting_go[uid] = task
        task.add_done_callback(lambda _: self._letting_go.pop(uid, None))
        return task

    # --- Beginning -----------------------------------------------------------------------------------------------

    def _begin(self, seen: Seen, text: msgspec.Raw | None = None) -> None:
        """``text``: all of a new one."""
        uid = seen.uid
        self._waiting.get(seen.machine, {}).pop(uid, None)
        if seen.pinned is None and not self._neighbours.may_begin(seen.metadata.namespace):
            return
        if self._park(seen):
            return
        problem = None if text is None else executions.unfit(text)
        if text is None or problem is None:
            if text is not None:
                self._texts.keep(uid, text)
            self._keep_at(seen.reference, lambda: self._start_or_wait(seen))
        else:
            body = executions.lean(text)
            self._keep_at(seen.reference, lambda: self._failing.refuse(body, problem))

    def _park(self, seen: Seen) -> bool:
        """Take up an execution that only waits without reading it, whether that was possible. What was seen of it may be
        out of date, which does no harm: the event of what was written since comes, and the engine reads it then."""
        pinned, due = seen.pinned, seen.waiting_until
        if pinned is None or due is None or due <= self._clock.now():
            return False
        if seen.has_ended or seen.stop_request is not None or self.holds(seen.uid) or not seen.seems_intact:
            return False
        self._carried[seen.uid] = seen.machine, pinned.revision
        self._engine.park(Parked(seen.reference, due, seen.status.seq))
        return True

    def _keep_at(
        self, ref: ExecutionRef, act: Callable[[], Awaitable[None]], failed: Exception | None = None
    ) -> None:
        """``failed``: how that has failed already."""
        task = asyncio.create_task(self._insisting.while_held(ref, act, failed), name=f"take up {ref}")
        self._taking_up[ref.uid] = task
        task.add_done_callback(lambda done: self._taken_up(ref.uid, done))

    def _taken_up(self, uid: Uid, done: asyncio.Task[None]) -> None:
        if self._taking_up.get(uid) is not done:
            return  # another one goes on with it
        del self._taking_up[uid]
        self._held_apart.discard(uid)
        self._texts.forget(uid)
        newer = self._newer.pop(uid, None)
        if newer is not None and not done.cancelled():
            self.observe("MODIFIED", newer)

    def _find(self, ref: ExecutionRef) -> Seen | None:
        return self._watch.get(ref.namespace, ref.name)

    async def _start_or_wait(self, seen: Seen) -> None:
        uid, ref, pinned = seen.uid, seen.reference, seen.pinned
        holds = self.holds(uid) and uid not in self._unbegun
        if pinned is None and (holds or not seen.seems_intact):
            body = await self._journal.read_lean(ref)
            pinned = executions.pinned(body)
            if pinned is None and await self._failing.has_put_right(uid, body):
                return
        if pinned is None:
            lean = await self._lean(ref)
            pinned = executions.pinned(lean)  # it may have begun, and ended, since it was seen
        if pinned is None:
            if executions.has_ended(lean):
                return  # it was refused, by a write whose answer was lost: the event of that is on its way
            if seen.stop_request is not None:
                await self._refusals.abort(lean, seen.stop_request)
                return
            came_back = executions.restored_by(lean)
            if came_back is not None and not (self._restarts_restored or executions.may_restart(lean)):
                await self._refusals.restored(lean, came_back)
                return
            pinned = await self._find_machine(seen, lean)
            if pinned is None:
                return
            try:
                body = await self._whole(ref)
            except InvalidInput as error:
                await self._failing.refuse(error.body or await self._lean(ref), str(error))
                return
            pinned = executions.pinned(body) or pinned
        else:
            # The event may be older than what this very process has written last, and what is open in it is
            # dispatched before anything is written again.
            body = await self._journal.read(ref)
            found = execution_watch.of(body)
            if found.pinned is None and not found.status.seq:
                # etcd was restored to a time before it had begun: what it is to run is found anew.
                self.restored(ref, seen.status.seq, 0)
                self._newer[uid] = found
                return
            if executions.has_ended(body) and executions.is_settled(body) and not self.holds(uid):
                await self._failing.has_put_right(uid, body)
                return
        # Before anything more is awaited: from here on its state machine waits for it.
        self._carried[uid] = seen.machine, pinned.revision
        try:
            loaded = await self._journal.open(body, pinned)
        except BaseException as error:
            self.finished(uid)
            match error:
                case InvalidInput():
                    await self._failing.refuse(body, str(error))
                case Edited():
                    await self._failing.put_right(body, error)
                case NewerVersion():
                    await self._leave_to_newer(ref, body, error)
                case Refused():
                    await self._failing.fail_plainly(body, str(error))
                case _:
                    raise
            return
        if loaded.stop is not None:
            self._stopped.add(uid)
        self.for_newer_version.discard(uid)
        self._unbegun.discard(uid)
        self._engine.adopt(loaded)

    async def _leave_to_newer(self, ref: ExecutionRef, body: Body, newer: NewerVersion) -> None:
        """Nothing is lost: a version that knows its form goes on with it. Until then it is looked at again whenever
        operators come or go."""
        log.error("execution is for a newer version", execution=str(ref), reason=str(newer))
        self.for_newer_version.add(ref.uid)
        await self._refusals.stall(body, conditions.NEWER_VERSION, str(newer))

    async def _whole(self, ref: ExecutionRef) -> Body:
        """A new Execution with its input: from the event that told of it, or read. Raises InvalidInput."""
        text = self._texts.get(ref.uid)
        return await self._journal.read(ref) if text is None else executions.as_needed(text)

    async def _lean(self, ref: ExecutionRef) -> Body:
        """A new Execution without its input, likewise."""
        text = self._texts.get(ref.uid)
        return await self._journal.read_lean(ref) if text is None else executions.lean(text)

    async def _give_up(self, ref: ExecutionRef, reason: str) -> None:
        body = await self._journal.read_lean(ref)
        if ref.uid in self._unbegun:
            await self._failing.sweep(body)
            if self._engine.carries(ref.uid):
                raise Unavailable("what it ran before is still being let go of")
            self._newer[ref.uid] = execution_watch.of(body)
            return
        try:
            executions.check_version(body)
        except NewerVersion as newer:
            await self._leave_to_newer(ref, body, newer)
            return
        if not await self._failing.has_put_right(ref.uid, body):
            await self._failing.fail_plainly(body, reason)

    async def _find_machine(self, seen: Seen, body: Body) -> Pinned | None:
        """What a new execution is to run; None where it has to wait, which its conditions then say."""
        uid, key = seen.uid, seen.machine
        known = await self._machines.newest(key) or await self._appears(key)
        if known is not None and known.revision is not None:
            return Pinned(key[1], known.uid, known.revision)
        self._waiting.setdefault(key, {})[uid] = seen
        if known is None:
            detail = f"there is no StateMachine {key[1]!r} in namespace {key[0]!r}"
            await self._refusals.wait(body, conditions.WAITING_FOR_STATE_MACHINE, detail)
        else:
            await self._refusals.wait(body, conditions.STATE_MACHINE_NOT_READY, known.reason)
        # Read, since of what is in doubt no event may tell any more.
        known = await self._machines.newest(key)
        if known is None or known.revision is None or self._waiting.get(key, {}).pop(uid, None) is None:
            return None
        return Pinned(key[1], known.uid, known.revision)  # it became ready while that was written

    async def _appears(self, key: Key) -> Known | None:
        """What is known of a state machine within the time in which nothing is said about its absence."""
        for _ in range(SILENT_LOOKS):
            await self._clock.sleep(SILENT_SECONDS / SILENT_LOOKS)
            known = self._machines.find(key)
            if known is not None:
                return known
        return None

    # --- Ending --------------------------------------------------------------------------------------------------

    def _ended(self, seen: Seen) -> None:
        uid = seen.uid
        self._retention.keep(seen)
        self.for_newer_version.discard(uid)
        if self._apart.suspected(uid):
            self._shares_changed.set()
        self._tell_machine(seen.machine)
        if uid in self._taking_up or self._engine.carries(uid):
            self._newer[uid] = seen  # it is looked at again once nobody is busy with it
            return
        self._insisting.forget(uid)
        if not seen.is_acknowledged:
            ref = seen.reference
            self._keep_at(ref, lambda: self._acknowledge(ref))
            return
        if seen.pinned and self.holds(uid):
            # Jobs that outlived the commit of their result: the operator ended before it had released them. Taking
            # an ended execution up sweeps them and does nothing else.
            self._begin(seen)

    async def _acknowledge(self, ref: ExecutionRef) -> None:
        await self._refusals.acknowledge(await self._journal.read_lean(ref))

    def holds(self, uid: Uid) -> bool:
        """Whether anything of it is left that runs, or is to be let go."""
        return self._failing.holds(uid)

    def _forget(self, seen: Seen) -> None:
        self._neighbours.forget(seen)
        self._tell_machine(seen.machine)
        self._forget_reference(seen.reference)

    def _forget_reference(self, ref: ExecutionRef) -> None:
        uid = ref.uid
        self._waiting.get((ref.namespace, ref.state_machine), {}).pop(uid, None)
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
