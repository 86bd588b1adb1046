"""How ExternalTasks are closed: on condition that nothing has happened to them, or else after another look."""

from __future__ import annotations

from collections.abc import Callable

from stepwright.asl.failure.errors import StateError
from stepwright.asl.signals import Millis, TaskId
from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.kube.informer import Informer
from stepwright.tasks.external import register
from stepwright.tasks.external.register import Reason, Register
from stepwright.tasks.external.requests import Requests, Whole


class Closing:
    def __init__(self, registers: Informer[Register], requests: Requests) -> None:
        self._registers = registers
        self._requests = requests

    async def close(
        self,
        ref: ExecutionRef,
        task: TaskId,
        reason: Reason,
        scheduled: Millis | None = None,
        leaves_open: Callable[[Register], bool] = lambda _: False,
    ) -> Whole:
        """See that no answer is accepted from now on. Returns the object as it is then: closed, whyever, or answered; or open if
        ``leaves_open`` says so. Raises Unavailable."""
        name = register.name_of(ref.uid, task)
        seen, answer = self._registers.get(ref.namespace, name), register.NO_ANSWER
        while True:
            if seen is None or seen.is_over:  # an answer is not kept in memory
                found = await self._requests.read(ref.namespace, name)
                seen, answer = found or (await self._buried(ref, task, scheduled), register.NO_ANSWER)
            if seen.is_over or leaves_open(seen):
                return seen, answer
            seen = await self._requests.close(ref, seen, reason)
            if seen is not None:
                return seen, answer

    async def _buried(self, ref: ExecutionRef, task: TaskId, scheduled: Millis | None) -> Register:
        """A task without an object, whose creation may still be under way: it must find the name taken. Raises Unavailable."""
        try:
            made = await self._requests.create(ref, register.tombstone(ref, task, scheduled))
        except StateError:
            # Nothing can be created there, so nothing can appear.
            return register.nothing(ref, task)
        if made is None:
            raise Unavailable("an ExternalTask has appeared")
        return made
