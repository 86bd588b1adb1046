"""Releases Jobs whose tasks have ended: housekeeping that yields to tasks being started.

A task may end some seconds before its Job does (``verdict``), and until the Job has finished Kubernetes may
still run it again; so a Job waits here until it has finished, and is released only then. Released at once, it
would cost the API server and the Job controller work that the next task's Job then waits for: a fifth of the
work of a burst. Nothing here outlives the process: Jobs without a TTL are found by their label.

A Job is also the mark that its task has run: while it exists, a creation that is still under way cannot
create it again. So it stays for a while whatever its TTL says.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Any, Final

from stepwright.asl.signals import Millis
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.tasks.job import facts
from stepwright.tasks.job.requests import Calls

TICK_SECONDS: Final = 1.0
FIRST_SECONDS: Final = 5.0
"""How long a Job waits at least."""
QUIET_SECONDS: Final = 2.0
LAST_SECONDS: Final = 60.0
"""How long it waits at most while something is started in every ``QUIET_SECONDS``."""
AT_ONCE: Final = 8
STAYS_SECONDS = 120
"""How long a released Job stays at least: longer than a request for its creation can be under way, which is
30 seconds here and 60 in the API server."""
UNHEARD_SECONDS: Final = 60.0
"""A Job that no watch has reported in this time is released as if it had finished: most likely it is gone."""


@dataclass(frozen=True, slots=True)
class Release:
    ref: ExecutionRef
    name: str
    task_name: str
    ttl_seconds: int
    since: Millis
    job_uid: str | None = None
    """None: not known. The task's name shows whose Job it is."""
    ended: Millis | None = None
    """When the Job finished, from where its TTL counts; None: not yet, or not known."""

    def stays_seconds(self, now: Millis) -> int:
        """The TTL it gets now."""
        stood = 0 if self.ended is None else max(0, now - self.ended) // 1000
        return max(self.ttl_seconds, stood + STAYS_SECONDS)


class Releases:
    def __init__(self, calls: Calls, clock: Clock, log: Any) -> None:
        self._calls = calls
        self._clock = clock
        self._log = log
        self._unfinished: dict[tuple[str, str], Release] = {}
        self._waiting: dict[tuple[str, str], Release] = {}  # in the order in which they came
        self._last_start = Millis(0)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._unfinished)

    def __contains__(self, job: tuple[str, str]) -> bool:
        """Whether the Job of this namespace and name is about to be released."""
        return job in self._waiting or job in self._unfinished

    def add(
        self, ref: ExecutionRef, name: str, task_name: str, ttl_seconds: int, job: facts.Job | None
    ) -> None:
        """Its task has ended; the caller then says what has become of the Job so far. None: unknown."""
        uid = None if job is None else job.metadata.uid
        release = Release(ref, name, task_name, ttl_seconds, self._clock.now(), uid)
        self._unfinished[ref.namespace, name] = release

    def unfinished(self, namespace: str, name: str) -> Release | None:
        """The release of a Job that may run again, as far as is known here."""
        return self._unfinished.get((namespace, name))

    def all_unfinished(self) -> list[Release]:
        return list(self._unfinished.values())

    def finished(self, release: Release, job: facts.Job | None) -> None:
        """Nothing of the Job will run again: it is deleted in due course. None: it is no longer known."""
        key = (release.ref.namespace, release.name)
        if self._unfinished.pop(key, None) is None:
            return
        ended = job.ended if job is not None else None
        self._waiting[key] = replace(release, since=self._clock.now(), ended=ended)

    def forget(self, namespace: str, name: str) -> None:
        """The Job is gone, or is being deleted."""
        self._waiting.pop((namespace, name), None)
        self._unfinished.pop((namespace, name), None)

    def task_started(self) -> None:
        self._last_start = self._clock.now()

    async def run(self) -> None:
        while True:
            await self._clock.sleep(TICK_SECONDS)
            while due := self._due():
                await asyncio.gather(*(self._release(*job) for job in due))

    async def end(self, release: Release, job: facts.Job) -> bool:
        """The Job, as it was seen last, runs again or is about to: end it, and release it. Returns whether that is done.
        Raises Unavailable."""
        is_done = await self._calls.end(release.ref, job, release.stays_seconds(self._clock.now()))
        if is_done:
            self._unfinished.pop((release.ref.namespace, release.name), None)
        return is_done

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
            ttl_seconds = release.stays_seconds(self._clock.now())
            await self._calls.release(release.ref, name, release.task_name, release.job_uid, ttl_seconds)
        except Unavailable as error:
            self._log.warning("a Job is not let go yet", job=name, reason=str(error))
            if self._waiting.pop((namespace, name), None) is not None:
                self._waiting[namespace, name] = replace(release, since=self._clock.now())
            return
        except Exception:  # noqa: BLE001 - the audit of strays finds the Job again
            self._log.exception("a Job could not be let go", job=name)
        self._waiting.pop((namespace, name), None)
