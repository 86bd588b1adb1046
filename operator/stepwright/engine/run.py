"""One live execution: a mailbox and a loop.

Take all waiting signals, step through as many transitions as are ready, write once, then act. Nothing is done that
is not written. Signals that arrive while a write is in flight share the next one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

import structlog

from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint.checkpoint import Checkpoint, EncodedPart, NewerVersion, PartId
from stepwright.asl.checkpoint.parts import HEAD
from stepwright.asl.limits import Limits
from stepwright.asl.resource import Resource
from stepwright.asl.signals import (
    Break,
    Continue,
    Millis,
    Moment,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TimerFired,
    TimerId,
)
from stepwright.asl.step import CancelTask, StartTask, Step
from stepwright.engine import backoff, defects
from stepwright.engine.batch import Batch
from stepwright.engine.brake import Brake
from stepwright.engine.defects import Defect, Defects
from stepwright.engine.effects import Cancel, Effects, Start
from stepwright.engine.insisting import Insisting, KeptOut
from stepwright.engine.kept_apart import KeptApart
from stepwright.engine.kept_stops import KeptStops
from stepwright.engine.observer import Observer
from stepwright.engine.ports import (
    Clock,
    Commit,
    Elsewhere,
    ExecutionRef,
    Fenced,
    Gone,
    Journal,
    JournalError,
    Lease,
    Loaded,
    Refused,
    TaskDriver,
    TokenIn,
    Uid,
    Unavailable,
)
from stepwright.engine.stepping import Stepping
from stepwright.engine.steps import PATIENCE, Steps, Take
from stepwright.engine.timers import Timers
from stepwright.engine.turns import Turns

log = structlog.get_logger(__name__)

T = TypeVar("T")

# Most of TaskStarted and TaskSubmitted decides nothing: it waits this long for another signal whose write it can share,
# and longer where many executions would write nothing else at the same time: beside a burst of tasks no more than so many
# such writes a second.
LAZY_SECONDS: Final = 15.0
LAZIEST_SECONDS: Final = 60.0
LAZY_WRITES_PER_SECOND: Final = 20
LAZY_TIMER: Final = TimerId("engine:lazy")

# An execution goes on whose history had grown too fast.
BRAKE_TIMER: Final = TimerId("engine:brake")

# How often an execution that waits for the lease asks for it, and for how long it does so once another writer has
# advanced it: a lease that lapsed may be renewed, and then nobody else would carry the execution on.
LEASE_POLL_SECONDS: Final = 1.0
LEASE_PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class World:
    """What all executions of an engine share."""

    journal: Journal
    drivers: Sequence[TaskDriver]
    clock: Clock
    timers: Timers
    lease: Lease
    seed: Callable[[], int]
    """A new random number for each step, 64 bits."""
    commit_id: Callable[[], str]
    starts: Turns
    """How many tasks may be on their way to be started at once."""
    ends: Turns
    """The same, of those to be stopped or let go: they do not wait behind starts."""
    loads: Turns
    """How many executions may be read at once."""
    parks_from_seconds: float
    """An execution that only waits, and at least this long, leaves memory until then."""
    instead: Callable[[Uid], Break | None]
    """With what an execution fails at its next transition, whatever that would be."""
    observer: Observer
    token: TokenIn
    limits: Limits = field(default_factory=Limits)
    steps: Steps = field(default_factory=lambda: Steps(Stepping()))


@dataclass(frozen=True, slots=True)
class Parked:
    """An execution in which nothing is open but timers, as it is remembered while nothing happens. ``due``: when to
    read it again. ``seq``: how often it was written when this was true."""

    ref: ExecutionRef
    due: Millis
    seq: int


class _OutOfDate(Exception):  # noqa: N818 - it names a condition
    """What is known of the execution has been waited with for a while: the store may have been restored since."""


class Run:
    """``loaded`` is what to go on from. Without it the journal is asked first; ``known_seq`` is how often the execution
    was written at least."""

    def __init__(
        self, ref: ExecutionRef, world: World, loaded: Loaded | None, known_seq: int | None = None
    ) -> None:
        self.ref = ref
        self._world = world
        self._loaded = loaded
        self._known_seq = known_seq
        self._checkpoint: Checkpoint | None = None
        self._writing: Checkpoint | None = None
        self._seq = 0
        self._latest = Millis(0)
        self._signals: deque[Signal] = deque()
        self._mail = asyncio.Event()
        self._lazy_armed = False
        self._brake = Brake(world.limits.events_per_second)
        self._kept_apart = None if world.limits.history_bytes is None else KeptApart()
        self._resources: dict[TaskId, Resource] = {}
        self._stops = KeptStops()
        self._over = False
        self.is_ending = False
        """Whether it has ended, as far as it is written here: what is left to do is to clear up."""
        self._takes_long = False
        self._restates = False
        self._defects = Defects()
        self._sweeps_after = backoff.delays()
        self._effects = self._new_effects()

    def leave(self) -> None:
        """Nobody carries it any more. What it has, a machine above all, is freed at once and not when somebody looks for
        circles."""
        del self._effects  # which knows this run

    # --- What comes in -------------------------------------------------------------------------------------------

    def post(self, signal: Signal) -> None:
        """Put a signal into the mailbox. Never blocks."""
        if isinstance(signal, TimerFired) and signal.timer in (LAZY_TIMER, BRAKE_TIMER):
            self._lazy_armed = self._lazy_armed and signal.timer != LAZY_TIMER
            self._mail.set()
            return
        self._signals.append(signal)
        if not _may_wait(signal):
            self._mail.set()
        elif not self._lazy_armed:
            self._lazy_armed = True
            seconds = min(LAZY_SECONDS + len(self._world.timers) / LAZY_WRITES_PER_SECOND, LAZIEST_SECONDS)
            due = self._world.clock.now() + int(seconds * 1000)
            self._world.timers.set(self.ref.uid, LAZY_TIMER, Millis(due))

    def restate(self) -> None:
        """Somebody has edited what is stored: write all of it again."""
        self._restates = True
        self._mail.set()

    def unread(self) -> list[Signal]:
        """Signals that came too late to be looked at."""
        return list(self._signals)

    def has_open(self, task: TaskId, scheduled: Millis | None = None) -> bool:
        """Whether the task is open as far as it is written, and stays so by what is being written. ``scheduled``: when it
        must have been, where that is known. What is being written may have landed: nobody else can tell."""
        if self._checkpoint is None:
            # What has to be read first has only waited, and what is new has no task yet.
            parts = {} if self._loaded is None else self._loaded.parts
            return checkpoints.has_open_encoded(parts, task, scheduled)
        return all(
            checkpoints.has_open(checkpoint, task, scheduled)
            for checkpoint in (self._checkpoint, self._writing)
            if checkpoint is not None
        )

    def _token(self, uid: str, task: TaskId, scheduled: Millis) -> str:
        return self._world.token(self.ref.namespace, uid, task, scheduled)

    def heartbeat(self, task: TaskId) -> None:
        """A task is alive: its heartbeat timer starts anew. Nothing is written; a restart grants a whole interval."""
        if self._checkpoint is None:
            return
        open_task = checkpoints.open_task(self._checkpoint, task)
        if open_task is not None and open_task.heartbeat_seconds is not None:
            due = self._world.clock.now() + open_task.heartbeat_seconds * 1000
            self._world.timers.set(self.ref.uid, TimerId(f"heartbeat:{task}"), Millis(due))

    # --- The loop ------------------------------------------------------------------------------------------------

    async def serve(self) -> Parked | None:
        """Carry the execution to its end. Returns when it has settled, is gone, or is another engine's, and earlier
        where there is nothing to do for long."""
        try:
            while True:
                try:
                    return await self._live(self._loaded or await self._load())
                except Fenced:
                    await self._let_go()
                    if not await self._held_within(LEASE_PATIENCE_SECONDS):
                        log.info("execution left to another engine", execution=str(self.ref))
                        return None
                    log.warning(
                        "another writer has advanced the execution, reloading", execution=str(self.ref)
                    )
                    self._loaded = None
                except _OutOfDate:
                    await self._let_go()
                    self._loaded = None
                except (JournalError, NewerVersion):
                    raise
                except Exception as error:
                    # It must neither end the others nor leave this one as it is for ever.
                    defect = self._defects.met(error, self._seq, self._world.commit_id())
                    log.exception(
                        "execution failed in the engine",
                        execution=str(self.ref),
                        error_id=defect.error_id,
                        times=defect.times,
                    )
                    await self._recover(defect)
        except NewerVersion as newer:
            # Nothing of it is lost: a version that knows it goes on.
            log.error("execution is for a newer version", execution=str(self.ref), reason=str(newer))
            self._world.observer.stalled(self.ref, str(newer))
        except Elsewhere as error:
            log.warning("execution left to others", execution=str(self.ref), reason=str(error))
        except Gone:
            log.info("execution is gone", execution=str(self.ref))
            await self._let_go()
            for driver in self._world.drivers:
                await self._insist(self._while_held(partial(driver.sweep, self.ref, frozenset())))
        except Refused as error:
            log.error("execution cannot go on", execution=str(self.ref), reason=str(error))
            self._world.observer.stalled(self.ref, str(error))
        finally:
            self._over = True
            await self._let_go()
        return None

    async def _recover(self, defect: Defect) -> None:
        """Get ready to try again, or to fail the execution instead. Raises Refused where that has failed, too."""
        self._world.observer.broke(self.ref)
        if defect.hopeless:
            raise Refused(defect.cause)
        await self._let_go()
        self._loaded = None
        await self._world.clock.sleep(defects.PAUSE_SECONDS)

    async def _load(self) -> Loaded:
        async with self._world.loads.of(self.ref.namespace):
            at_least, self._known_seq = self._known_seq, None
            loaded = await self._insist(lambda: self._world.journal.load(self.ref, at_least))
            if at_least is not None and any(driver.holds(self.ref.uid) for driver in self._world.drivers):
                # It only waited when that was known, and now something is there for it. What was read may be older
                # than what was written since, and what runs would be stopped as unwanted.
                loaded = await self._insist(lambda: self._world.journal.load(self.ref))
        self.ref = loaded.ref
        self._effects = self._new_effects()
        return loaded

    async def abandon(self) -> None:
        """The execution was deleted and is served no more: stop what runs for it, as far as the drivers know of it.
        What its deletion takes with it needs no stop, so this is for speed, for drivers outside the cluster, and for
        drivers to forget what they watched."""
        for driver in self._world.drivers:
            await self._insist(partial(driver.sweep, self.ref, frozenset()))

    async def _live(self, loaded: Loaded) -> Parked | None:
        self._loaded = None
        self._machine = loaded.machine
        if self._kept_apart is not None:
            self._kept_apart.take_up(loaded.parts)
        self._seq = loaded.seq
        self._latest = max(self._latest, loaded.latest)
        settled, self.is_ending = loaded.settled, loaded.ended
        stops = self._stops.take_up(loaded.parts)
        self._resources |= {stop.task: stop.resource for stop in stops}
        self._effects.want(map(Cancel, stops))
        if loaded.ended:
            await self._sweep(frozenset())
            await self._effects.finished()
        else:
            if loaded.stop is not None:
                self.post(Stop(loaded.stop.error, loaded.stop.cause))
            if (failure := self._defects.failure(self._seq)) is not None:
                batch = await self._broken(loaded, failure)
            else:
                batch = await (self._resumed(loaded) if loaded.parts else self._started(loaded))
            # While nothing happens, nothing is kept but the checkpoint.
            del loaded
            while not (ended := await self._commit_and_act(batch)):
                if (parked := self._parked()) is not None:
                    return parked
                if self._checkpoint is not None and not self._mail.is_set():
                    checkpoints.rest(self._checkpoint, batch.changed)
                del batch
                await self._mail.wait()
                self._mail.clear()
                batch = await self._fill(Batch(self._checkpoint))
            settled, self.is_ending = ended.settled, True
            await self._effects.finished()
        if not settled:
            commit_id = self._world.commit_id()
            settle = partial(self._world.journal.settle, self.ref, self._seq, commit_id)
            await self._insist(self._while_held(settle))
        return None

    async def _started(self, loaded: Loaded) -> Batch:
        batch = Batch(None)
        start = partial(
            interpreter.start,
            self._machine,
            loaded.identity,
            loaded.input,
            self._moment(),
            self._world.limits,
            token=self._token,
        )
        self._add(batch, await self._step(start), None)
        return await self._fill(batch)

    async def _step(self, step: Take) -> Step:
        taken = await self._world.steps.take(self.ref, step, long=self._takes_long)
        self._takes_long = taken.work > PATIENCE  # most likely the next one does, too
        return taken

    async def _broken(self, loaded: Loaded, failure: Break) -> Batch:
        """End the execution where it is. Nothing of its definition is looked at."""
        batch = Batch(None)
        if loaded.parts:
            batch.checkpoint = self._checkpoint = checkpoints.decode(loaded.parts)
            self._resources |= checkpoints.resources(self._machine, self._checkpoint)
            await self._resume(batch, failure)
        else:
            moment = self._moment()
            step = interpreter.start_broken(self._machine, loaded.identity, loaded.input, moment, failure)
            self._add(batch, step, None)
        return batch

    def _add(self, batch: Batch, step: Step, signal: Signal | None) -> None:
        batch.add(step, signal)
        self._brake.spend(len(step.events) + len(step.child_events), self._world.clock.now())

    def _parked(self) -> Parked | None:
        """What is to be remembered where nothing is to be done for long; None where something is, or may be soon."""
        assert self._checkpoint is not None
        if self._mail.is_set() or not self._effects.none:
            return None
        due = checkpoints.waiting_until(self._checkpoint)
        if due is None or due - self._world.clock.now() < self._world.parks_from_seconds * 1000:
            return None
        return Parked(self.ref, due, self._seq)

    async def _resumed(self, loaded: Loaded) -> Batch:
        """Take up what a checkpoint describes: stop what it does not want, arm its timers, reattach its tasks."""
        checkpoint = self._checkpoint = checkpoints.decode(loaded.parts)
        if checkpoint.ended:
            return await self._redriven(checkpoint, loaded.redriven)
        tasks = checkpoints.open_tasks(self._machine, checkpoint)
        # Before anything new is started: a sweep knows only the tasks of this moment.
        await self._sweep(frozenset(task.task for task in tasks))
        self._arm(checkpoint)
        self._start(tasks, again=True)
        checkpoints.rest(checkpoint, checkpoint.parts)  # what was told of the tasks
        return await self._fill(Batch(checkpoint))

    async def _redriven(self, checkpoint: Checkpoint, asked: Millis | None) -> Batch:
        """Go on from what was kept of an end without success."""
        await self._sweep(frozenset())
        batch = Batch(checkpoint)
        self._latest = max(self._latest, asked or Millis(0))
        moment = Moment(asked or self._now(), self._world.seed())
        step = await self._step(
            partial(
                interpreter.redrive,
                self._machine,
                checkpoint,
                moment,
                self._world.limits,
                token=self._token,
            )
        )
        self._add(batch, step, None)
        return await self._fill(batch)

    def _arm(self, checkpoint: Checkpoint) -> None:
        """Set the open timers. When a task was last heard of is written nowhere: it gets a whole interval."""
        now, heartbeats = self._world.clock.now(), checkpoints.heartbeats(checkpoint)
        for timer in checkpoints.open_timers(checkpoint):
            due = timer.due
            if timer.timer in heartbeats:
                due = max(due, Millis(now + heartbeats[timer.timer] * 1000))
            self._world.timers.set(self.ref.uid, timer.timer, due)

    async def _fill(self, batch: Batch) -> Batch:
        """Step through waiting signals, then on with what steps have left unfinished, until nothing is left, the write
        is full, or the execution has ended."""
        while batch.outcome is None and not batch.full:
            if self._signals:
                await self._resume(batch, self._signals.popleft())
            elif batch.more and self._brake.opens(now := self._world.clock.now()) <= now:
                # A long stretch: others have their turn, and what the journal does ahead goes out meanwhile.
                await asyncio.sleep(0)
                await self._resume(batch, Continue())
            else:
                break
        if self._signals:
            self._mail.set()
        elif batch.more:
            self._come_back()
        return batch

    def _come_back(self) -> None:
        """Go on with an unfinished step after the next write, or when the brake lets it."""
        now = self._world.clock.now()
        opens = self._brake.opens(now)
        if opens <= now:
            self._mail.set()
        else:
            self._world.timers.set(self.ref.uid, BRAKE_TIMER, opens)

    async def _resume(self, batch: Batch, signal: Signal) -> None:
        assert batch.checkpoint is not None
        given_up = self._given_up(batch.checkpoint, signal)
        resume = partial(
            interpreter.resume,
            self._machine,
            batch.checkpoint,
            signal,
            self._moment(),
            self._world.limits,
            instead=self._world.instead(self.ref.uid),
            token=self._token,
        )
        self._add(batch, await self._step(resume), signal)
        if given_up is not None and given_up.task in batch.ends:
            batch.ends[given_up.task] = Cancel(given_up)

    async def _commit_and_act(self, batch: Batch) -> Commit | None:
        """Write, then dispatch. The commit, if it ended the execution."""
        if batch.empty and not self._restates:
            return None
        try:
            commit = await self._write(batch)
        except KeptOut as error:
            if self._checkpoint is None:
                raise
            batch, commit = await self._end_instead(str(error))
        except Refused:
            if self._checkpoint is None:
                raise
            # A patch builds on what is stored, which somebody may have edited.
            self._restates = True
            batch, commit = await self._write_or_fail(batch)
        self._act(batch)
        return commit if batch.outcome is not None else None

    async def _write_or_fail(self, batch: Batch) -> tuple[Batch, Commit]:
        try:
            return batch, await self._write(batch)
        except Refused as error:
            return await self._end_instead(str(error))

    async def _end_instead(self, reason: str) -> tuple[Batch, Commit]:
        """What was to be written is given up: the execution ends, as it was told to, or because of that."""
        log.error("write given up, ending the execution", execution=str(self.ref), reason=reason)
        batch = Batch(self._checkpoint)
        stop = next((signal for signal in self._signals if isinstance(signal, Stop)), None)
        cause = f"The state of the execution could not be recorded: {reason}"
        await self._resume(batch, stop or Break("States.Runtime", cause))
        return batch, await self._write(batch, ends=True)

    async def _write(self, batch: Batch, *, ends: bool = False) -> Commit:
        assert batch.checkpoint is not None
        whole, self._restates = self._restates, False
        for task in batch.starts.values():
            self._resources[task.task] = task.resource
        stops = self._stops.parts(filter(self._is_kept, batch.stops), whole=whole)
        commit = Commit(
            commit_id=self._world.commit_id(),
            expected_seq=self._seq,
            now=self._now(),
            started=batch.checkpoint.start.started,
            parts=self._encoded_parts(batch, whole=whole) | stops,
            whole=whole,
            events=batch.events,
            visits=tuple(batch.visits.values()),
            map_runs=tuple(batch.map_runs.values()),
            children=tuple(batch.children.values()),
            child_events=batch.child_events,
            shown=self._shown(batch),
            current_states=checkpoints.current_states(batch.checkpoint),
            waiting_until=checkpoints.waiting_until(batch.checkpoint),
            outcome=batch.outcome,
            redrivable=batch.redrivable,
            settled=batch.outcome is not None and not batch.stops and self._effects.idle,
        )
        append = self._while_held(lambda: self._world.journal.append(self.ref, commit))
        self._writing = batch.checkpoint
        try:
            await self._insisting().on(append, ends=ends)
        finally:
            self._writing = None
        self._seq += 1
        self._checkpoint = batch.checkpoint
        self._stops.written(stops, whole=whole)
        self._world.observer.committed(self.ref, commit)
        return commit

    def _encoded_parts(self, batch: Batch, *, whole: bool) -> dict[PartId, EncodedPart | None]:
        """What the write leaves behind for good is counted in what it writes."""
        assert batch.checkpoint is not None
        parts = batch.encoded_parts(whole=whole)
        if self._kept_apart is not None and (size := self._kept_apart.count(parts, batch.events)):
            head = batch.checkpoint.head
            head.history_bytes += size
            parts[HEAD] = checkpoints.encode(head)
        return parts

    def _act(self, batch: Batch) -> None:
        for timer, due in batch.timers.items():
            if due is None:
                self._world.timers.cancel(self.ref.uid, timer)
            else:
                self._world.timers.set(self.ref.uid, timer, due)
        if batch.outcome is not None:
            self._world.timers.cancel_all(self.ref.uid)
        self._effects.want(batch.ends.values())
        self._start(batch.starts.values(), again=False)

    def _start(self, tasks: Iterable[StartTask], *, again: bool) -> None:
        """Have tasks started whose start is committed. ``again``: by an earlier run, which may have started them."""
        for task in tasks:
            self._resources[task.task] = task.resource
            if self._driver(task.resource) is None:
                cause = f"No driver of this installation serves the Resource {task.resource.text!r} of state {task.state!r}."
                self.post(TaskFailed(task.task, "States.Runtime", cause))
            else:
                self._effects.want([Start(task, again)])

    async def _sweep(self, wanted: frozenset[TaskId]) -> None:
        """Raises _OutOfDate where that had to wait: what is not wanted by what was read may be wanted by what is stored."""
        if not self._world.lease.held(self.ref.uid):
            await self._held_within(None)
            raise _OutOfDate
        for driver in self._world.drivers:
            try:
                await driver.sweep(self.ref, wanted)
            except Unavailable as error:
                delay = next(self._sweeps_after)
                log.warning("sweep waits", execution=str(self.ref), reason=str(error), retry=delay)
                await self._world.clock.sleep(delay)
                raise _OutOfDate from error
        self._sweeps_after = backoff.delays()

    async def _held_within(self, seconds: float | None) -> bool:
        """Wait for the lease, for ever where no time is given; whether it is held."""
        clock, lease = self._world.clock, self._world.lease
        waited = 0.0
        while not lease.held(self.ref.uid):
            if seconds is not None and waited >= seconds:
                return False
            await clock.sleep(LEASE_POLL_SECONDS)
            waited += LEASE_POLL_SECONDS
        return True

    def _while_held(self, call: Callable[[], Awaitable[T]]) -> Callable[[], Awaitable[T]]:
        """The call, made only while the lease is held."""

        async def made() -> T:
            await self._held_within(None)
            return await call()

        return made

    async def _let_go(self) -> None:
        """Leave nothing under way; what has been written stays as it is."""
        self._world.timers.cancel_all(self.ref.uid)
        self._lazy_armed = False
        await self._effects.cancel()

    def _insisting(self) -> Insisting:
        async def explain(reason: str) -> None:
            await self._world.journal.explain(self.ref, reason, self._now())

        world = self._world
        return Insisting(self.ref, world.clock, world.limits.quota_seconds, self._is_to_stop, explain)

    def _is_to_stop(self) -> bool:
        return any(isinstance(signal, Stop) for signal in self._signals)

    async def _insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call until the other side is there to answer it."""
        for delay in backoff.delays():
            try:
                return await call()
            except Unavailable as error:
                log.warning("store unavailable", execution=str(self.ref), reason=str(error), retry=delay)
                await self._world.clock.sleep(delay)
        raise AssertionError("delays never end")

    # --- What a step needs ---------------------------------------------------------------------------------------

    def _moment(self) -> Moment:
        return Moment(self._now(), self._world.seed())

    def _now(self) -> Millis:
        """Timestamps of an execution never go back, whoever's clock it went by before."""
        self._latest = max(self._latest, self._world.clock.now())
        return self._latest

    def _new_effects(self) -> Effects:
        world = self._world
        return Effects(
            self.ref,
            self._driver_of,
            world.clock,
            world.starts,
            world.ends,
            self._may_act,
            self._effects_finished,
            self._stops.made,
        )

    def _effects_finished(self) -> None:
        """Look whether there is anything left to do; signals that can wait for another's write still do."""
        if not self._signals:
            self._mail.set()

    def _may_act(self) -> bool:
        return not self._over and self._world.lease.held(self.ref.uid)

    def _driver(self, resource: Resource) -> TaskDriver | None:
        return next((driver for driver in self._world.drivers if driver.serves(resource)), None)

    def _driver_of(self, task: TaskId) -> TaskDriver | None:
        resource = self._resources.get(task)
        return None if resource is None else self._driver(resource)

    def _is_kept(self, stop: CancelTask) -> bool:
        driver = self._driver(stop.resource)
        return driver is not None and driver.keeps_stops(stop.resource)

    def _given_up(self, checkpoint: Checkpoint, signal: Signal) -> CancelTask | None:
        """Of a task that has failed and whose driver says that what runs it may be running still."""
        if not isinstance(signal, TaskFailed):
            return None
        driver = self._driver_of(signal.task)
        if driver is None or not driver.runs_on(self.ref, signal.task):
            return None
        task = checkpoints.open_task(checkpoint, signal.task)
        if task is None:
            return None
        submitted = None if task.submitted is None else task.submitted.value
        return CancelTask(task.id, self._resources[task.id], submitted)

    def _shown(self, batch: Batch) -> dict[TaskId, str]:
        shown: dict[TaskId, str] = {}
        for visit in batch.visits.values():
            driver = None if visit.task is None else self._driver_of(visit.task)
            if visit.task is not None and driver is not None:
                name = driver.shown_as(self.ref, visit.task)
                if name is not None:
                    shown[visit.task] = name
        return shown


def _may_wait(signal: Signal) -> bool:
    match signal:
        case TaskStarted():
            return not signal.counts
        case TaskSubmitted():
            return not signal.at_once
    return False
