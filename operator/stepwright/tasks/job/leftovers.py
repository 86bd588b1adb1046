"""Jobs whose tasks are over here, or never existed: those that appear late, run again, or that nobody
releases.

An abandoned request may land long after its task was stopped; a Job whose task has ended may run again until
it has finished; and a creation may land after its sender died and its execution ended.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from stepwright.asl.signals import Millis
from stepwright.engine.ports import Clock, ExecutionRef, Uid, Unavailable
from stepwright.tasks.job import aftermath, facts
from stepwright.tasks.job.aftermath import Aftermath
from stepwright.tasks.job.copies import Copies
from stepwright.tasks.job.errands import Errands
from stepwright.tasks.job.releases import UNHEARD_SECONDS, Release, Releases
from stepwright.tasks.job.requests import Calls

STOPPED_SECONDS: Final = 600.0
"""How long a stopped task is remembered, in case its Job's creation, abandoned here, lands only then."""
RETRY_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Stopped:
    """``own_job``: the uid of the task's Job as far as is known here; that one is not late."""

    ref: ExecutionRef
    task_name: str
    since: Millis
    own_job: str | None = None


class Leftovers:
    """``on_stray``: called with a Job that has existed for a while and that nobody here has started or released."""

    def __init__(
        self,
        calls: Calls,
        releases: Releases,
        copies: Copies,
        errands: Errands,
        clock: Clock,
        log: Any,
        held: Callable[[Uid], bool],
        on_stray: Callable[[facts.Job], Coroutine[Any, Any, None]],
    ) -> None:
        self._calls = calls
        self._releases = releases
        self._copies = copies
        self._errands = errands
        self._clock = clock
        self._log = log
        self._held = held
        self._on_stray = on_stray
        self._stopped: dict[tuple[str, str], _Stopped] = {}
        self._doubtful: dict[tuple[str, str], Millis] = {}
        self._strays: set[str] = set()
        self._ending: set[tuple[str, str]] = set()

    # --- What the driver says ----------------------------------------------------------------------------------------

    def stopping(self, ref: ExecutionRef, name: str, task_name: str, job: facts.Job | None) -> None:
        """A Job of this name that appears only now is no longer wanted. ``job``: the one being stopped; if
        that one appears once more, etcd was restored, and reading the execution again shows whether it is
        wanted."""
        own = None if job is None else job.metadata.uid
        self._stopped[ref.namespace, name] = _Stopped(ref, task_name, self._clock.now(), own)

    def wanted(self, ref: ExecutionRef, name: str) -> None:
        """The Job's task is to be started. If it had already ended here, etcd was restored to an earlier
        time: otherwise no task begins twice."""
        self._stopped.pop((ref.namespace, name), None)

    def in_doubt(self, ref: ExecutionRef, name: str) -> None:
        """The creation of this Job was not answered: it may land at any time, even after another attempt's Job has
        ended and is gone."""
        self._doubtful[ref.namespace, name] = self._clock.now()

    def released(self, ref: ExecutionRef, name: str, task_name: str, job: facts.Job | None) -> None:
        """The task has ended. Another Job of its name is not wanted."""
        if self._doubtful.pop((ref.namespace, name), None) is not None:
            own = None if job is None else job.metadata.uid
            self._stopped[ref.namespace, name] = _Stopped(ref, task_name, self._clock.now(), own)

    # --- What is seen ------------------------------------------------------------------------------------------------

    def audit(self, now: Millis, is_watched: Callable[[str], bool]) -> None:
        """``is_watched``: whether the Job of this uid is that of an open task here."""
        for key, stopped in list(self._stopped.items()):
            if now - stopped.since >= STOPPED_SECONDS * 1000:
                del self._stopped[key]
        for key, since in list(self._doubtful.items()):
            if now - since >= STOPPED_SECONDS * 1000:
                del self._doubtful[key]
        self._look_for_strays(is_watched)
        self._look_back_at_all(now)

    def look_back(self, namespace: str, name: str) -> None:
        """The task has ended: check what becomes of its Job."""
        release = self._releases.unfinished(namespace, name)
        if release is None or (job := self._job_of(release)) is None:
            return
        what = aftermath.of(job, self._copies.own_pods_of(job))
        if what is Aftermath.FINISHED:
            self._releases.finished(release, job)
        elif (
            what is Aftermath.AGAIN
            and (namespace, name) not in self._ending
            # If a restore has undone the task's end, the Job may be wanted where the execution is carried.
            and self._held(release.ref.uid)
        ):
            self._log.warning(
                "a Job would run again though its task has ended", execution=_name(release.ref), job=name
            )
            self._ending.add((namespace, name))
            self._errands.run(self._end_again(release))

    async def _end_again(self, release: Release) -> None:
        try:
            while (job := self._running_again(release)) is not None:
                try:
                    if await self._releases.end(release, job):
                        return
                except Unavailable as error:
                    self._log.warning(
                        "a Job that runs again is not ended yet", job=release.name, reason=str(error)
                    )
                await self._clock.sleep(RETRY_SECONDS)
        finally:
            self._ending.discard((release.ref.namespace, release.name))

    def _running_again(self, release: Release) -> facts.Job | None:
        """The Job as it was seen last, if it still is to be ended."""
        if self._releases.unfinished(release.ref.namespace, release.name) is None:
            return None
        job = self._job_of(release)
        if job is None or not self._held(release.ref.uid):
            return None
        return job if aftermath.of(job, self._copies.own_pods_of(job)) is Aftermath.AGAIN else None

    def _job_of(self, release: Release) -> facts.Job | None:
        """As it was seen last; None if it was not, or another one has its name."""
        job = self._copies.jobs.get(release.ref.namespace, release.name)
        if job is None or release.job_uid not in (None, job.metadata.uid):
            return None
        return job if job.metadata.annotations.task_name == release.task_name else None

    def _look_back_at_all(self, now: Millis) -> None:
        for release in self._releases.all_unfinished():
            known = self._copies.jobs.get(release.ref.namespace, release.name)
            if known is not None:
                self.look_back(release.ref.namespace, release.name)
            elif now - release.since >= UNHEARD_SECONDS * 1000:
                self._releases.finished(release, None)

    def appeared(self, job: facts.Job) -> None:
        """A new Job that nobody here watches."""
        stopped = self._stopped.get((job.metadata.namespace, job.metadata.name))
        if (
            stopped is not None
            and job.metadata.annotations.task_name == stopped.task_name
            and job.metadata.uid != stopped.own_job
            # If a restore has undone its stop, another operator may have started the task since.
            and self._held(stopped.ref.uid)
        ):
            self._log.warning(
                "a stopped task's Job was created late", execution=_name(stopped.ref), job=job.metadata.name
            )
            self._errands.run(self._end_late(stopped.ref, job))

    async def _end_late(self, ref: ExecutionRef, job: facts.Job) -> None:
        while self._held(ref.uid):  # where it is not, who carries the execution finds what nobody wants
            try:
                await self._calls.delete(ref, job.metadata.name, job.metadata.uid)
            except Unavailable:
                await self._clock.sleep(RETRY_SECONDS)
            else:
                return

    def _look_for_strays(self, is_watched: Callable[[str], bool]) -> None:
        """A creation may land long after its sender died and its execution ended."""
        strays = [
            job
            for job in self._copies.jobs.all()
            if not is_watched(job.metadata.uid)
            and job.spec.ttlSecondsAfterFinished is None
            and job.metadata.deletionTimestamp is None
            and (job.metadata.namespace, job.metadata.name) not in self._releases
        ]
        for job in strays:
            if job.metadata.uid in self._strays:
                self._errands.run(self._on_stray(job))
        self._strays = {job.metadata.uid for job in strays}


def _name(ref: ExecutionRef) -> str:
    return f"{ref.namespace}/{ref.name}"
