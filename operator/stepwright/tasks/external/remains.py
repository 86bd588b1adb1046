"""ExternalTasks that are left when their tasks are over, or that appear after that.

One that is over stays for a while: as long as a request to create it can still be under way, it must find the name taken. One of
which nobody wants anything was made by such a request all the same, by a process that had died: it is closed, lest a worker take it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from stepwright.asl.signals import Millis, TaskId
from stepwright.engine.ports import Clock, ExecutionRef, Uid, Unavailable
from stepwright.kube.informer import Informer
from stepwright.tasks.external.closing import Closing
from stepwright.tasks.external.register import Register
from stepwright.tasks.external.requests import Requests

log = structlog.get_logger(__name__)

LOOKS_SECONDS: Final = 15.0
KEPT_SECONDS = 600.0
"""How long one that is over stays: ten times as long as a request can be under way in the API server."""
STRAYED_SECONDS = 60.0
"""How old one is at least before it is asked whether anybody wants it."""


class Remains:
    """``has_open``: whether a task is open in an execution that this process carries; None if it
    does not carry it."""

    def __init__(
        self,
        registers: Informer[Register],
        requests: Requests,
        closing: Closing,
        clock: Clock,
        held: Callable[[Uid], bool],
        has_open: Callable[[Uid, TaskId], bool | None],
    ) -> None:
        self._registers = registers
        self._requests = requests
        self._closing = closing
        self._clock = clock
        self._held = held
        self._has_open = has_open
        self._since: dict[str, tuple[bool, Millis]] = {}
        """By uid: whether it is over, and since when that is known here."""

    def changed(self, seen: Register) -> None:
        known = self._since.get(seen.metadata.uid)
        if known is None or known[0] != seen.is_over:
            self._since[seen.metadata.uid] = (seen.is_over, self._clock.now())

    def gone(self, seen: Register) -> None:
        self._since.pop(seen.metadata.uid, None)

    async def run(self) -> None:
        while True:
            await self._clock.sleep(LOOKS_SECONDS)
            now = self._clock.now()
            for seen in self._registers.all():
                is_over, since = self._since.get(seen.metadata.uid, (seen.is_over, now))
                if now - since >= (KEPT_SECONDS if is_over else STRAYED_SECONDS) * 1000:
                    await self._look_at(seen)

    async def _look_at(self, seen: Register) -> None:
        if seen.task is None or not self._held(seen.execution):
            return
        metadata = seen.metadata
        ref = ExecutionRef(seen.execution, metadata.namespace, seen.spec.execution, "")
        try:
            if not await self._is_unwanted(seen, seen.task):
                return
            if seen.is_over:
                await self._requests.delete(ref, seen)
            else:
                await self._closing.close(ref, seen.task, "Stopped")
        except Unavailable as error:
            log.info("an ExternalTask is still there", name=metadata.name, reason=str(error))

    async def _is_unwanted(self, seen: Register, task: TaskId) -> bool:
        """Raises Unavailable."""
        is_open = self._has_open(seen.execution, task)
        if is_open is not None:
            return not is_open
        return await self._requests.is_settled(seen.metadata.namespace, seen.spec.execution, seen.execution)
