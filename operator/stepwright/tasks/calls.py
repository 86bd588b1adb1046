"""The calls that a driver's tasks make from this process: each is made once at a time and has an end that is reported,
whatever happens in it, and no host gets more of them at once than it can bear.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final
from weakref import WeakValueDictionary

import structlog

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.signals import Signal, TaskFailed, TaskId
from stepwright.engine.ports import ExecutionRef, Report, Uid

log = structlog.get_logger(__name__)

MOST_AT_ONCE: Final = 256
"""Calls of one driver. Others wait, without a connection; their tasks' TimeoutSeconds count."""

MOST_OF_A_HOST: Final = 64


class OpenCalls:
    """Of one driver: what is under way, and results that are not committed yet."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._running: defaultdict[Uid, dict[TaskId, asyncio.Task[None]]] = defaultdict(dict)
        self._ended: defaultdict[Uid, dict[TaskId, Signal]] = defaultdict(dict)

    def make(self, ref: ExecutionRef, task: TaskId, call: Coroutine[Any, Any, Signal]) -> None:
        """What the call returns is reported, and kept until it is forgotten. An exception that it did not expect fails
        the task."""
        running = asyncio.create_task(self._run(ref.uid, task, call), name=f"call of {ref}")
        self._running[ref.uid][task] = running

    async def _run(self, uid: Uid, task: TaskId, call: Coroutine[Any, Any, Signal]) -> None:
        try:
            result = await call
        except Exception as error:
            log.exception("the call of a task failed", execution=uid, task=task)
            cause = f"The call failed inside of Stepwright ({type(error).__name__}); the log says more."
            result = TaskFailed(task, RUNTIME, cause)
        _drop(self._running, uid, task)
        self._ended[uid][task] = result
        self._report(uid, result)

    def repeat(self, uid: Uid, task: TaskId) -> bool:
        """Whether the call was made; what has come of it is reported again."""
        if uid in self._ended and task in self._ended[uid]:
            self._report(uid, self._ended[uid][task])
            return True
        return uid in self._running and task in self._running[uid]

    def forget(self, uid: Uid, task: TaskId) -> None:
        """A call under way is given up."""
        running = _drop(self._running, uid, task)
        if running is not None:
            running.cancel()
        _drop(self._ended, uid, task)

    def forget_all(self, uid: Uid) -> None:
        for task in tuple(self.of(uid)):
            self.forget(uid, task)

    def of(self, uid: Uid) -> Iterator[TaskId]:
        """The tasks of an execution whose calls are known."""
        yield from self._running.get(uid, ())
        yield from self._ended.get(uid, ())

    def holds(self, uid: Uid) -> bool:
        return uid in self._running or uid in self._ended

    async def close(self) -> None:
        calls = [call for calls in self._running.values() for call in calls.values()]
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


def _drop(table: defaultdict[Uid, dict[TaskId, Any]], uid: Uid, task: TaskId) -> Any:
    """What was there, or None. An execution without any is not kept."""
    of = table.get(uid, {})
    dropped = of.pop(task, None)
    if not of:
        table.pop(uid, None)
    return dropped


class Slots:
    """How many calls one driver makes at once: of all hosts, and of each."""

    def __init__(self, most: int = MOST_AT_ONCE, most_of_a_host: int = MOST_OF_A_HOST) -> None:
        self._all = asyncio.Semaphore(most)
        self._most_of_a_host = most_of_a_host
        # Those in use: which hosts there are may be up to data.
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def one_of(self, host: str) -> AsyncIterator[None]:
        """Whoever waits for a host takes no slot from others."""
        of_host = self._hosts.get(host)
        if of_host is None:
            of_host = self._hosts[host] = asyncio.Semaphore(self._most_of_a_host)
        async with of_host, self._all:
            yield
