"""All executions that this process runs: those in which something happens, and those that only wait."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import structlog

from stepwright.asl import interpreter
from stepwright.asl.limits import Limits
from stepwright.asl.signals import Break, Millis, Moment, Signal, Stop, TaskId, TimerFired, TimerId
from stepwright.asl.step import Outcome, Step
from stepwright.asl.task_token import unsealed
from stepwright.asl.unusable import Unusable, known_later
from stepwright.engine.clock import SystemClock
from stepwright.engine.observer import Observer, Unobserved
from stepwright.engine.parking import PARKS_FROM_SECONDS, Parked
from stepwright.engine.ports import (
    Clock,
    ExecutionRef,
    Heartbeat,
    Journal,
    Lease,
    Loaded,
    Report,
    Reported,
    StopRequest,
    TaskDriver,
    TokenIn,
    Uid,
)
from stepwright.engine.reports import Reports
from stepwright.engine.run import Run
from stepwright.engine.stepping import Stepping
from stepwright.engine.steps import Aside, Steps, Whose
from stepwright.engine.timers import Timers
from stepwright.engine.turns import Turns
from stepwright.engine.world import World

log = structlog.get_logger(__name__)

# Calls to drivers under way at once. Not far above this, the API server's own fairness begins to queue a
# single client.
CALLS_AT_ONCE = 64

# The one timer of a parked execution: when it fires, the execution is read again and finds out itself which
# of its timers are due.
WAKE: Final = TimerId("engine:wake")


@dataclass(frozen=True, slots=True)
class _Asleep:
    """Listens for a parked execution whose tasks others have."""

    uid: Uid
    report: Report

    def post(self, reported: Reported) -> None:
        self.report(self.uid, reported)


class Engine:
    """Runs executions: one ``Run`` and one asyncio task for each in which something happens. Those that only
    wait for long are *parked*: memory holds a few words and a timer for each; the journal has the rest.
    Everything happens in one event loop."""

    def __init__(
        self,
        journal: Journal,
        drivers: Sequence[TaskDriver],
        lease: Lease,
        *,
        clock: Clock | None = None,
        observer: Observer | None = None,
        limits: Limits | None = None,
        parks_from_seconds: float = PARKS_FROM_SECONDS,
        seed: Callable[[], int] | None = None,
        commit_id: Callable[[], str] | None = None,
        finished: Callable[[ExecutionRef], None] | None = None,
        stepping: Stepping | None = None,
        aside: Aside | None = None,
        whose: Whose | None = None,
        instead: Callable[[Uid], Break | None] | None = None,
        token: TokenIn | None = None,
        unusable: Unusable = known_later,
        reports: Reports | None = None,
    ) -> None:
        """``aside``: where to take steps that take long, and ``whose`` turn each is (``engine.steps``).
        ``instead``: the error with which an execution fails at its next transition, whatever that would be.
        ``token``: makes task tokens, if answers with tokens are accepted. ``unusable``:
        which parameters no task can be started with. ``reports``: what ``drivers`` report to."""
        clock = clock or SystemClock()
        self._stepping = stepping or Stepping()
        self.timers = Timers(clock, self._timer_fired)
        self._world = World(
            journal=journal,
            drivers=drivers,
            clock=clock,
            timers=self.timers,
            lease=lease,
            # One for all: each that is made is seeded first, which takes as long as a short step.
            seed=seed or partial(random.SystemRandom().getrandbits, 64),
            commit_id=commit_id or (lambda: uuid.uuid4().hex),
            starts=Turns(CALLS_AT_ONCE),
            ends=Turns(CALLS_AT_ONCE),
            loads=Turns(CALLS_AT_ONCE),
            parks_from_seconds=parks_from_seconds,
            instead=instead or (lambda _: None),
            observer=observer or Unobserved(),
            limits=replace(limits or Limits(), tells_visits_of_children=not journal.keeps_children),
            unusable=unusable,
            token=token or (lambda _, uid, task, scheduled: unsealed(uid, task, scheduled)),
            steps=Steps(self._stepping, aside, whose),
        )
        self._finished = finished
        self._reports = reports or Reports()
        self._runs: dict[Uid, Run] = {}
        self._tasks: dict[Uid, asyncio.Task[None]] = {}
        self._parked: dict[Uid, Parked] = {}
        self._over = False

    @property
    def live(self) -> int:
        """How many executions this engine runs."""
        return len(self._runs) + len(self._parked)

    @property
    def parked(self) -> int:
        """How many of them wait outside memory."""
        return len(self._parked)

    def uids(self) -> list[Uid]:
        """All executions that this engine runs."""
        return [*self._runs, *self._parked]

    def carries(self, uid: Uid) -> bool:
        return uid in self._runs or uid in self._parked

    def is_ending(self, uid: Uid) -> bool:
        """Whether an execution in this engine has ended, and is only being cleaned up."""
        run = self._runs.get(uid)
        return run is not None and run.is_ending

    def adopt(self, loaded: Loaded) -> None:
        """Run an execution from where its journal says it is. Nothing happens if it runs here already, or
        once the engine has released everything: nobody would end it."""
        if not self.carries(loaded.ref.uid):
            self._begin(loaded.ref, loaded)

    def at_once(self, loaded: Loaded) -> tuple[Outcome, Millis] | None:
        """The outcome of a new execution that ends in its first step without calling anything, and when that
        was: it is not adopted, and nothing is written. None for any other, of which nothing has happened."""
        if loaded.machine.resources:
            return None
        world = self._world
        now = world.clock.now()
        moment = Moment(now, world.seed())

        def start(patience: int | None) -> Step:
            return interpreter.start(
                loaded.machine, loaded.identity, loaded.input, moment, world.limits, patience
            )

        try:
            step = world.steps.at_once(loaded.ref, start)
        except Exception:  # noqa: BLE001 - it is met again by what carries the execution, which knows what to do
            return None
        return None if step is None or step.outcome is None else (step.outcome, now)

    def park(self, parked: Parked) -> None:
        """Run an execution that, according to the journal, only waits. Nothing happens if it runs here
        already."""
        uid = parked.ref.uid
        if self.carries(uid) or self._over:
            return
        self._parked[uid] = parked
        if parked.tasks:
            self._reports.listen(uid, _Asleep(uid, self.report))
        if (wakes := parked.wakes(self._world.parks_from_seconds)) is not None:
            self.timers.set(uid, WAKE, wakes)

    def written(self, uid: Uid, seq: int) -> None:
        """Somebody has seen the execution at ``seq``: a parked one that has advanced further than this engine
        knows is read again."""
        parked = self._parked.get(uid)
        if parked is not None and seq > parked.seq:
            self._wake(uid, seq)

    def is_stored(self, uid: Uid, seq: int) -> None:
        """The execution is stored at ``seq`` now: a parked one that this engine knows at another is read again. What is older
        was restored: by that it need not wait for as long as it was to."""
        parked = self._parked.get(uid)
        if parked is not None and seq != parked.seq:
            self._wake(uid)

    def restate(self, uid: Uid) -> None:
        """Somebody has edited what is stored of the execution: write it again. A parked one is read first:
        nothing of it is in memory."""
        run = self._runs.get(uid)
        if run is not None:
            run.restate()
        else:
            self._wake(uid)

    def report(self, uid: Uid, reported: Reported) -> None:
        """Pass it to the execution; if that does not run here, it is dropped. So is a sign of life of a task for which a parked
        one waits: it needs none."""
        if (run := self._runs.get(uid)) is not None:
            run.post(reported)
        elif not isinstance(reported, Heartbeat) and (parked := self._parked.get(uid)) and parked.tasks:
            self.tell(uid, reported)

    def tell(self, uid: Uid, signal: Signal) -> None:
        """Like ``report``, for what may come while the execution waits outside memory."""
        run = self._runs.get(uid) or self._wake(uid)
        if run is not None:
            run.post(signal)

    def stop_execution(self, uid: Uid, request: StopRequest) -> None:
        self.tell(uid, Stop(request.error, request.cause))

    def has_open(self, uid: Uid, task: TaskId, scheduled: Millis | None = None) -> bool | None:
        """Whether the task is open, by what is written or being written; None if the execution does not run
        here. ``scheduled``: when it must have been scheduled, if known."""
        if (run := self._runs.get(uid)) is not None:
            return run.has_open(task, scheduled)
        if (parked := self._parked.get(uid)) is None:
            return None
        return parked.has_open(task, scheduled)

    async def deleted(self, ref: ExecutionRef) -> None:
        """The execution no longer exists: drop it, and stop what runs for it."""
        if (parked := self._unpark(ref.uid)) is not None:
            if parked.tasks:
                await Run(ref, self._world, None).abandon()
            self._tell_finished(ref)
            return
        task = self._tasks.get(ref.uid)
        run = self._runs.get(ref.uid)
        if task is None or run is None:
            return
        task.cancel()
        await asyncio.wait((task,))
        await run.abandon()

    async def let_go(self, uid: Uid) -> None:
        """Another engine continues the execution: nothing is stopped, and nothing in its journal changes."""
        parked, task = self._unpark(uid), self._tasks.get(uid)
        if parked is not None:
            self._tell_finished(parked.ref)
        elif task is None:
            return
        else:
            task.cancel()
            await asyncio.wait((task,))
        if not self.carries(uid):  # otherwise it has come back meanwhile, and its tasks with it
            for driver in self._world.drivers:
                driver.let_go(uid)

    async def all_written(self) -> None:
        """Return once everything that was reported is written, but for what may wait for another write to share."""
        for uid, run in list(self._runs.items()):
            if self._runs.get(uid) is not run:
                continue  # it has ended meanwhile
            reading = asyncio.ensure_future(run.read())
            try:
                await asyncio.wait((reading, self._tasks[uid]), return_when=asyncio.FIRST_COMPLETED)
            finally:
                reading.cancel()

    async def run(self) -> None:
        """Fire timers until cancelled; then release every execution where it is."""
        try:
            await self.timers.run()
        finally:
            self._over = True
            tasks = tuple(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, ref: ExecutionRef, loaded: Loaded | None, parked: Parked | None = None) -> Run | None:
        if self._over:
            return None
        run = self._runs[ref.uid] = Run(ref, self._world, loaded, parked)
        self._reports.listen(ref.uid, run)
        task = self._tasks[ref.uid] = asyncio.create_task(self._serve(run), name=f"execution {ref}")
        # Also where it is cancelled before its first step.
        task.add_done_callback(lambda _: self._served(run, None))
        return run

    def _wake(self, uid: Uid, seq: int = 0) -> Run | None:
        parked = self._unpark(uid)
        if parked is None:
            return None
        return self._begin(parked.ref, None, replace(parked, seq=max(parked.seq, seq)))

    def _unpark(self, uid: Uid) -> Parked | None:
        parked = self._parked.pop(uid, None)
        if parked is not None:
            self.timers.cancel(uid, WAKE)
            if parked.tasks:
                self._reports.leave(uid)
        return parked

    async def _serve(self, run: Run) -> None:
        parked = None
        try:
            parked = await run.serve()
        except Exception as error:
            # Not in a step: the run handles those itself. The execution fails in another way than through
            # this engine.
            log.exception("execution failed in the engine", execution=str(run.ref))
            self._world.observer.broke(run.ref)
            self._world.observer.stalled(run.ref, f"an internal error of Stepwright ({type(error).__name__})")
        finally:
            self._served(run, parked)

    def _served(self, run: Run, parked: Parked | None) -> None:
        uid = run.ref.uid
        if self._runs.get(uid) is not run:
            return
        del self._runs[uid], self._tasks[uid]
        self._reports.leave(uid)
        self._world.journal.forget(run.ref)
        if parked is None:
            self._tell_finished(run.ref)
        elif late := run.unread():
            if (again := self._begin(parked.ref, None, parked)) is not None:
                for signal in late:
                    again.post(signal)
        else:
            self.park(parked)

    def _tell_finished(self, ref: ExecutionRef) -> None:
        if self._finished is not None:
            self._finished(ref)

    def _timer_fired(self, uid: Uid, timer: TimerId) -> None:
        if timer == WAKE:
            self._wake(uid)
        else:
            self.report(uid, TimerFired(timer))
