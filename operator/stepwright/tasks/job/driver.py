"""Tasks as Jobs: the port that the engine calls.

Everything is level-triggered. A Job's name is derived from its task, so ``start`` may be called again at any
time. In the common case a task costs two requests: the Job's creation and, once its result is committed, the
patch that releases it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import structlog

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId, TaskStarted, TaskSubmitted
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import Clock, ExecutionRef, Report, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.job import facts, manifest, names, parameters, settings, verdict
from stepwright.tasks.job.attaching import Attaching
from stepwright.tasks.job.beginnings import Beginnings
from stepwright.tasks.job.releases import Releases
from stepwright.tasks.job.requests import Calls
from stepwright.tasks.job.watched import Watched
from stepwright.tasks.job.watching import Watching


class JobDriver:
    """Implements ``engine.ports.TaskDriver``. ``run`` must be running in the engine's loop.

    ``owner`` gives the ownerReference of Jobs; tests without Stepwright's CRDs give none. ``held`` says
    whether this process may act on an execution: unwanted Jobs of others' executions are theirs to end.
    ``pod_security``: what task pods may do if their state machine does not say.
    """

    def __init__(
        self,
        api: Api,
        report: Report,
        *,
        clock: Clock,
        namespaces: Sequence[str] = (),
        log: Any = None,
        owner: manifest.Owner = manifest.execution_owner,
        held: Callable[[Uid], bool] = lambda _: True,
        pod_security: str = settings.BASELINE,
    ) -> None:
        accounts = Accounts(api, held)
        self._calls = Calls(api, accounts)
        self._report = report
        self._clock = clock
        self._owner = owner
        self._held = held
        self._pod_security = pod_security
        self._log = log = log if log is not None else structlog.get_logger(__name__)
        self._releases = Releases(self._calls, clock, log)
        self._beginnings = Beginnings()
        self._watching = Watching(
            api,
            accounts,
            self._calls,
            self._releases,
            self._beginnings,
            report,
            clock,
            namespaces,
            log,
            held,
            self._tidy,
        )
        self._tasks = self._watching.tasks
        self._copies = self._watching.copies
        self._judging = self._watching.judging
        self._leftovers = self._watching.leftovers
        self._attaching = Attaching(self._calls, self._copies, self._releases, self._beginnings, clock)
        self.jobs = self._copies.jobs
        self.pods = self._copies.pods

    async def run(self) -> None:
        await self._watching.run()

    # --- TaskDriver ---------------------------------------------------------------------------------------------------

    def serves(self, resource: Resource) -> bool:
        return parameters.serves(resource)

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str:
        return names.job_name(ref, task)

    def holds(self, uid: Uid) -> bool:
        return any(
            job.task is not None
            and job.spec.ttlSecondsAfterFinished is None
            and job.metadata.deletionTimestamp is None
            and (job.metadata.namespace, job.metadata.name) not in self._releases
            for job in self.jobs.by_index(uid)
        )

    def began(self, ref: ExecutionRef, task: TaskId) -> bool:
        """Whether there is a Job of this task, as far as is known without asking anybody."""
        job = self.jobs.get(ref.namespace, names.job_name(ref, task))
        is_its = job is not None and job.metadata.labels.execution_uid == ref.uid and job.task == task
        return is_its or self._tasks.get(ref.uid, task) is not None

    def let_go(self, uid: Uid) -> None:
        for watched in self._tasks.of(uid):
            self._watching.forget(watched.ref, watched.task)

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:
        watched = self._tasks.get(ref.uid, task)
        return watched is not None and watched.unwanted

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:  # noqa: ARG002
        known = self._tasks.get(ref.uid, task.task)
        if known is not None:
            # The execution was loaded again: a report to its former run may not have been committed. Or its
            # input could not be provided yet.
            self._announce(known, task)
            if known.result is not None:
                self._report(ref.uid, known.result)
            else:
                await self._give_input(known)
            return
        self._releases.task_started()
        name = names.job_name(ref, task.task)
        self._leftovers.wanted(ref, name)
        await self._copies.wait_until_synced()
        defaults = settings.read(ref.settings, self._pod_security)
        watched = Watched(
            ref,
            task.task,
            task.state,
            name,
            names.task_name(ref.uid, task.task),
            defaults.pending_grace_seconds * 1000,
            defaults.ttl_seconds,
            "file",
            self._clock.now(),
            defaults.log_in_cause,
        )
        try:
            given = parameters.read(task)
            made = manifest.build(ref, task, given, defaults, self._owner)
            watched.output, watched.ttl_seconds = given.output, made.ttl_seconds
            watched.logs, watched.pods = given.logs, given.pods
            watched.completions, watched.parallelism = made.completions, made.parallelism

            def alike() -> Iterator[manifest.Manifest]:
                for other in settings.alike(ref.settings, defaults):
                    yield manifest.build(ref, task, given, other, self._owner)

            job = await self._attaching.job_of(watched, task, made, alike)
        except StateError as error:
            self._watching.add(watched)
            self._judging.fail(watched, error.error, error.cause)
            return
        except Unavailable:
            self._leftovers.in_doubt(ref, watched.name)
            raise
        watched.job, watched.input_due = job, made
        self._watching.add(watched)
        self._announce(watched, task)  # now: from here on its end may be reported
        await self._give_input(watched)

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        watched = self._tasks.get(ref.uid, task.task)
        name, task_name = names.job_name(ref, task.task), names.task_name(ref.uid, task.task)
        if watched is not None:
            watched.closed = True
        job = watched.job if watched is not None else self.jobs.get(ref.namespace, name)
        self._leftovers.stopping(ref, name, task_name, job)
        if job is None and watched is None:
            job = await self._calls.find(ref, name)
        if job is not None and job.metadata.annotations.task_name == task_name:
            await self._calls.delete(ref, name, job.metadata.uid)
        self._watching.forget(ref, task.task)

    def keeps_stops(self, resource: Resource) -> bool:  # noqa: ARG002
        return False

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        watched = self._tasks.get(ref.uid, task)
        name, task_name = names.job_name(ref, task), names.task_name(ref.uid, task)
        if watched is None:
            stored = self.jobs.get(ref.namespace, name)
            self._releases.add(ref, name, task_name, _ttl_seconds(ref, stored), stored)
        elif watched.job is not None and watched.unwanted:
            await self._calls.delete(ref, name, watched.job.metadata.uid)
        elif watched.job is not None and not watched.gone:
            self._releases.add(ref, name, task_name, watched.ttl_seconds, watched.job)
        self._leftovers.released(ref, name, task_name, watched.job if watched is not None else None)
        self._watching.forget(ref, task)
        self._leftovers.look_back(ref.namespace, name)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        # Both: a Job whose pods are not known yet would look as if it were running. And both current: taking
        # up an execution first sweeps, and then continues with the known Jobs of its tasks.
        await self._copies.wait_until_current()
        jobs = self.jobs.by_index(ref.uid)
        found = {job.metadata.uid: job for job in jobs}
        for watched in self._tasks.of(ref.uid):
            if watched.job is not None:
                found.setdefault(watched.job.metadata.uid, watched.job)
        for job in found.values():
            task_name, task = job.metadata.annotations.task_name, job.task
            if task is None or task in wanted or job.metadata.deletionTimestamp is not None:
                continue
            name = job.metadata.name
            ended = verdict.judge(job, self._copies.own_pods_of(job), pods_certain=True)
            if isinstance(ended, verdict.Undecided):
                self._leftovers.stopping(ref, name, task_name, job)
                await self._calls.delete(ref, name, job.metadata.uid)
            elif job.spec.ttlSecondsAfterFinished is None and (ref.namespace, name) not in self._releases:
                self._releases.add(ref, name, task_name, _ttl_seconds(ref, job), job)
            self._watching.forget(ref, task)
            self._leftovers.look_back(ref.namespace, name)
        for watched in self._tasks.of(ref.uid):
            if watched.task not in wanted:
                self._watching.forget(ref, watched.task)

    async def _tidy(self, job: facts.Job) -> None:
        """Nothing is wanted of an execution that has settled or is gone. Others are swept when they are taken
        up, and again when they have ended."""
        metadata = job.metadata
        uid = metadata.labels.execution_uid
        if job.task is None or not self._held(Uid(uid)):
            return
        name = _execution_name(job)
        try:
            if name is not None and await self._calls.is_settled(metadata.namespace, name, uid):
                ref = ExecutionRef(Uid(uid), metadata.namespace, name, "")
                await self.sweep(ref, frozenset())
        except Unavailable as error:
            # The next audit tries again.
            self._log.warning(f"a Job that nobody wants is still there: {error}", job=metadata.name)

    # --- Starting -----------------------------------------------------------------------------------------------------

    async def _give_input(self, watched: Watched) -> None:
        """Make the Secret with a large input, if there is one and it is not there yet, and judge the task.
        Raises Unavailable; the task stays watched: its Job is there, and must not be made again if it goes
        meanwhile."""
        job, made = watched.job, watched.input_due
        if job is not None and made is not None:
            try:
                await self._calls.create_input(watched.ref, made, job.metadata.uid)
            except StateError as error:
                watched.unwanted = True
                self._judging.fail(watched, error.error, error.cause)
                return
            watched.input_due = None
        self._judging.consider(watched)

    def _announce(self, watched: Watched, task: StartTask) -> None:
        if task.submitted is None and watched.job is not None:
            metadata = watched.job.metadata
            known: dict[str, Json] = {"jobName": metadata.name, "jobUid": metadata.uid}
            self._report(watched.ref.uid, TaskStarted(task.task))
            # A queue changes the template of what it admits: the Job could not be recognised by that any more.
            queued = bool(watched.job.spec.suspend)
            self._report(watched.ref.uid, TaskSubmitted(task.task, known, at_once=queued))


def _execution_name(job: facts.Job) -> str | None:
    """Its execution's name; None if unknown: its owner was removed, and its label may be shortened."""
    metadata = job.metadata
    uid = metadata.labels.execution_uid
    owner = next((owner.name for owner in metadata.ownerReferences if owner.uid == uid), None)
    return owner or metadata.annotations.execution or names.unshortened(metadata.labels.execution)


def _ttl_seconds(ref: ExecutionRef, job: facts.Job | None) -> int:
    asked = job.metadata.annotations.ttl_seconds if job is not None else None
    if asked is not None and asked.isascii() and asked.isdigit():
        return int(asked)
    return settings.read(ref.settings).ttl_seconds
