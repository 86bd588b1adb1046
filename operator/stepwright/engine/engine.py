"""All live executions of this process."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import Callable, Sequence

import structlog

from stepwright.asl.interpreter import Limits
from stepwright.asl.signals import Signal, TaskId, TimerFired, TimerId
from stepwright.engine.clock import SystemClock
from stepwright.engine.observer import Observer, Unobserved
from stepwright.engine.ports import Clock, ExecutionRef, Journal, Lease, Loaded, StopRequest, TaskDriver, Uid
from stepwright.engine.run import Run, World
from stepwright.engine.timers import Timers

log = structlog.get_logger(__name__)

# Calls to drivers under way at once. The API server's own fairness begins to queue a single client not far above.
CALLS_AT_ONCE = 64


class Engine:
    """Runs executions: one ``Run`` and one asyncio task for each that is live. Everything happens in one event loop."""

    def __init__(
        self,
        journal: Journal,
        drivers: Sequence[TaskDriver],
        lease: Lease,
        *,
        clock: Clock | None = None,
        observer: Observer | None = None,
        limits: Limits | None = None,
        seed: Callable[[], int] | None = None,
        commit_id: Callable[[], str] | None = None,
        finished: Callable[[ExecutionRef], None] | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self.timers = Timers(clock, self._timer_fired)
        self._world = World(
            journal=journal,
            drivers=drivers,
            clock=clock,
            timers=self.timers,
            lease=lease,
            seed=seed or (lambda: random.SystemRandom().getrandbits(64)),
            commit_id=commit_id or (lambda: uuid.uuid4().hex),
            slots=asyncio.Semaphore(CALLS_AT_ONCE),
            observer=observer or Unobserved(),
            limits=limits or Limits(),
        )
        self._finished = finished
        self._runs: dict[Uid, Run] = {}
        self._tasks: dict[Uid, asyncio.Task[None]] = {}
        self._over = False

    @property
    def live(self) -> int:
        """How many executions this engine carries."""
        return len(self._runs)

    def carries(self, uid: Uid) -> bool:
        return uid in self._runs

    def adopt(self, loaded: Loaded) -> None:
        """Carry an execution from where its journal says it is. Nothing happens where it is carried already, and
        nothing once the engine has let go of all: nobody would end it."""
        uid = loaded.ref.uid
        if uid in self._runs or self._over:
            return
        run = Run(loaded, self._world)
        self._runs[uid] = run
        task = self._tasks[uid] = asyncio.create_task(self._serve(run), name=f"execution {loaded.ref}")
        # Also where it is cancelled before its first step.
        task.add_done_callback(lambda _: self._served(run))

    def report(self, uid: Uid, signal: Signal) -> None:
        """Hand a signal to the execution; one that is not carried here has no use for it."""
        run = self._runs.get(uid)
        if run is not None:
            run.post(signal)

    def stop_execution(self, uid: Uid, request: StopRequest) -> None:
        run = self._runs.get(uid)
        if run is not None:
            run.stop(request)

    def heartbeat(self, uid: Uid, task: TaskId) -> None:
        run = self._runs.get(uid)
        if run is not None:
            run.heartbeat(task)

    async def deleted(self, ref: ExecutionRef) -> None:
        """The execution no longer exists: stop carrying it, and stop what runs for it."""
        task = self._tasks.get(ref.uid)
        run = self._runs.get(ref.uid)
        if task is None or run is None:
            return
        task.cancel()
        await asyncio.wait((task,))
        await run.abandon()

    async def run(self) -> None:
        """Fire timers until cancelled; then let every execution go where it is."""
        try:
            await self.timers.run()
        finally:
            self._over = True
            tasks = tuple(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, run: Run) -> None:
        try:
            await run.serve()
        except Exception:
            # A defect in one execution must not end the others; the execution stays as its journal has it.
            log.exception("execution failed in the engine", execution=str(run.ref))
        finally:
            self._served(run)

    def _served(self, run: Run) -> None:
        if self._runs.get(run.ref.uid) is not run:
            return
        del self._runs[run.ref.uid], self._tasks[run.ref.uid]
        self._world.journal.forget(run.ref)
        if self._finished is not None:
            self._finished(run.ref)

    def _timer_fired(self, uid: Uid, timer: TimerId) -> None:
        self.report(uid, TimerFired(timer))
