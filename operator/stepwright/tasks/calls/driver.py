"""The driver of all tasks that are calls of one integration.

One call of a task at a time (``making`` makes it); finding again after a crash, and stopping with its task, work that the task
began and waits for; keeping results until they are committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from msgspec.structs import replace

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Signal, TaskFailed, TaskId, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.insisting import all_of
from stepwright.engine.ports import Clock, ExecutionRef, Report, Uid
from stepwright.tasks.by_execution import ByExecution, Key
from stepwright.tasks.calls.integration import (
    Again,
    Answered,
    Call,
    CallFailed,
    Changes,
    Integration,
    Shows,
)
from stepwright.tasks.calls.making import GivenUp, Making, key_of
from stepwright.tasks.calls.slots import Slots

log = structlog.get_logger(__name__)


class CallDriver:
    """Implements ``engine.ports.TaskDriver``. ``held`` says whether this process may act on an execution now: by the time a call is
    repeated, another process may run the execution. ``answers_tokens``: whether anybody can answer a task by its token."""

    def __init__(
        self,
        integration: Integration,
        clock: Clock,
        report: Report,
        slots: Slots | None = None,
        held: Callable[[Uid], bool] = lambda _: True,
        *,
        answers_tokens: bool = True,
    ) -> None:
        self._integration = integration
        self._shows = integration if isinstance(integration, Shows) else None
        self._changes = integration if isinstance(integration, Changes) else None
        self._report = report
        self._held = held
        self._answers_tokens = answers_tokens
        self._making = Making(integration, clock, report, slots or Slots(), held, self._is_wanted)
        self._calls: ByExecution[Call] = ByExecution()
        """All known calls, until they are stopped or released."""
        self._running: ByExecution[asyncio.Task[None]] = ByExecution()
        self._beginning: dict[Key, asyncio.Future[Answered]] = {}
        """Calls that are being made or about to be, also for tasks that are no longer wanted here."""
        self._stopping: set[Key] = set()
        self._ended: ByExecution[Signal] = ByExecution()

    async def drain(self) -> None:
        """``Making.drain``."""
        await self._making.drain()

    async def handed_over(self) -> None:
        """Return once nothing is being begun for executions that this process may no longer act upon: whoever continues
        them looks for it, and must not find it too late."""
        while under_way := [
            beginning
            for key, beginning in self._beginning.items()
            if self._making.is_asked(key) and not beginning.done() and not self._held(key[0])
        ]:
            await asyncio.wait(under_way)

    async def close(self) -> None:
        """Abandon what is under way."""
        under_way: list[asyncio.Future[Any]] = [*self._running.values(), *self._beginning.values()]
        for call in under_way:
            call.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self._integration.close()

    # --- TaskDriver -----------------------------------------------------------------------------------------------

    def serves(self, resource: Resource) -> bool:
        if resource.waits_for_token and not self._answers_tokens:
            return False
        return self._integration.serves(resource)

    def keeps_stops(self, resource: Resource) -> bool:
        return resource.waits_for_end

    def holds(self, uid: Uid) -> bool:
        return self._calls.holds(uid)

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:
        call = self._calls.get((ref.uid, task))
        if self._shows is None or call is None or call.task.submitted is None:
            return None
        return self._shows.shown_as(call)

    def let_go(self, uid: Uid) -> None:
        for task in self._calls.of(uid):
            self._forget((uid, task))

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        key = (ref.uid, task.task)
        if key in self._ended:
            self._report(ref.uid, self._ended[key])
        elif key in self._running:
            await self._change(key, Call(ref, task))
        elif task.submitted is None or task.resource.waits_for_end:
            self._calls[key] = call = Call(ref, task)
            self._running[key] = asyncio.create_task(self._run(key, call, again=again), name=f"call of {ref}")

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        key = (ref.uid, task.task)
        running, beginning = self._running.pop(key, None), self._beginning.get(key)
        if running is not None:
            running.cancel()
        if task.resource.waits_for_end:
            if beginning is not None:  # it has to have begun, or not, before it can be stopped
                self._stopping.add(key)
                await asyncio.gather(beginning, return_exceptions=True)
            known = self._calls.get(key)
            if task.submitted is None and known is not None:
                task = replace(task, submitted=known.task.submitted)
            await self._integration.stop(ref, task)
        self._forget(key)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        await self._integration.release(ref, task)
        self._forget((ref.uid, task))

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        unwanted = [self._calls[ref.uid, task].task for task in self._calls.of(ref.uid) if task not in wanted]
        await all_of(partial(self.stop, ref, _cancelled(task)) for task in unwanted)

    def _forget(self, key: Key) -> None:
        running = self._running.pop(key, None)
        if running is not None:
            running.cancel()
        self._calls.pop(key, None)
        self._ended.pop(key, None)
        self._stopping.discard(key)
        self._making.reported(key)

    async def _change(self, key: Key, call: Call) -> None:
        """It was started before, and its parameters may be others now. What it had at first is not to arrive after them."""
        if self._changes is not None:
            if (beginning := self._beginning.get(key)) is not None:
                await asyncio.gather(beginning, return_exceptions=True)
            await self._changes.change(call)

    # --- A call ---------------------------------------------------------------------------------------------------

    async def _run(self, key: Key, call: Call, *, again: bool) -> None:
        """Runs to the end of the call, which is reported whatever happens."""
        task = call.task.task
        try:
            result = await self._result(key, call, again=again)
        except GivenUp:
            return  # the next process starts it
        except CallFailed as failed:
            result = TaskFailed(task, failed.error, failed.cause)
        except Exception as error:
            log.exception("the call of a task failed", execution=key[0], task=task)
            cause = f"The call failed inside Stepwright ({type(error).__name__}); the log says more."
            result = TaskFailed(task, RUNTIME, cause)
        self._running.pop(key, None)
        self._ended[key] = result
        self._report(key[0], result)
        self._making.reported(key)

    async def _result(self, key: Key, call: Call, *, again: bool) -> Signal:
        task, resource = call.task.task, call.task.resource
        begun = call.task.submitted
        if begun is None:
            beginning = self._beginning.get(key)
            if beginning is None or beginning.done():
                beginning = self._begin(key, call, again=again)
            # Stopping the task has to know whether the call was made, and so has whoever looks for what it began.
            is_traced = resource.waits_for_end or self._integration.again(call) is Again.FIND
            answered = await (asyncio.shield(beginning) if is_traced else beginning)
            if resource.waits_for_token:
                return TaskSubmitted(task, answered.value, at_once=True)
            if not resource.waits_for_end:
                return TaskSucceeded(task, answered.value, answered.text)
            begun = answered.value
            # A submission that can be found again by its identity may wait for another write to share.
            at_once = self._integration.again(call) is not Again.HARMLESS
            self._report(key[0], TaskSubmitted(task, begun, at_once=at_once))
            self._making.reported(key)
        answered = await self._making.insist(call, lambda: self._integration.follow(call, begun))
        return TaskSucceeded(task, answered.value, answered.text)

    def _begin(self, key: Key, call: Call, *, again: bool) -> asyncio.Future[Answered]:
        def over(begun: asyncio.Future[Answered]) -> None:
            if self._beginning.get(key) is begun:
                del self._beginning[key]
            if not begun.cancelled():
                begun.exception()  # nothing may be waiting for it

        beginning = self._beginning[key] = asyncio.ensure_future(self._begun(call, again=again))
        beginning.add_done_callback(over)
        return beginning

    async def _begun(self, call: Call, *, again: bool) -> Answered:
        """Exactly once, or as the integration declares. ``again``: it may have been called before."""
        answered = await self._making.made(call, again=again)
        key = key_of(call)
        if key in self._calls:  # for stopping it, even if it is done meanwhile
            self._calls[key] = Call(call.ref, replace(call.task, submitted=answered.value))
        return answered

    def _is_wanted(self, call: Call) -> bool:
        """Whether its task was neither stopped nor let go."""
        key = key_of(call)
        return key in self._calls and key not in self._stopping


def _cancelled(task: StartTask) -> CancelTask:
    waits = task.resource.waits_for_end
    parameters = task.parameters if task.submitted is None and waits else None
    credentials = task.credentials if waits else None
    return CancelTask(task.task, task.resource, task.submitted, task.scheduled, parameters, credentials)
