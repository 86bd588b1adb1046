"""Executions: taken in when they appear, told to stop, dropped when they are deleted, removed after their time.

Several operators share them: only those that belong to this one are looked after here. Of the others nothing is kept
but what the watch keeps of all; they are taken up when they come to belong here.

Nothing is written here that the engine's journal could write; what is, concerns executions that have not started:
why they wait, that their input is no good, that they were stopped before they began.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec
import structlog

from stepwright.cluster import conditions, consistency, executions, refusals
from stepwright.cluster.consistency import Edited
from stepwright.cluster.executions import Body, InvalidInput, Pinned
from stepwright.cluster.informer import Informer
from stepwright.cluster.journal import ClusterJournal
from stepwright.controllers.execution_watch import PENDING, TOUCHED, Seen, index_of
from stepwright.controllers.failure_events import FailureEvents
from stepwright.controllers.retention import Retention
from stepwright.controllers.setting_apart import SettingApart
from stepwright.controllers.state_machines import Key, Known, StateMachines
from stepwright.engine import backoff
from stepwright.engine.engine import Engine
from stepwright.engine.ports import Clock, ExecutionRef, Gone, Refused, TaskDriver, Uid, Unavailable
from stepwright.engine.run import Parked

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
        refusals_: refusals.Refusals,
        drivers: tuple[TaskDriver, ...],
        retention: Retention,
        failures: FailureEvents,
        clock: Clock,
        apart: SettingApart,
        *,
        owns: Callable[[Uid], bool],
        held: Callable[[Uid], bool],
    ) -> None:
        """``owns``: whether the execution belongs to this operator; ``held``: and may be acted upon at this moment."""
        self._engine = engine
        self._journal = journal
        self._refusals = refusals_
        self._drivers = drivers
        self._retention = retention
        self._failures = failures
        self._clock = clock
        self._apart = apart
        self._held_apart: set[Uid] = set()
        self._owns = owns
        self._held = held
        self._machines: StateMachines | None = None
        self._watch: Informer[Seen] | None = None
        self._shares_changed = asyncio.Event()
        self._waiting: dict[Key, dict[Uid, Body]] = {}
        self._taking_up: dict[Uid, asyncio.Task[None]] = {}
        self._newer: dict[Uid, Body] = {}
        self._letting_go: dict[Uid, asyncio.Task[None]] = {}
        self._comparing: dict[Uid, asyncio.Task[None]] = {}
        self._stopped: set[Uid] = set()
        self._carried: dict[Uid, tuple[Key, str]] = {}

    def use(self, machines: StateMachines, watch: Informer[Seen]) -> None:
        self._machines = machines
        self._watch = watch

    def observe(self, type: str | None, body: Body) -> None:
        """Take in an event. Runs in the engine's loop."""
        uid = executions.uid_of(body)
        self._engine.written(uid, executions.seq(body))
        if type == "DELETED" or body["metadata"].get("deletionTimestamp"):
            self._forget(uid, body)
        elif not self._owns(uid):
            self._leave(body)
        elif self._apart.holds(uid) and not executions.has_ended(body):
            self._set_apart(uid, body)
        elif self._engine.carries(uid) and (type == TOUCHED or not consistency.seems_intact(body)):
            self._compare(uid, body)
        elif executions.has_ended(body) and executions.is_settled(body) and consistency.seems_intact(body):
            self._ended(uid, body)
        elif self._engine.carries(uid):
            self._journal.observe_generation(uid, body["metadata"].get("generation", 1))
            request = executions.stop_request(body)
            if request is not None and uid not in self._stopped:
                self._stopped.add(uid)
                self._engine.stop_execution(uid, request)
        elif uid in self._taking_up:
            self._newer[uid] = body
        elif uid in self._waiting.get(_machine_key(body), {}):
            self._waiting[_machine_key(body)][uid] = body
            if executions.stop_request(body) is not None:
                self._begin(uid, body)
        else:
            self._begin(uid, body)

    def _set_apart(self, uid: Uid, body: Body) -> None:
        """Operators died under it: it is not taken up, but looked at."""
        if uid in self._taking_up:
            self._newer[uid] = body
        elif self._engine.carries(uid):
            self._shares_changed.set()  # it is let go of first
        else:
            reference = executions.reference(body)
            self._held_apart.add(uid)
            self._keep_at(uid, str(reference), lambda: self._look_at_quarantined(reference))

    async def _look_at_quarantined(self, reference: ExecutionRef) -> None:
        if await self._apart.releases(await self._journal.read(reference)):
            self._newer[reference.uid] = await self._journal.read(reference)

    def _compare(self, uid: Uid, body: Body) -> None:
        """Somebody may have edited the status of an execution that is carried here, which knows better."""
        if uid not in self._comparing:
            reference = executions.reference(body)
            task = asyncio.create_task(
                self._insist(str(reference), lambda: self._restate_if_edited(reference))
            )
            self._comparing[uid] = task
            task.add_done_callback(lambda _: self._comparing.pop(uid, None))

    async def _restate_if_edited(self, ref: ExecutionRef) -> None:
        body = await self._journal.read(ref)
        if self._engine.carries(ref.uid) and not self._journal.is_as_written(body):
            log.warning("status was edited by somebody else, writing it again", execution=str(ref))
            self._engine.restate(ref.uid)

    def machine_changed(self, key: Key) -> None:
        """Executions that wait for this state machine can start, or wait for another reason now."""
        for uid, body in self._waiting.pop(key, {}).items():
            self._begin(uid, body)

    def any_under_way(self, key: Key) -> bool:
        """Whether executions of this state machine are under way: here or, as far as they have written, elsewhere."""
        assert self._watch is not None
        here = any(machine == key for machine, _ in self._carried.values())
        return here or bool(self._watch.by_index(index_of(*key)))

    def revisions_of(self, key: Key) -> set[str]:
        """The revisions that these executions are pinned to."""
        assert self._watch is not None
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
        if self._machines is not None:
            self._machines.execution_ended(key)

    def stalled(self, ref: ExecutionRef, reason: str) -> None:
        """The engine cannot carry it any further: it is read once more and fails."""
        if ref.uid not in self._taking_up:
            self._keep_at(ref.uid, str(ref), lambda: self._give_up(ref, reason))

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

    def _leave(self, body: Body) -> None:
        """It is another operator's."""
        if executions.is_settled(body):
            self._tell_machine(_machine_key(body))

    async def _let_go_of_others(self) -> None:
        waiting = [uid for bodies in self._waiting.values() for uid in bodies]
        for count, uid in enumerate([*self._engine.uids(), *self._taking_up, *waiting], 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            if not self._owns(uid) or (self._apart.holds(uid) and uid not in self._held_apart):
                self._let_go(uid)

    def _let_go(self, uid: Uid) -> None:
        for bodies in self._waiting.values():
            bodies.pop(uid, None)
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
        assert self._watch is not None
        for count, seen in enumerate(self._watch.all(), 1):
            if count % BREATHE_EVERY == 0:
                await asyncio.sleep(0)
            uid = Uid(seen.metadata.uid)
            newest = self._watch.get(seen.metadata.namespace, seen.metadata.name)
            if newest is None or newest.metadata.uid != uid or not self._owns(uid) or self._is_known(newest):
                continue
            if newest.status.phase == PENDING:
                ref = ExecutionRef(
                    uid, seen.metadata.namespace, seen.metadata.name, seen.spec.stateMachineRef.name
                )
                self._read_whole(ref)
            else:
                self.observe("MODIFIED", msgspec.to_builtins(newest))
        if self._watch.synced.is_set():
            await self._forget_suspects(self._watch)

    async def _forget_suspects(self, watch: Informer[Seen]) -> None:
        """Of executions that have ended or are gone."""
        for suspect in self._apart.suspects():
            uid, seen = suspect.ref.uid, watch.get(suspect.ref.namespace, suspect.ref.name)
            there = seen is not None and seen.metadata.uid == uid and seen.status.endTime is None
            if self._owns(uid) and not there:
                await self._insist(str(suspect.ref), lambda uid=uid: self._apart.forget(uid))  # type: ignore[misc]

    def _is_known(self, seen: Seen) -> bool:
        uid = Uid(seen.metadata.uid)
        key = seen.metadata.namespace, seen.spec.stateMachineRef.name
        return self._engine.carries(uid) or uid in self._taking_up or uid in self._waiting.get(key, {})

    def _read_whole(self, ref: ExecutionRef) -> None:
        """Nobody tells once more what a new execution is like: the watch has kept nothing of its input."""

        async def read() -> None:
            self._newer[ref.uid] = await self._journal.read(ref)

        if ref.uid not in self._taking_up:
            self._keep_at(ref.uid, str(ref), read)

    def _do_let_go(self, uid: Uid, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._letting_go[uid] = task
        task.add_done_callback(lambda _: self._letting_go.pop(uid, None))
        return task

    # --- Beginning -----------------------------------------------------------------------------------------------

    def _begin(self, uid: Uid, body: Body) -> None:
        self._waiting.get(_machine_key(body), {}).pop(uid, None)
        if self._park(uid, body):
            return
        self._keep_at(uid, str(executions.reference(body)), lambda: self._start_or_wait(uid, body))

    def _park(self, uid: Uid, body: Body) -> bool:
        """Take up an execution that only waits without reading it, whether that was possible. A body that is out of
        date does no harm: the event of what was written since comes, and the engine reads the execution then."""
        pinned, due = executions.pinned(body), executions.waiting_until(body)
        if pinned is None or due is None or due <= self._clock.now():
            return False
        if executions.has_ended(body) or executions.stop_request(body) is not None or self._holds(uid):
            return False
        if not consistency.seems_intact(body):
            return False
        self._carried[uid] = _machine_key(body), pinned.revision
        self._engine.park(Parked(executions.reference(body), due, executions.seq(body)))
        return True

    def _keep_at(self, uid: Uid, reference: str, call: Callable[[], Awaitable[None]]) -> None:
        async def when_held() -> None:
            if not self._held(uid):
                raise Unavailable("it belongs to another operator, or may soon")
            await call()

        task = asyncio.create_task(self._insist(reference, when_held), name=f"take up {reference}")
        self._taking_up[uid] = task
        task.add_done_callback(lambda done: self._taken_up(uid, done))

    def _taken_up(self, uid: Uid, done: asyncio.Task[None]) -> None:
        self._taking_up.pop(uid, None)
        self._held_apart.discard(uid)
        newer = self._newer.pop(uid, None)
        if newer is not None and not done.cancelled():
            self.observe("MODIFIED", newer)

    async def _insist(self, reference: str, call: Callable[[], Awaitable[None]]) -> None:
        for delay in backoff.delays():
            try:
                await call()
                return
            except Unavailable as error:
                log.warning(
                    "execution waits to be taken up", execution=reference, reason=str(error), retry=delay
                )
            except Gone:
                return
            except Exception:
                log.exception("execution cannot be taken up", execution=reference, retry=delay)
            await self._clock.sleep(delay)

    async def _start_or_wait(self, uid: Uid, body: Body) -> None:
        key = _machine_key(body)
        pinned = executions.pinned(body)
        if pinned is None and (self._holds(uid) or not consistency.seems_intact(body)):
            body = await self._journal.read(executions.reference(body))
            pinned = executions.pinned(body)
            if pinned is None and await self._has_put_right(uid, body):
                return
        if pinned is None:
            stop = executions.stop_request(body)
            if stop is not None:
                await self._refusals.abort(body, stop)
                return
            pinned = await self._find_machine(uid, key, body)
            if pinned is None:
                return
        else:
            # The event may be older than what this very process has written last, and what is open in it is
            # dispatched before anything is written again.
            body = await self._journal.read(executions.reference(body))
            if executions.has_ended(body) and executions.is_settled(body) and not self._holds(uid):
                await self._has_put_right(uid, body)
                return
        # Before anything more is awaited: from here on its state machine waits for it.
        self._carried[uid] = key, pinned.revision
        try:
            loaded = await self._journal.open(body, pinned)
        except BaseException as error:
            self.finished(uid)
            match error:
                case InvalidInput():
                    await self._fail(body, conditions.INVALID_INPUT, "InvalidExecutionInput", str(error))
                case Edited():
                    await self._put_right(body, error)
                case Refused():
                    await self._fail_plainly(body, str(error))
                case _:
                    raise
            return
        if loaded.stop is not None:
            self._stopped.add(uid)
        self._engine.adopt(loaded)

    async def _give_up(self, ref: ExecutionRef, reason: str) -> None:
        body = await self._journal.read(ref)
        if not await self._has_put_right(ref.uid, body):
            await self._fail_plainly(body, reason)

    async def _has_put_right(self, uid: Uid, body: Body) -> bool:
        """Whether somebody else had edited the status; it is put right then, or the execution fails."""
        try:
            consistency.check(body)
            if executions.pinned(body) is None and self._holds(uid):
                raise Edited("status is")  # with Jobs it has begun, whatever is left of its status
        except Edited as edited:
            await self._put_right(body, edited)
            return True
        return False

    async def _put_right(self, body: Body, edited: Edited) -> None:
        log.warning("status was edited", execution=str(executions.reference(body)), found=str(edited))
        if edited.truth is None:
            await self._fail_at_once(body, str(edited))
        else:
            await self._refusals.correct(body, edited.truth.phase, settled=edited.truth.settled)

    async def _fail_plainly(self, body: Body, reason: str) -> None:
        """What is stored of an execution, or of what it runs, does not let it go on."""
        if not executions.has_ended(body):
            await self._fail_at_once(body, reason)
            return
        await self._sweep(body)
        if not executions.is_settled(body):
            await self._refusals.settle(body)

    async def _fail_at_once(self, body: Body, reason: str) -> None:
        await self._sweep(body)
        cause = f"The execution cannot go on: {reason}."
        await self._fail(body, conditions.FAILED, "States.Runtime", cause)

    async def _sweep(self, body: Body) -> None:
        for driver in self._drivers:
            await driver.sweep(executions.reference(body), frozenset())

    async def _fail(self, body: Body, reason: conditions.Reason, error: str, cause: str) -> None:
        if await self._refusals.fail(body, reason, error, cause):
            self._failures.failed(executions.reference(body), error)

    async def _find_machine(self, uid: Uid, key: Key, body: Body) -> Pinned | None:
        """What a new execution is to run; None where it has to wait, which its conditions then say."""
        assert self._machines is not None
        known = await self._machines.newest(key) or await self._appears(key)
        if known is not None and known.revision is not None:
            return Pinned(key[1], known.uid, known.revision)
        self._waiting.setdefault(key, {})[uid] = body
        if known is None:
            detail = f"there is no StateMachine {key[1]!r} in namespace {key[0]!r}"
            await self._refusals.wait(body, conditions.WAITING_FOR_STATE_MACHINE, detail)
        else:
            await self._refusals.wait(body, conditions.STATE_MACHINE_NOT_READY, known.reason)
        known = self._machines.find(key)
        if known is None or known.revision is None or self._waiting.get(key, {}).pop(uid, None) is None:
            return None
        return Pinned(key[1], known.uid, known.revision)  # it became ready while that was written

    async def _appears(self, key: Key) -> Known | None:
        """What is known of a state machine within the time in which nothing is said about its absence."""
        assert self._machines is not None
        for _ in range(SILENT_LOOKS):
            await self._clock.sleep(SILENT_SECONDS / SILENT_LOOKS)
            known = self._machines.find(key)
            if known is not None:
                return known
        return None

    # --- Ending --------------------------------------------------------------------------------------------------

    def _ended(self, uid: Uid, body: Body) -> None:
        self._retention.keep(body)
        if self._apart.suspected(uid):
            self._shares_changed.set()
        self._tell_machine(_machine_key(body))
        if uid in self._taking_up or self._engine.carries(uid):
            self._newer[uid] = body  # it is looked at again once nobody is busy with it
            return
        if not executions.is_acknowledged(body):
            reference = executions.reference(body)
            self._keep_at(uid, str(reference), lambda: self._acknowledge(reference))
            return
        if executions.pinned(body) and self._holds(uid):
            # Jobs that outlived the commit of their result: the operator ended before it had released them. Taking
            # an ended execution up sweeps them and does nothing else.
            self._begin(uid, body)

    async def _acknowledge(self, reference: ExecutionRef) -> None:
        await self._refusals.acknowledge(await self._journal.read(reference))

    def _holds(self, uid: Uid) -> bool:
        return any(driver.holds(uid) for driver in self._drivers)

    def _forget(self, uid: Uid, body: Body) -> None:
        self._waiting.get(_machine_key(body), {}).pop(uid, None)
        taking_up = self._taking_up.get(uid)
        if taking_up is not None:
            taking_up.cancel()
        self._newer.pop(uid, None)
        self._retention.forget(uid)
        if self._apart.suspected(uid):
            self._shares_changed.set()
        self._tell_machine(_machine_key(body))
        if self._engine.carries(uid) and uid not in self._letting_go:
            self._do_let_go(uid, self._engine.deleted(executions.reference(body)))


def _machine_key(body: Body) -> Key:
    return body["metadata"]["namespace"], executions.state_machine_name(body)
