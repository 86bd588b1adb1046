"""How many new Jobs Kubernetes is given at once, fair among namespaces.

Kubernetes makes the pods of Jobs in the order in which the Jobs have come, whosever they are. Of ten thousand Jobs created at
once the last gets its pod minutes later, and so does the next Job of anybody else. So only a few are created ahead of
their pods; the others wait here, where each namespace has its turn.
"""

from __future__ import annotations

import asyncio
from typing import Final

from stepwright.engine.turns import Turns

AT_ONCE: Final = 8
"""Jobs without a pod. The Job controller works on five at a time; the rest bridges the way to the API server and back."""

LONGEST_SECONDS: Final = 5.0
"""After this a Job counts no longer. A webhook or a quota may keep its pod from coming, and the Job controller may be
away: that must not hold up others for long."""


class Beginnings:
    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._turns = Turns(at_once)
        self._without_pod: dict[str, asyncio.TimerHandle] = {}
        """By the Job's uid, what ends its turn if nothing else does."""

    async def turn(self, namespace: str) -> None:
        """Wait until a Job may be created there. Then ``created`` or ``not_created`` must follow."""
        await self._turns.take(namespace)

    def not_created(self) -> None:
        self._turns.give_back()

    def created(self, job_uid: str) -> None:
        loop = asyncio.get_running_loop()
        self._without_pod[job_uid] = loop.call_later(LONGEST_SECONDS, self.begun, job_uid)

    def begun(self, job_uid: str) -> None:
        """The Job has a pod, or will get none."""
        timer = self._without_pod.pop(job_uid, None)
        if timer is not None:
            timer.cancel()
            self._turns.give_back()
