"""Watches the Jobs of tasks and their pods, judges them whenever something may have changed, and reports how they end.

Events only say when to look: a task is always judged afresh from the informers' copies, so it does not matter
which event came first, or whether some were missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis, TaskFailed, TaskId, TaskSucceeded
from stepwright.engine.ports import Clock, ExecutionRef, Report, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.kube.informer import Informer
from stepwright.tasks.job import facts, names, verdict
from stepwright.tasks.job.adoption import Adopted
from stepwright.tasks.job.beginnings import Beginnings
from stepwright.tasks.job.errands import Errands
from stepwright.tasks.job.leftovers import Leftovers
from stepwright.tasks.job.outputs import Outputs
from stepwright.tasks.job.releases import Releases
from stepwright.tasks.job.requests import BATCH, Calls
from stepwright.tasks.job.troubles import Troubles
from stepwright.tasks.job.watched import Watched

TICK_SECONDS: Final = 1.0
"""The precision of grace periods."""
AUDIT_SECONDS: Final = 30.0
"""How often all open tasks are checked without an event: for Jobs deleted before the informer ever saw
them."""
SYNC_SECONDS: Final = 5.0


class Watching:
    """All tasks that were started here and not released yet. ``run`` must be running in the engine's loop."""

    def __init__(
        self,
        api: Api,
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
        self._report = report
        self._clock = clock
        self._log = log
        self._watched: dict[tuple[Uid, TaskId], Watched] = {}
        self._by_job_uid: dict[str, Watched] = {}
        self._adopted = Adopted()
        self._errands = Errands(log)
        self._outputs = Outputs(api, self, self._errands, clock)
        self._troubles = Troubles(calls, self, self._errands, clock, log, held)
        self.jobs: Informer[facts.Job] = Informer(
            api,
            BATCH,
            "jobs",
            facts.Job,
            namespaces=namespaces,
            label_selector=names.EXECUTION_UID,
            on_change=self._job_changed,
            index=lambda job: (job.metadata.labels.execution_uid,),
        )
        self.pods: Informer[facts.Pod] = Informer(
            api,
            "v1",
            "pods",
            facts.Pod,
            namespaces=namespaces,
            label_selector=names.EXECUTION_UID,
            on_change=self._pod_changed,
            index=lambda pod: (_of_job(pod.metadata.namespace, pod.job.uid),) if pod.job is not None else (),
        )
        self.leftovers = Leftovers(
            calls, releases, self.jobs, self.pods_of, self._errands, clock, log, held, on_stray
        )

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.jobs.run())
                group.create_task(self.pods.run())
                group.create_task(self._look_after())
                group.create_task(self._releases.run())
        finally:
            self._errands.close()

    async def wait_until_synced(self) -> None:
        await _all_set(self.jobs.synced, self.pods.synced, "could not be listed yet")

    async def wait_until_current(self) -> None:
        """Returns once the copies of Jobs and pods are current. After a watch was cut, etcd may have been
        restored: tasks would be judged by pods that never existed."""
        await _all_set(
            self.jobs.following, self.pods.following, "cannot be looked at: a watch of them is cut off"
        )

    # --- Which tasks --------------------------------------------------------------------------------------------------

    def get(self, uid: Uid, task: TaskId) -> Watched | None:
        return self._watched.get((uid, task))

    def of(self, uid: Uid) -> list[Watched]:
        return [watched for watched in self._watched.values() if watched.ref.uid == uid]

    def add(self, watched: Watched) -> None:
        """Watch it from now on; the caller then has it judged for the first time."""
        self._watched[watched.ref.uid, watched.task] = watched
        self._releases.forget(watched.ref.namespace, watched.name)
        if watched.job is not None:
            self._by_job_uid[watched.job.metadata.uid] = watched
            self._refresh(watched)

    def _refresh(self, watched: Watched) -> None:
        """The informer does not repeat what it heard before the task was watched: perhaps that the Job has
        ended, which may arrive before the answer to its creation."""
        known = self.jobs.get(watched.ref.namespace, watched.name)
        if known is not None and watched.job is not None and known.metadata.uid == watched.job.metadata.uid:
            watched.job = known

    def forget(self, ref: ExecutionRef, task: TaskId) -> None:
        watched = self._watched.pop((ref.uid, task), None)
        if watched is not None:
            self._troubles.forget(watched)
            for pod in watched.gone_pods.values():
                self._adopted.forget(pod)
            if watched.job is not None:
                self._by_job_uid.pop(watched.job.metadata.uid, None)
                self._beginnings.over(watched.job.metadata.uid)

    # --- What happens to them -----------------------------------------------------------------------------------------

    def _job_changed(self, old: facts.Job | None, new: facts.Job | None) -> None:
        job = new if new is not None else old
        assert job is not None
        if new is None:
            self._releases.forget(job.metadata.namespace, job.metadata.name)
        watched = self._by_job_uid.get(job.metadata.uid)
        if watched is not None:
            watched.job = job
            self.consider(watched, gone=new is None)
        elif new is not None:
            if old is None:
                self.leftovers.appeared(new)
            self.leftovers.look_back(job.metadata.namespace, job.metadata.name)

    def _pod_changed(self, old: facts.Pod | None, new: facts.Pod | None) -> None:
        pod = new if new is not None else old
        assert pod is not None
        self._adopted.observe(old, new, appears=self.pods.appears)
        if pod.job is None:
            return
        if old is None:
            self._beginnings.pod_seen(pod.metadata.namespace, pod.job.uid)
        watched = self._by_job_uid.get(pod.job.uid)
        if watched is None or watched.ref.namespace != pod.metadata.namespace:
            self.leftovers.look_back(pod.metadata.namespace, pod.job.name)
            if new is None:
                self._adopted.forget(pod)
            return
        if new is None:
            # The Job's verdict may come after its pod is gone; how the pod ended is still known here.
            watched.gone_pods[pod.metadata.name] = pod
        self.consider(watched)

    def pods_of(self, job: facts.Job, watched: Watched | None = None) -> list[facts.Pod]:
        """Those that it created, and known ones that are gone."""
        return self._adopted.told_apart(job, self._all_pods_of(job, watched))[0]

    def _all_pods_of(
        self, job: facts.Job, watched: Watched | None, listed: Sequence[facts.Pod] | None = None
    ) -> list[facts.Pod]:
        """``listed``: the server's latest answer about them, instead of what the watch reported."""
        metadata = job.metadata
        present = self.pods.by_index(_of_job(metadata.namespace, metadata.uid)) if listed is None else listed
        present = [pod for pod in present if pod.job is not None and pod.job.uid == metadata.uid]
        return present if watched is None else _with_gone(watched, present)

    def consider(
        self, watched: Watched, *, gone: bool = False, listed: Sequence[facts.Pod] | None = None
    ) -> None:
        """Judge it by everything known now, and act on it; not while something is being read for it."""
        job = watched.open_job
        watched.gone = watched.gone or gone
        if job is None:
            return
        if not self._is_watched(watched):
            return  # stopped while its pods were being listed
        found = self.judge(watched, job, listed, certain=listed is not None or gone)
        if gone:
            found = verdict.of_what_is_gone(watched.name, found)
        match found:
            case verdict.Undecided(problem):
                self._troubles.note(watched, problem)
            case verdict.LookCloser():
                self._errands.run(self._look_closer(watched, job), watched)
            case verdict.Succeeded(pod, terminated):
                self._outputs.take(watched, job, pod, terminated)
            case verdict.Failed() if watched.output == "job" and job.condition("Failed") is not None:
                self._outputs.describe(watched, job, failed=True)
            case verdict.Failed(error, cause, log_of) if log_of is None or not watched.log_in_cause:
                self.fail(watched, error, cause)
            case verdict.Failed(error, cause, (pod_name, container)):
                self._outputs.fail_with_log(watched, error, cause, pod_name, container)

    def judge(
        self, watched: Watched, job: facts.Job, listed: Sequence[facts.Pod] | None, *, certain: bool
    ) -> verdict.Verdict:
        own, foreign = self._adopted.told_apart(job, self._all_pods_of(job, watched, listed))
        found = verdict.judge(
            job.with_parallelism(watched.parallelism),
            own,
            pods_certain=certain,
            foreign=foreign,
            all_told=watched.from_its_creation,
            finished=watched.output == "job",
        )
        if isinstance(found, verdict.Succeeded) and job.completions != watched.completions:
            return verdict.shortened(job, watched.completions)
        return found

    async def _look_after(self) -> None:
        """Checks grace periods, and what no event reports."""
        audited = self._clock.now()
        while True:
            await self._clock.sleep(TICK_SECONDS)
            now = self._clock.now()
            self._troubles.look(now)
            # Or it was an hour ahead when this began, and has been put right.
            if not 0 <= now - audited < AUDIT_SECONDS * 1000:
                audited = now
                await self._audit(now)

    async def _audit(self, now: Millis) -> None:
        self.leftovers.audit(now, self._by_job_uid.__contains__)
        for watched in list(self._watched.values()):
            open_job = watched.open_job
            if open_job is None:
                continue
            known = self.jobs.get(watched.ref.namespace, watched.name)
            present = known is not None and known.metadata.uid == open_job.metadata.uid
            if present or now - watched.since < AUDIT_SECONDS * 1000:
                self._refresh(watched)
                self.consider(watched)
                continue
            try:
                job = await self._calls.find(watched.ref, watched.name)
            except Unavailable:
                return
            same = job is not None and job.metadata.uid == open_job.metadata.uid
            self.consider(watched, gone=not same)

    def note(self, problem: str, job: str) -> None:
        """For readers of the log; the next audit tries again."""
        self._log.warning(problem, job=job)

    # --- Ending -------------------------------------------------------------------------------------------------------

    async def _look_closer(self, watched: Watched, job: facts.Job) -> None:
        """Judge by the server's answer about both: if etcd was restored, the copy may show an ended Job while
        its pods are running again."""
        try:
            stored = await self._calls.find(watched.ref, watched.name)
            listed = await self._calls.pods_of(watched.ref, job.metadata.uid)
        except Unavailable as error:
            self._log.warning("pods cannot be listed", **watched.who, error=str(error))
            await self._clock.sleep(TICK_SECONDS)
            watched.busy = None
            self.consider(watched)
            return
        watched.busy = None
        gone = stored is None or stored.metadata.uid != job.metadata.uid
        if stored is not None and not gone:
            watched.job = stored
        self.consider(watched, gone=gone, listed=listed)

    def succeed(self, watched: Watched, value: Json) -> None:
        self._end(watched, TaskSucceeded(watched.task, value))

    def fail(self, watched: Watched, error: str | None, cause: str | None) -> None:
        self._end(watched, TaskFailed(watched.task, error, cause))

    def _end(self, watched: Watched, result: TaskSucceeded | TaskFailed) -> None:
        if not self._is_watched(watched):
            return  # stopped while its end was being read
        watched.result = result
        watched.gone_pods.clear()
        self._troubles.forget(watched)
        if watched.job is not None:
            self._beginnings.over(watched.job.metadata.uid)
        self._log.info(
            "task ended",
            **watched.who,
            job=watched.name,
            error=result.error if isinstance(result, TaskFailed) else None,
        )
        self._report(watched.ref.uid, result)

    def _is_watched(self, watched: Watched) -> bool:
        return self._watched.get((watched.ref.uid, watched.task)) is watched


async def _all_set(jobs: asyncio.Event, pods: asyncio.Event, otherwise: str) -> None:
    """Raises Unavailable."""
    if jobs.is_set() and pods.is_set():
        return
    try:
        async with asyncio.timeout(SYNC_SECONDS):
            while not (jobs.is_set() and pods.is_set()):
                await jobs.wait()
                await pods.wait()
    except TimeoutError as error:
        raise Unavailable(f"the Jobs and pods there are {otherwise}") from error


def _with_gone(watched: Watched, present: Sequence[facts.Pod]) -> list[facts.Pod]:
    """The pods, and known ones that are gone, except those whose output is known to be lost."""
    if not watched.gone_pods and not watched.without_log:
        return list(present)
    pods = {**watched.gone_pods, **{pod.metadata.name: pod for pod in present}}
    return [pod for name, pod in pods.items() if name not in watched.without_log]


def _of_job(namespace: str, job_uid: str) -> str:
    """The index key of a Job's pods. Anybody may name a Job's uid in a pod of another namespace: such a pod
    does not count."""
    return f"{namespace}/{job_uid}"
