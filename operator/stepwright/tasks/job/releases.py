"""Letting Jobs go whose tasks have their end: housekeeping, which yields to tasks that are being started.

A Job stays for its TTL, an hour by default, and its last pod has hardly ended when its result is committed. Told at
once, the API server and the Job controller would do for it what the next task's Job then waits for: a fifth of the
work of a burst. Nothing here outlives the process: ended Jobs without a TTL are found by their label.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.signals import Millis
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.tasks.job.calls import Calls

TICK_SECONDS: Final = 1.0
FIRST_SECONDS: Final = 5.0
"""How long a Job waits at least: by then it has ended for its controller, too."""
QUIET_SECONDS: Final = 2.0
LAST_SECONDS: Final = 60.0
"""How long it waits at most while in no ``QUIET_SECONDS`` nothing was started."""
AT_ONCE: Final = 8


@dataclass(frozen=True, slots=True)
class _Release:
    ref: ExecutionRef
    token: str
    ttl_seconds: int
    since: Millis


class Releases:
    def __init__(self, calls: Calls, clock: Clock, log: Any) -> None:
        self._calls = calls
        self._clock = clock
        self._log = log
        self._waiting: dict[tuple[str, str], _Release] = {}  # in the order in which they came
        self._last_start = Millis(0)

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, job: tuple[str, str]) -> bool:
        """Whether the Job of this namespace and name is about to be let go."""
        return job in self._waiting

    def add(self, ref: ExecutionRef, name: str, token: str, ttl_seconds: int) -> None:
        self._waiting[ref.namespace, name] = _Release(ref, token, ttl_seconds, self._clock.now())

    def forget(self, namespace: str, name: str) -> None:
        """The Job is gone, or is being deleted."""
        self._waiting.pop((namespace, name), None)

    def task_started(self) -> None:
        self._last_start = self._clock.now()

    async def run(self) -> None:
        while True:
            await self._clock.sleep(TICK_SECONDS)
            while due := self._due():
                await asyncio.gather(*(self._release(*job) for job in due))

    def _due(self) -> list[tuple[str, str]]:
        """The oldest few whose time has come."""
        now = self._clock.now()
        busy = now - self._last_start < QUIET_SECONDS * 1000
        patience = LAST_SECONDS if busy else FIRST_SECONDS
        due: list[tuple[str, str]] = []
        for job, release in self._waiting.items():
            if len(due) == AT_ONCE or now - release.since < patience * 1000:
                break
            due.append(job)
        return due

    async def _release(self, namespace: str, name: str) -> None:
        release = self._waiting[namespace, name]
        try:
            await self._calls.release(release.ref, name, release.token, release.ttl_seconds)
        except Unavailable as error:
            self._log.warning("a Job is not let go yet", job=name, reason=str(error))
            if self._waiting.pop((namespace, name), None) is not None:
                self.add(release.ref, name, release.token, release.ttl_seconds)
            return
        except Exception:  # noqa: BLE001 - the audit of strays finds the Job again
            self._log.exception("a Job could not be let go", job=name)
        self._waiting.pop((namespace, name), None)
