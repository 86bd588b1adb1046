"""Watches the Jobs of tasks and their pods: says when a task is to be judged afresh, and when to look back at one that is over.

Events only say when to look: a task is always judged from the copies, so it does not matter which event came first, or
whether some were missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from stepwright.asl.signals import Millis, TaskId
from stepwright.engine.ports import Clock, ExecutionRef, Report, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.job import facts
from stepwright.tasks.job.beginnings import Beginnings
from stepwright.tasks.job.copies import Copies
from stepwright.tasks.job.errands import Errands
from stepwright.tasks.job.judging import Judging
from stepwright.tasks.job.leftovers import Leftovers
from stepwright.tasks.job.releases import Releases
from stepwright.tasks.job.requests import Calls
from stepwright.tasks.job.watched import Watched, WatchedTasks

TICK_SECONDS: Final = 1.0
"""The precision of grace periods."""
AUDIT_SECONDS: Final = 30.0
"""How often all open tasks are checked without an event: for Jobs deleted before the informer ever saw
them."""


class Watching:
    """``run`` must be running in the engine's loop."""

    def __init__(
        self,
        api: Api,
        accounts: Accounts,
        calls: Calls,
        releases: Releases,
        beginnings: Beginnings,
        report: Report,
        clock: Clock,
        namespaces: Sequence[str],
        log: Any,
        held: Callable[[Uid], bool],
        on_stray: Callable[[facts.Job], Coroutine[Any, Any, None]],
    ) -> None:
        """``on_stray``: called with a Job that has existed for a while and that nobody here has started or
        released."""
        self._calls = calls
        self._releases = releases
        self._beginnings = beginnings
        self._clock = clock
        self._errands = Errands(log)
        self.tasks = WatchedTasks()
        self.copies = Copies(api, namespaces, self._job_changed, self._pod_changed)
        self.judging = Judging(
            api, accounts, calls, self.tasks, self.copies, beginnings, self._errands, report, clock, log, held
        )
        self.leftovers = Leftovers(calls, releases, self.copies, self._errands, clock, log, held, on_stray)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.copies.run())
                group.create_task(self._look_after())
                group.create_task(self._releases.run())
        finally:
            self._errands.close()

    def add(self, watched: Watched) -> None:
        """Watch it from now on; the caller then has it judged for the first time."""
        self.tasks.add(watched)
        self._releases.forget(watched.ref.namespace, watched.name)
        self._refresh(watched)

    def forget(self, ref: ExecutionRef, task: TaskId) -> None:
        watched = self.tasks.remove(ref.uid, task)
        if watched is not None:
            self.judging.forget(watched)
            self.copies.forget(watched.gone_pods.values())

    # --- What is seen -------------------------------------------------------------------------------------------------

    def _job_changed(self, old: facts.Job | None, new: facts.Job | None) -> None:
        job = new if new is not None else old
        assert job is not None
        if new is None:
            self._releases.forget(job.metadata.namespace, job.metadata.name)
        watched = self.tasks.of_job(job.metadata.uid)
        if watched is not None:
            watched.job = job
            self.judging.consider(watched, gone=new is None)
        elif new is not None:
            if old is None:
                self.leftovers.appeared(new)
            self.leftovers.look_back(job.metadata.namespace, job.metadata.name)

    def _pod_changed(self, old: facts.Pod | None, new: facts.Pod | None) -> None:
        pod = new if new is not None else old
        assert pod is not None
        if pod.job is None:
            return
        if old is None:
            self._beginnings.pod_seen(pod.metadata.namespace, pod.job.uid)
        watched = self.tasks.of_job(pod.job.uid)
        if watched is None or watched.ref.namespace != pod.metadata.namespace:
            self.leftovers.look_back(pod.metadata.namespace, pod.job.name)
            if new is None:
                self.copies.forget((pod,))
            return
        if new is None:
            # The Job's verdict may come after its pod is gone; how the pod ended is still known here.
            watched.gone_pods[pod.metadata.name] = pod
        self.judging.consider(watched)

    # --- What no event reports ----------------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        """Checks grace periods, and all tasks from time to time."""
        audited = self._clock.now()
        while True:
            await self._clock.sleep(TICK_SECONDS)
            now = self._clock.now()
            self.judging.look(now)
            # Or it was an hour ahead when this began, and has been put right.
            if not 0 <= now - audited < AUDIT_SECONDS * 1000:
                audited = now
                await self._audit(now)

    async def _audit(self, now: Millis) -> None:
        self.leftovers.audit(now, lambda job_uid: self.tasks.of_job(job_uid) is not None)
        for watched in self.tasks:
            open_job = watched.open_job
            if open_job is None:
                continue
            if self.copies.newest(open_job) is not None or now - watched.since < AUDIT_SECONDS * 1000:
                self._refresh(watched)
                self.judging.consider(watched)
                continue
            try:
                job = await self._calls.find(watched.ref, watched.name)
            except Unavailable:
                return
            same = job is not None and job.metadata.uid == open_job.metadata.uid
            self.judging.consider(watched, gone=not same)

    def _refresh(self, watched: Watched) -> None:
        """The watch does not repeat what it reported before the task was watched: perhaps that the Job has
        ended, which may arrive before the answer to its creation."""
        if watched.job is not None:
            watched.job = self.copies.newest(watched.job) or watched.job
