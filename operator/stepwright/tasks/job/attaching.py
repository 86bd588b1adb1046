"""Finds the Job of a task that is started, or creates it: one is made for each task, and no other counts as its Job."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain

from stepwright.asl.failure.errors import StateError
from stepwright.asl.step import StartTask
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.tasks.job import errors, facts, manifest, verdict
from stepwright.tasks.job.beginnings import Beginnings
from stepwright.tasks.job.copies import Copies
from stepwright.tasks.job.releases import Releases
from stepwright.tasks.job.requests import Calls
from stepwright.tasks.job.watched import Watched


class Attaching:
    def __init__(
        self,
        calls: Calls,
        copies: Copies,
        releases: Releases,
        beginnings: Beginnings,
        clock: Clock,
    ) -> None:
        self._calls = calls
        self._copies = copies
        self._releases = releases
        self._beginnings = beginnings
        self._clock = clock

    async def job_of(
        self,
        watched: Watched,
        task: StartTask,
        made: manifest.Manifest,
        alike: Callable[[], Iterable[manifest.Manifest]],
    ) -> facts.Job:
        """The task's Job: found, or created now. Raises StateError, Unavailable.

        ``alike``: other Jobs that an operator of another version, or with other defaults, may have made for
        it.
        """
        ref, submitted = watched.ref, task.submitted
        job = self._copies.jobs.get(ref.namespace, made.name)
        if submitted is not None:
            if job is None:
                job = await self._calls.find(ref, made.name)
            uid = submitted.get("jobUid") if isinstance(submitted, dict) else None
            if job is None or job.metadata.uid != uid:
                gone = verdict.deleted(made.name)
                raise StateError(gone.error, gone.cause)
            return job
        found = job is not None
        if job is None:
            job = await self._create(ref, made)
            watched.since = self._clock.now()
        if job is None:
            job, found = await self._calls.find(ref, made.name), True
        if job is None:
            raise Unavailable(f"Job {ref.namespace}/{made.name} was there and is gone")
        # Anybody may write the annotation; an admission policy guards the label.
        whose = (job.metadata.labels.execution_uid, job.metadata.annotations.task_name)
        if whose != (str(ref.uid), made.task_name):
            raise _not_ours(ref, made.name, "it was not created by this execution")
        # An account that Stepwright acts as, and whatever runs as it, may write that label, too.
        if not found:
            watched.from_its_creation = True
            return job
        try:
            for expected in chain([made], alike()):
                if await self._calls.is_as_made(ref, expected, job.metadata.uid):
                    if job.was_ended:
                        await self._make_room(ref, job)
                    return job
        except StateError:
            # It may be the task's, and run: the execution does not settle before it is stopped.
            watched.job, watched.unwanted = job, True
            raise
        await self._make_room(ref, job)
        raise _not_ours(ref, made.name, "it would run something else than the task says")

    async def _make_room(self, ref: ExecutionRef, job: facts.Job) -> None:
        """A released Job has ended, and no task begins twice. So etcd was restored, which undid the start of
        this Job, and the task has come again with another input, or what was recorded when this Job was ended. Raises
        Unavailable until the Job is gone."""
        name = job.metadata.name
        is_over = job.metadata.deletionTimestamp is not None or job.spec.ttlSecondsAfterFinished is not None
        if is_over or (ref.namespace, name) in self._releases:
            await self._calls.delete(ref, name, job.metadata.uid)
            raise Unavailable(
                f"Job {ref.namespace}/{name} is of a start that was undone, and is being deleted"
            )

    async def _create(self, ref: ExecutionRef, made: manifest.Manifest) -> facts.Job | None:
        """None: a Job of that name is there already. Raises StateError, Unavailable."""
        await self._beginnings.turn(ref.namespace)
        job = None
        try:
            job = await self._calls.create(ref, made)
        finally:
            if job is None:
                self._beginnings.not_created(ref.namespace)
            else:
                self._beginnings.created(ref.namespace, job.metadata.uid)
        if job is not None and (job.spec.suspend or self._copies.own_pods_of(job)):
            # Its pod was seen before the answer, or will come when somebody else permits it.
            self._beginnings.over(job.metadata.uid)
        return job


def _not_ours(ref: ExecutionRef, name: str, why: str) -> StateError:
    return errors.refused(
        f"Job {name} exists in namespace {ref.namespace} and is not this task's: {why}. Delete it or find out who made "
        "it."
    )
