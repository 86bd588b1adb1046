"""Tasks that workers take: the port that the engine calls.

In the common case a task costs one request here, the creation of its object; the worker's claim and answer are its own, and come by
the watch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog

from stepwright.asl.checkpoint.open_work import is_heartbeat
from stepwright.asl.failure.errors import StateError
from stepwright.asl.resource import Resource
from stepwright.asl.signals import (
    Millis,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSucceeded,
    TimerId,
)
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine import backoff
from stepwright.engine.ports import Clock, ExecutionRef, Heartbeat, Report, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.api_errors import ApiError, Forbidden, NotFound
from stepwright.kube.informer import Informer
from stepwright.kube.paths import path_of
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.by_execution import ByExecution, Key
from stepwright.tasks.external import register
from stepwright.tasks.external.closing import Closing
from stepwright.tasks.external.counting import Counting
from stepwright.tasks.external.register import Answer, Reason, Register
from stepwright.tasks.external.remains import Remains
from stepwright.tasks.external.requests import Requests, Whole, whole
from stepwright.tasks.external.time_limits import Limit, TimeLimits

log = structlog.get_logger(__name__)

SYNC_SECONDS: Final = 5.0
"""How long the first list is waited for, and a watch that was cut off."""
NOT_INSTALLED_SECONDS: Final = 30.0
"""How often it is looked whether the cluster knows ExternalTasks by now."""


@dataclass(slots=True)
class Watched:
    """A task that is open here. ``heartbeat``: the last sign of life, as the worker wrote it."""

    ref: ExecutionRef
    task: TaskId
    scheduled: Millis
    uid: str = ""
    """Of its object, once known."""
    is_taken: bool = False
    heartbeat: str | None = None
    is_over: bool = False
    result: TaskSucceeded | TaskFailed | None = None


class ExternalDriver:
    """Implements ``engine.ports.TaskDriver``, ``Expires`` and ``tasks.calls.as_jobs.Work``. ``run`` must be running in the engine's
    loop. ``held``: whether this process may act on an execution; ``has_open``: whether a task is open in one that it carries, None if
    it does not."""

    def __init__(
        self,
        api: Api,
        report: Report,
        *,
        clock: Clock,
        namespaces: Sequence[str] = (),
        held: Callable[[Uid], bool] = lambda _: True,
        has_open: Callable[[Uid, TaskId], bool | None] = lambda _uid, _task: None,
    ) -> None:
        self._api = api
        self._report = report
        self._clock = clock
        self._namespaces = namespaces
        self._requests = Requests(api, Accounts(api, held))
        self._tasks: ByExecution[Watched] = ByExecution()
        self.counting = Counting()
        self.limits = TimeLimits(clock, self._give_up)
        self.registers: Informer[Register] = Informer(
            api,
            register.API_VERSION,
            register.PLURAL,
            Register,
            namespaces=namespaces,
            label_selector=register.EXECUTION_UID,
            on_change=self._is_gone,
            on_text=self._changed,
            index=lambda seen: (seen.execution,),
        )
        self._closing = Closing(self.registers, self._requests)
        self._remains = Remains(self.registers, self._requests, self._closing, clock, held, has_open)
        self._is_installed: bool | None = None

    async def run(self) -> None:
        while not await self._find_out():
            await self._clock.sleep(NOT_INSTALLED_SECONDS)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.registers.run(), name="external tasks")
            group.create_task(self.limits.run(), name="time limits of workers")
            group.create_task(self._remains.run(), name="external tasks that are over")

    async def _find_out(self) -> bool:
        """Whether there are ExternalTasks for this process: where the CRDs or its rights are older, it runs everything else."""
        path = path_of(register.API_VERSION, register.PLURAL, next(iter(self._namespaces), None))
        try:
            await self._api.request("GET", path, {"limit": 1})
        except (NotFound, Forbidden) as error:
            if self._is_installed is None:
                log.warning("no ExternalTasks: apply the CRDs and rights of this version", reason=str(error))
            self._is_installed = False
            return False
        except ApiError:
            pass  # the informer finds out what is the matter
        self._is_installed = True
        return True

    # --- TaskDriver --------------------------------------------------------------------------------------------------

    def serves(self, resource: Resource) -> bool:  # noqa: ARG002
        """None by itself: what it has is given to it by the drivers of others."""
        return False

    def keeps_stops(self, resource: Resource) -> bool:  # noqa: ARG002
        return False

    def holds(self, uid: Uid) -> bool:
        return self._tasks.holds(uid) or any(not seen.is_over for seen in self.registers.by_index(uid))

    def began(self, ref: ExecutionRef, task: TaskId) -> bool:
        return (ref.uid, task) in self._tasks or self._seen(ref, task) is not None

    async def known(self) -> None:
        await self._wait_for(self.registers.synced, "could not be listed yet")

    async def listed(self) -> None:
        """Return once they are known, or after some time."""
        with suppress(Unavailable):
            await self.known()

    def let_go(self, uid: Uid) -> None:
        for task in self._tasks.of(uid):
            self._forget((uid, task))

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:
        return register.name_of(ref.uid, task) if (ref.uid, task) in self._tasks else None

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:
        key = (ref.uid, task.task)
        watched = self._tasks.get(key)
        if watched is None:
            # Before it is made: from then on everything may happen to it.
            watched = self._tasks[key] = Watched(ref, task.task, task.scheduled)
        elif watched.result is not None:
            self._report(ref.uid, watched.result)
            return
        elif watched.uid:
            return
        manifest = register.made(ref, task)
        seen = self._seen(ref, task.task) if again else None
        try:
            made = None if seen is not None else await self._requests.create(ref, manifest)
        except StateError as error:
            self._end(watched, TaskFailed(task.task, error.error, error.cause))
            return
        if made is not None:
            self._observe(watched, made)
            return
        found = await self._requests.read(ref.namespace, register.name_of(ref.uid, task.task))
        if found is None:
            raise Unavailable("an ExternalTask was there and is gone")
        if not register.is_of(found[0], manifest):
            cause = f"the ExternalTask {found[0].metadata.name} was not made for this task"
            self._end(watched, TaskFailed(task.task, register.REFUSED, cause))
            return
        self._observe(watched, *found)

    def is_answered_elsewhere(self, ref: ExecutionRef, task: TaskId) -> bool:
        return (ref.uid, task) in self._tasks

    async def expire(self, ref: ExecutionRef, task: TaskId, timer: TimerId) -> bool:
        watched = self._tasks.get((ref.uid, task))
        if watched is None:
            return True
        if watched.result is None:
            self._observe(watched, *await self._closed(watched, "Expired", by_silence=is_heartbeat(timer)))
        return watched.is_over and watched.result is None

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        watched, seen = self._tasks.get((ref.uid, task.task)), self._seen(ref, task.task)
        if not ((watched is not None and watched.is_over) or (seen is not None and seen.is_over)):
            await self._closing.close(ref, task.task, "Stopped", task.scheduled)
        self._forget((ref.uid, task.task))

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        self._forget((ref.uid, task))

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        if self.registers.synced.is_set():  # else it is found later that nobody wants them (``Remains``)
            await self._wait_for(self.registers.following, "cannot be looked at: the watch is cut off")
        for seen in self.registers.by_index(ref.uid):
            if seen.task is not None and seen.task not in wanted and not seen.is_over:
                await self._closing.close(ref, seen.task, "Stopped")
        for task in self._tasks.of(ref.uid):
            if task not in wanted:
                self._forget((ref.uid, task))

    # --- The register -----------------------------------------------------------------------------------------------

    async def _closed(self, watched: Watched, reason: Reason, *, by_silence: bool) -> Whole:
        """``by_silence``: a sign of life, the claim itself too, leaves it open. Raises Unavailable."""
        known = watched.is_taken, watched.heartbeat

        def is_alive(seen: Register) -> bool:
            return by_silence and (seen.status.state == "Taken", seen.status.heartbeat) != known

        return await self._closing.close(watched.ref, watched.task, reason, watched.scheduled, is_alive)

    def _seen(self, ref: ExecutionRef, task: TaskId) -> Register | None:
        return self.registers.get(ref.namespace, register.name_of(ref.uid, task))

    def _changed(self, old: Register | None, new: Register, text: msgspec.Raw) -> None:
        self.counting.changed(old, new)
        self._remains.changed(new)
        watched = None if new.task is None else self._tasks.get((new.execution, new.task))
        if watched is not None:
            self._observe(watched, *(whole(text) if new.status.state == "Answered" else (new,)))

    def _is_gone(self, old: Register | None, new: Register | None) -> None:
        if old is None or new is not None:
            return
        self.counting.changed(old, None)
        self._remains.gone(old)
        watched = None if old.task is None else self._tasks.get((old.execution, old.task))
        if watched is not None and watched.uid == old.metadata.uid:
            self._end(watched, register.deleted(watched.task))

    def _observe(self, watched: Watched, seen: Register, answer: Answer = register.NO_ANSWER) -> None:
        """What has become of a task, in the order of its states or of an earlier one again."""
        if watched.result is not None:
            return
        key = (watched.ref.uid, watched.task)
        watched.uid, watched.is_over = seen.metadata.uid, seen.is_over
        ended = register.result(seen, answer, watched.task)
        if ended is not None:
            self._end(watched, ended)
            return
        if seen.status.state != "Taken":
            return
        if not watched.is_taken:
            watched.is_taken = True
            self._report(watched.ref.uid, TaskStarted(watched.task))
            self.limits.set(key, "TimedOut", seen.spec.timeoutSeconds)
        elif seen.status.heartbeat == watched.heartbeat:
            return
        watched.heartbeat = seen.status.heartbeat
        self.limits.set(key, "HeartbeatLost", seen.spec.heartbeatSeconds)
        self._report(watched.ref.uid, Heartbeat(watched.task))

    def _end(self, watched: Watched, ended: TaskSucceeded | TaskFailed) -> None:
        if watched.result is None:
            watched.result = ended
            self.limits.cancel((watched.ref.uid, watched.task))
            self._report(watched.ref.uid, ended)

    def _forget(self, key: Key) -> None:
        self._tasks.pop(key, None)
        self.limits.cancel(key)

    async def _give_up(self, key: Key, limit: Limit) -> None:
        """A limit of its TaskTemplate is over."""
        watched = self._tasks.get(key)
        if watched is None:
            return
        for delay in backoff.delays():
            if self._tasks.get(key) is not watched or watched.result is not None:
                return
            try:
                found = await self._closed(watched, limit, by_silence=limit == "HeartbeatLost")
            except Unavailable as error:
                log.info("a worker's task is not closed yet", execution=str(watched.ref), reason=str(error))
                await self._clock.sleep(delay)
                continue
            if self._tasks.get(key) is watched:
                self._observe(watched, *found)
            return

    async def _wait_for(self, event: asyncio.Event, otherwise: str) -> None:
        """Raises Unavailable."""
        if self._is_installed is False:
            return
        try:
            async with asyncio.timeout(SYNC_SECONDS):
                await event.wait()
        except TimeoutError as error:
            raise Unavailable(f"the ExternalTasks {otherwise}") from error
