"""An event loop whose time jumps and whose order of ready callbacks comes from a seed, and the processes in it.

What runs in a process carries it in its context, so that a whole process can be stopped (nothing of it runs, its
timers ring only when it goes on, as after SIGSTOP) or killed.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import base_events, events
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_CALLBACKS = 1_000_000
"""A seed takes some ten thousand. One that takes this many turns in circles without time passing."""


class Stuck(AssertionError):  # noqa: N818 - it names a condition
    """Nothing is ready and no timer is armed, or the seed does not come to an end."""


class Process:
    """A process of an operator, as the loop sees it: its tasks, and what is parked while it is stopped."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.stopped = False
        self.parked: list[events.Handle] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.context: Context = copy_context()
        self.context.run(CURRENT.set, self)

    def start(self, coroutine: Coroutine[Any, Any, T], name: str) -> asyncio.Task[T]:
        return asyncio.get_running_loop().create_task(coroutine, name=name, context=self.context)

    def stop(self, seconds: float) -> None:
        """As by SIGSTOP, and SIGCONT after ``seconds``."""
        self.stopped = True
        asyncio.get_running_loop().call_later(seconds, self.go_on, context=Context())

    def kill(self) -> None:
        """As by SIGKILL. Its tasks are cancelled; what they do then reaches nobody, since no request goes out."""
        self.alive = False
        self.go_on()
        for task in self.tasks:
            if not task.done():
                task.cancel()

    def go_on(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulationLoop)
        self.stopped = False
        loop.put_back(self.parked)
        self.parked = []


CURRENT: ContextVar[Process | None] = ContextVar("process", default=None)


class NumberedTask(asyncio.Task[Any]):
    """asyncio cancels the tasks of a group in the order of a set: here that order is the same each time."""

    def __init__(self, number: int, coroutine: Any, *, loop: Any, context: Context | None) -> None:
        self._number = number
        super().__init__(coroutine, loop=loop, context=context)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _Handle(events.Handle):
    """As the base class, but for asking each time whether the loop is debugged: a seed makes thousands."""

    __slots__ = ()

    def __init__(
        self, callback: Callable[..., object], args: Any, loop: SimulationLoop, context: Context | None
    ) -> None:
        self._context = copy_context() if context is None else context
        self._callback = callback
        self._args = args
        self._loop = loop
        self._cancelled = False
        self._repr = None
        self._source_traceback = None

    def cancel(self) -> None:
        self._cancelled = True
        self._callback = None  # type: ignore[assignment] # as the base class has it
        self._args = None  # type: ignore[assignment]


class _Timer(_Handle, events.TimerHandle):
    """Likewise. One is another's equal only if it is the same one, so that a heap need not compare what they call."""

    __slots__ = ()

    def __init__(
        self,
        when: float,
        callback: Callable[..., object],
        args: Any,
        loop: SimulationLoop,
        context: Context | None,
    ) -> None:
        _Handle.__init__(self, callback, args, loop, context)
        self._when = when
        self._scheduled = True

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def _shuffled(batch: list[T], random_bits: Callable[[int], int]) -> None:
    """As ``Random.shuffle``, which asks for each number by way of three functions."""
    for last in range(len(batch) - 1, 0, -1):
        bits = (last + 1).bit_length()
        other = random_bits(bits)
        while other > last:
            other = random_bits(bits)
        batch[last], batch[other] = batch[other], batch[last]


class SimulationLoop(base_events.BaseEventLoop):
    """Nothing in it waits for the outside world. All ready callbacks of a turn run in an order drawn from ``random``."""

    _ready: Any
    _scheduled: list[Any]
    """Each with its moment before it, which is compared without calling anything."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self._random = random
        self._now = 0.0
        self._callbacks = 0
        self._count = 0
        self.tasks: list[asyncio.Task[Any]] = []
        """Those of no process."""
        self.made: list[asyncio.Task[Any]] = []
        """All of them."""
        self.errors: list[str] = []
        self.set_task_factory(self._make_task)
        self.set_exception_handler(self._note_error)

    def time(self) -> float:
        return self._now

    # These three as the base class has them, but for asking each time whether the loop is closed or debugged.

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> events.Handle:
        handle = _Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> events.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> events.TimerHandle:
        timer = _Timer(when, callback, args, self, context)
        heapq.heappush(self._scheduled, (when, timer))
        return timer

    def put_back(self, handles: list[events.Handle]) -> None:
        self._ready.extend(handles)

    def run_in_executor(
        self,
        executor: Any,  # noqa: ARG002 - as the base class has it
        func: Callable[[*Ts], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Done before anything else happens: how long a thread takes would be no seed's to say."""
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - for whoever waits
            done.set_exception(error)
        return done

    def _make_task(self, loop: Any, coroutine: Any, context: Context | None = None) -> asyncio.Task[Any]:
        self._count += 1
        task = NumberedTask(self._count, coroutine, loop=loop, context=context)
        process = (context or copy_context()).get(CURRENT)
        (self.tasks if process is None else process.tasks).append(task)
        self.made.append(task)
        return task

    def _note_error(self, _: Any, context: dict[str, Any]) -> None:
        self.errors.append(f"{context.get('message')}: {context.get('exception')!r}")

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled
        while scheduled and scheduled[0][1]._cancelled:
            heapq.heappop(scheduled)
        if not ready:
            if not scheduled:
                raise Stuck("nothing is ready and no timer is armed")
            # Finer than a millisecond, and always moving.
            self._now = max(self._now, scheduled[0][0])
        until = self._now + 1e-6
        while scheduled and scheduled[0][0] <= until:
            ready.append(heapq.heappop(scheduled)[1])
        batch = list(ready)
        ready.clear()
        if len(batch) > 1:
            _shuffled(batch, self._random.getrandbits)
        self._callbacks += len(batch)
        if self._callbacks > MOST_CALLBACKS:
            raise Stuck(f"{MOST_CALLBACKS:,} callbacks, and no end")
        for handle in batch:
            if handle._cancelled:
                continue
            process = handle._context.get(CURRENT)
            if process is not None and process.stopped:
                process.parked.append(handle)
            else:
                handle._run()

    def _process_events(self, event_list: Any) -> None:
        """There are none from outside."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""


def run(random: Random, main: Callable[[SimulationLoop], Coroutine[Any, Any, T]]) -> T:
    loop = SimulationLoop(random)
    try:
        return loop.run_until_complete(main(loop))
    finally:
        for task in loop.tasks:
            task._log_destroy_pending = False  # type: ignore[attr-defined] # what was left is left on purpose
        for task in loop.made:
            # asyncio keeps a set of all tasks. Those of former seeds have the same numbers, which are their hashes, and
            # are there until the garbage is collected: each new one was compared with all of them.
            asyncio.tasks._unregister_task(task)
        loop.close()
