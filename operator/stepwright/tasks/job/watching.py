"""Watches the Jobs of tasks and their pods, judges them whenever something may have changed, and reports how they end.

Events only say when to look: what a task has come to is always judged anew from the informers' copies, so that it
does not matter which event came first, or whether some were missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis, TaskFailed, TaskId, TaskSucceeded
from stepwright.engine.ports import Clock, ExecutionRef, Report, Uid, Unavailable
from stepwright.kube.api import Api, ApiError, NotFound
from stepwright.kube.informer import Informer
from stepwright.tasks.job import errors, facts, logs, names, output, refusals, verdict
from stepwright.tasks.job.adoption import Adopted
from stepwright.tasks.job.beginnings import Beginnings
from stepwright.tasks.job.manifest import Manifest
from stepwright.tasks.job.releases import UNHEARD_SECONDS, Release, Releases
from stepwright.tasks.job.requests import BATCH, Calls

TICK_SECONDS: Final = 1.0
"""How exactly grace periods are kept."""
AUDIT_SECONDS: Final = 30.0
"""How often all open tasks are looked at without an event: for Jobs deleted before the informer ever saw them."""
STOPPED_SECONDS: Final = 600.0
"""How long a stopped task is remembered, in case its Job's creation, given up here, lands only then."""
SYNC_SECONDS: Final = 5.0
PODLESS_SECONDS: Final = 3.0
"""For how long a Job is without a pod before it is asked why: its controller needs a moment, and more in a burst."""
ASKED_EVERY_SECONDS: Final = 15.0
LOG_RETRY_SECONDS: Final = (1, 2, 4, 8, 15)
"""A node that does not answer for its logs gets half a minute."""


@dataclass(slots=True, eq=False)
class Watched:
    """A task that was started here. ``job`` None: it was refused, so there is none. Nothing of its input is kept, which
    decoded may take twenty times its length: what is made from it is made before."""

    ref: ExecutionRef
    task: TaskId
    state: str
    name: str
    task_name: str
    grace_ms: float
    ttl_seconds: int
    output: str
    since: Millis
    log_in_cause: bool = True
    completions: int | None = None
    """Of the Job as it was made, defaults filled in. While it runs, anybody who may change it may change these of an
    Indexed one."""
    parallelism: int | None = None
    """Of the Job as it was made; a queue such as Kueue may admit fewer."""
    from_its_creation: bool = False
    """The Job was created here: no pod of it came and went before."""
    job: facts.Job | None = None
    input_due: Manifest | None = None
    """What the Job's input is to be made from, until it is."""
    gone_pods: dict[str, facts.Pod] = field(default_factory=dict)
    without_log: set[str] = field(default_factory=set)
    """Names of pods that ended well and went with their output: what the Job makes of that counts."""
    problem: tuple[verdict.Problem, Millis] | None = None
    unheard: bool = False
    """When its trouble had lasted long enough, nothing was to be heard of it. Who could make an end of that may have heard
    as little, so it begins anew."""
    result: TaskSucceeded | TaskFailed | None = None
    busy: object = None
    """What is under way that the result needs; the task is not judged again until it is done."""
    gone: bool = False
    """The Job was deleted."""
    unwanted: bool = False
    """It has failed before its Job came to an end: the Job is to be deleted, not kept for its log."""


@dataclass(frozen=True, slots=True)
class _Stopped:
    """``own_job``: the uid of the Job that was the task's as far as is known here, which is not a late one."""

    ref: ExecutionRef
    task_name: str
    since: Millis
    own_job: str | None = None


class Watching:
    """All tasks that were started here and not let go yet. ``run`` must be running in the engine's loop."""

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
        """``on_stray``: what to do with a Job that has been there for a while and that nobody here has started or let go."""
        self._api = api
        self._calls = calls
        self._releases = releases
        self._beginnings = beginnings
        self._report = report
        self._clock = clock
        self._log = log
        self._held = held
        self._watched: dict[tuple[Uid, TaskId], Watched] = {}
        self._by_job_uid: dict[str, Watched] = {}
        self._troubled: dict[Watched, None] = {}  # a set, but in the order of their troubles
        self._stopped: dict[tuple[str, str], _Stopped] = {}
        self._doubtful: dict[tuple[str, str], Millis] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self._strays: set[str] = set()
        self._ending: set[tuple[str, str]] = set()
        self._adopted = Adopted()
        self._asked: dict[str, Millis] = {}
        self._unheard_until = Millis(0)
        """Until then nothing was to be heard of the API server, as far as is known. What a task waits for could not come
        either."""
        self._on_stray = on_stray
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

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.jobs.run())
                group.create_task(self.pods.run())
                group.create_task(self._look_after())
                group.create_task(self._releases.run())
        finally:
            for task in self._reading:
                task.cancel()

    async def wait_until_synced(self) -> None:
        await _all_set(self.jobs.synced, self.pods.synced, "could not be listed yet")

    async def wait_until_current(self) -> None:
        """Returns once what is known of Jobs and pods is of now. Where a watch was cut, etcd may have been restored since:
        tasks would be judged by pods that have never been."""
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
        """What the informer was told before the task was watched, it is not told again: its last word may be that
        the Job has ended, sooner here than the answer to its creation."""
        known = self.jobs.get(watched.ref.namespace, watched.name)
        if known is not None and watched.job is not None and known.metadata.uid == watched.job.metadata.uid:
            watched.job = known

    def forget(self, ref: ExecutionRef, task: TaskId) -> None:
        watched = self._watched.pop((ref.uid, task), None)
        if watched is not None:
            self._troubled.pop(watched, None)
            for pod in watched.gone_pods.values():
                self._adopted.forget(pod)
            if watched.job is not None:
                self._by_job_uid.pop(watched.job.metadata.uid, None)
                self._beginnings.over(watched.job.metadata.uid)

    def stopping(self, ref: ExecutionRef, name: str, task_name: str, job: facts.Job | None) -> None:
        """A Job of this name that shows only now is not wanted any more. ``job``: the one that is stopped: should that show
        once more, etcd was restored, and whoever reads the execution anew says whether it is wanted."""
        own = None if job is None else job.metadata.uid
        self._stopped[ref.namespace, name] = _Stopped(ref, task_name, self._clock.now(), own)

    def wanted(self, ref: ExecutionRef, name: str) -> None:
        """The Job's task is to be started. Where it had its end here already, etcd was restored to what was before: no
        task begins twice otherwise."""
        self._stopped.pop((ref.namespace, name), None)

    def in_doubt(self, ref: ExecutionRef, name: str) -> None:
        """The creation of this Job was not answered: it may land at any time, even after another attempt's Job has
        ended and is gone."""
        self._doubtful[ref.namespace, name] = self._clock.now()

    def released(self, ref: ExecutionRef, name: str, task_name: str, job: facts.Job | None) -> None:
        """The task has its end. Another Job of its name is not wanted."""
        if self._doubtful.pop((ref.namespace, name), None) is not None:
            own = None if job is None else job.metadata.uid
            self._stopped[ref.namespace, name] = _Stopped(ref, task_name, self._clock.now(), own)

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
                self._end_if_stopped(new)
            self.look_back(job.metadata.namespace, job.metadata.name)

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
            self.look_back(pod.metadata.namespace, pod.job.name)
            if new is None:
                self._adopted.forget(pod)
            return
        if new is None:
            # The Job's verdict may come after its pod is gone; how that ended is known here still.
            watched.gone_pods[pod.metadata.name] = pod
        self.consider(watched)

    def look_back(self, namespace: str, name: str) -> None:
        """The task has its end: what becomes of its Job?"""
        release = self._releases.unfinished(namespace, name)
        job = self.jobs.get(namespace, name)
        if release is None or job is None or release.job_uid not in (None, job.metadata.uid):
            return
        what = verdict.aftermath(job, self.pods_of(job))
        if what is verdict.Aftermath.FINISHED:
            self._releases.finished(release, job)
        elif what is verdict.Aftermath.AGAIN and (namespace, name) not in self._ending:
            self._log.warning(
                "a Job would run again though its task has ended", execution=_name(release.ref), job=name
            )
            self._ending.add((namespace, name))
            self._read(self._end_again(release))

    async def _end_again(self, release: Release) -> None:
        try:
            await self._releases.end(release)
        finally:
            self._ending.discard((release.ref.namespace, release.name))

    def _look_back_at_all(self, now: Millis) -> None:
        for release in self._releases.all_unfinished():
            known = self.jobs.get(release.ref.namespace, release.name)
            if known is not None:
                self.look_back(release.ref.namespace, release.name)
            elif now - release.since >= UNHEARD_SECONDS * 1000:
                self._releases.finished(release, None)

    def _end_if_stopped(self, job: facts.Job) -> None:
        stopped = self._stopped.get((job.metadata.namespace, job.metadata.name))
        if (
            stopped is not None
            and job.metadata.annotations.task_name == stopped.task_name
            and job.metadata.uid != stopped.own_job
            # Another operator may have started the task since, where a restore has undone that it was stopped.
            and self._held(stopped.ref.uid)
        ):
            self._log.warning(
                "a stopped task's Job was created late", execution=_name(stopped.ref), job=job.metadata.name
            )
            self._read(self._end_late(stopped.ref, job))

    async def _end_late(self, ref: ExecutionRef, job: facts.Job) -> None:
        while True:
            try:
                await self._calls.delete(ref, job.metadata.name, job.metadata.uid)
            except Unavailable:
                await self._clock.sleep(TICK_SECONDS)
            else:
                return

    def pods_of(self, job: facts.Job, watched: Watched | None = None) -> list[facts.Pod]:
        """Those that it has made, and those known of it that are gone."""
        return self._adopted.told_apart(job, self._all_pods_of(job, watched))[0]

    def _all_pods_of(
        self, job: facts.Job, watched: Watched | None, listed: Sequence[facts.Pod] | None = None
    ) -> list[facts.Pod]:
        """``listed``: what the server has said of them last, instead of what the watch has told."""
        metadata = job.metadata
        present = self.pods.by_index(_of_job(metadata.namespace, metadata.uid)) if listed is None else listed
        present = [pod for pod in present if pod.job is not None and pod.job.uid == metadata.uid]
        return present if watched is None else _with_gone(watched, present)

    def consider(
        self, watched: Watched, *, gone: bool = False, listed: Sequence[facts.Pod] | None = None
    ) -> None:
        job = watched.job
        watched.gone = watched.gone or gone
        if job is None or watched.result is not None or watched.busy is not None:
            return
        if not self._is_watched(watched):
            return  # stopped while its pods were being listed
        found = self._judge(watched, job, listed, certain=listed is not None or gone)
        if gone and isinstance(found, verdict.Undecided):
            found = verdict.deleted(watched.name)
        match found:
            case verdict.Undecided(problem):
                self._note(watched, problem)
            case verdict.LookCloser():
                self._read(self._look_closer(watched, job), watched)
            case verdict.Succeeded(pod, terminated):
                self._take_output(watched, job, pod, terminated)
            case verdict.Failed(error, cause, log_of) if log_of is None or not watched.log_in_cause:
                self.fail(watched, error, cause)
            case verdict.Failed(error, cause, (pod_name, container)):
                self._read(self._fail_with_log(watched, error, cause, pod_name, container), watched)

    def _judge(
        self, watched: Watched, job: facts.Job, listed: Sequence[facts.Pod] | None, *, certain: bool
    ) -> verdict.Verdict:
        own, foreign = self._adopted.told_apart(job, self._all_pods_of(job, watched, listed))
        found = verdict.judge(
            job.with_parallelism(watched.parallelism),
            own,
            pods_certain=certain,
            foreign=foreign,
            all_told=watched.from_its_creation,
        )
        if isinstance(found, verdict.Succeeded) and job.completions != watched.completions:
            return verdict.shortened(job, watched.completions)
        return found

    def _note(self, watched: Watched, problem: verdict.Problem | None) -> None:
        if problem is None:
            watched.problem = None
            self._troubled.pop(watched, None)
            return
        if watched.problem is None or watched.problem[0].error != problem.error:
            watched.problem = (problem, self._clock.now())
        else:
            watched.problem = (problem, watched.problem[1])
        self._troubled[watched] = None
        if not problem.patience:
            self._read(self._give_up(watched, problem), watched)

    async def _look_after(self) -> None:
        """Grace periods, and what no event tells."""
        audited = self._clock.now()
        while True:
            await self._clock.sleep(TICK_SECONDS)
            now = self._clock.now()
            self._listen(now)
            podless: set[str] = set()
            for watched in list(self._troubled):
                if watched.problem is None or watched.result is not None:
                    self._troubled.pop(watched, None)
                elif self._has_waited(watched, now) and watched.busy is None:
                    self._read(self._give_up(watched, watched.problem[0]), watched)
                elif watched.problem[0].look_at_events and now - watched.problem[1] >= PODLESS_SECONDS * 1000:
                    podless.add(watched.ref.namespace)
            self._ask_why(podless, now)
            if now - audited >= AUDIT_SECONDS * 1000:
                audited = now
                await self._audit(now)

    def _listen(self, now: Millis) -> None:
        """Who cannot renew its Lease holds nothing. One task is asked for all: some that belong to others by now, and are
        about to be let go, only make for patience."""
        waiting = next(iter(self._troubled), None)
        if waiting is not None and not self._held(waiting.ref.uid):
            self._unheard_until = now

    def _has_waited(self, watched: Watched, now: Millis) -> bool:
        """Whether a task's trouble has lasted its grace period, in which it could have been over."""
        assert watched.problem is not None
        return now - max(watched.problem[1], self._unheard_until) >= watched.grace_ms

    def _ask_why(self, namespaces: Iterable[str], now: Millis) -> None:
        """Jobs without a pod have waited in these. One list tells of all that are in a namespace, and no more often than
        that: a list of events is dear where there are many."""
        for namespace, asked in list(self._asked.items()):
            if now - asked >= ASKED_EVERY_SECONDS * 1000:
                del self._asked[namespace]
        for namespace in sorted(namespaces):
            if namespace not in self._asked:
                self._asked[namespace] = now
                self._read(self._fail_refused(namespace))

    async def _fail_refused(self, namespace: str) -> None:
        """Fail the tasks whose pods are refused for ever, however long they may wait for other things."""
        told = await self._calls.all_creation_troubles(namespace)
        for watched in list(self._troubled):
            if watched.ref.namespace != namespace or watched.job is None or watched.busy is not None:
                continue
            said = told.get(watched.job.metadata.uid, "")
            waits = watched.problem is not None and watched.problem[0].look_at_events
            if waits and refusals.of_pod(said) == errors.REFUSED:
                watched.unwanted = True
                self.fail(watched, errors.REFUSED, refusals.pod_security(said))

    async def _audit(self, now: Millis) -> None:
        for key, stopped in list(self._stopped.items()):
            if now - stopped.since >= STOPPED_SECONDS * 1000:
                del self._stopped[key]
        for key, since in list(self._doubtful.items()):
            if now - since >= STOPPED_SECONDS * 1000:
                del self._doubtful[key]
        self._look_for_strays()
        self._look_back_at_all(now)
        for watched in list(self._watched.values()):
            if watched.result is not None or watched.busy is not None or watched.job is None:
                continue
            known = self.jobs.get(watched.ref.namespace, watched.name)
            present = known is not None and known.metadata.uid == watched.job.metadata.uid
            if present or now - watched.since < AUDIT_SECONDS * 1000:
                self._refresh(watched)
                self.consider(watched)
                continue
            try:
                job = await self._calls.find(watched.ref, watched.name)
            except Unavailable:
                return
            same = job is not None and job.metadata.uid == watched.job.metadata.uid
            self.consider(watched, gone=not same)

    def note(self, problem: str, job: str) -> None:
        """For who reads the log; the next audit tries again."""
        self._log.warning(problem, job=job)

    def _look_for_strays(self) -> None:
        """A creation may land when its sender is long dead and its execution has ended."""
        strays = [
            job
            for job in self.jobs.all()
            if job.metadata.uid not in self._by_job_uid
            and job.spec.ttlSecondsAfterFinished is None
            and job.metadata.deletionTimestamp is None
            and (job.metadata.namespace, job.metadata.name) not in self._releases
        ]
        for job in strays:
            if job.metadata.uid in self._strays:
                self._read(self._on_stray(job))
        self._strays = {job.metadata.uid for job in strays}

    # --- Ending -------------------------------------------------------------------------------------------------------

    def _take_output(
        self, watched: Watched, job: facts.Job, pod: facts.Pod | None, terminated: facts.Terminated | None
    ) -> None:
        if pod is not None and watched.output == "stdout":
            self._read(self._read_stdout(watched, job, pod, terminated), watched)
        elif pod is None or terminated is None or not (terminated.message or "").strip():
            self._succeed(watched, dict(output.summary(job, terminated)))
        else:
            try:
                value = output.from_message(pod, terminated)
            except StateError as error:
                self.fail(watched, error.error, error.cause)
            else:
                self._succeed(watched, value)

    async def _read_stdout(
        self, watched: Watched, job: facts.Job, pod: facts.Pod, terminated: facts.Terminated | None
    ) -> None:
        problem = ""
        for delay in (*LOG_RETRY_SECONDS, None):
            try:
                line = await logs.last_line(self._api, watched.ref.namespace, pod.metadata.name, pod.main)
                value = output.from_line(pod, line) if line else dict(output.summary(job, terminated))
            except StateError as error:
                self.fail(watched, error.error, error.cause)
                return
            except NotFound as error:
                problem = error.message
                if not watched.gone:
                    # Its node may have been lost right after its end, so that Kubernetes makes another one, or has.
                    watched.without_log.add(pod.metadata.name)
                    watched.busy = None
                    self.consider(watched)
                    return
                break
            except ApiError as error:  # also of rights: somebody may be about to give them back
                problem = error.message
                if delay is not None:
                    await self._clock.sleep(delay)
            else:
                self._succeed(watched, value)
                return
        self.fail(
            watched,
            errors.OUTPUT_LOST,
            f"Pod {pod.metadata.name} has succeeded, but its log, which is the task's output, cannot be read: {problem}",
        )

    async def _look_closer(self, watched: Watched, job: facts.Job) -> None:
        """By what the server says of both: where etcd was restored, the copy of the Job may be one that had ended, and of
        its pods there are those that run anew."""
        try:
            stored = await self._calls.find(watched.ref, watched.name)
            listed = await self._calls.pods_of(watched.ref, job.metadata.uid)
        except Unavailable as error:
            self._log.warning("pods cannot be listed", **_who(watched), error=str(error))
            await self._clock.sleep(TICK_SECONDS)
            watched.busy = None
            self.consider(watched)
            return
        watched.busy = None
        gone = stored is None or stored.metadata.uid != job.metadata.uid
        if stored is not None and not gone:
            watched.job = stored
        self.consider(watched, gone=gone, listed=listed)

    async def _fail_with_log(
        self, watched: Watched, error: str, cause: str, pod: str, container: str
    ) -> None:
        self.fail(watched, error, cause + await logs.tail(self._api, watched.ref.namespace, pod, container))

    async def _give_up(self, watched: Watched, problem: verdict.Problem) -> None:
        if problem.patience:
            still = await self._what_persists(watched, problem)
            if still is None:
                return
            problem = still
        error, cause = problem.error, problem.cause
        if problem.look_at_events and watched.job is not None:
            told = await self._calls.creation_troubles(watched.ref.namespace, watched.job.metadata.uid)
            if told:
                cause = f"{cause} {told[-1]}"
                error = refusals.of_pod(told[-1]) or error
            if watched.problem is None:
                return  # a pod has come while the events were read
        if problem.patience:
            cause += f" (waited {watched.grace_ms / 1000:g} s; taskDefaults.pendingGraceSeconds)"
        watched.unwanted = True
        self.fail(watched, error, cause)

    async def _what_persists(self, watched: Watched, problem: verdict.Problem) -> verdict.Problem | None:
        """The trouble if it is there still, by what the server says now: a process that was stopped, or whose clock was
        set forward, has waited long without having heard anything; and of some pods no watch tells."""
        job = watched.job
        assert job is not None
        try:
            stored = await self._calls.find(watched.ref, watched.name)
            listed = await self._calls.pods_of(watched.ref, job.metadata.uid)
        except Unavailable as error:
            self._log.warning("pods cannot be listed", **_who(watched), error=str(error))
            watched.unheard = True
            return None
        if stored is None or stored.metadata.uid != job.metadata.uid:
            watched.busy = None
            self.consider(watched, gone=True)
            return None
        found = self._judge(watched, stored, listed, certain=False)
        now = found.problem if isinstance(found, verdict.Undecided) else None
        if now is None or now.error != problem.error:
            watched.problem = None if now is None else (now, self._clock.now())
            return None
        if watched.unheard:
            watched.unheard, watched.problem = False, (now, self._clock.now())
            return None
        return now

    def _succeed(self, watched: Watched, value: Json) -> None:
        self._end(watched, TaskSucceeded(watched.task, value))

    def fail(self, watched: Watched, error: str | None, cause: str | None) -> None:
        self._end(watched, TaskFailed(watched.task, error, cause))

    def _end(self, watched: Watched, result: TaskSucceeded | TaskFailed) -> None:
        if not self._is_watched(watched):
            return  # stopped while its end was being read
        watched.result = result
        watched.gone_pods.clear()
        self._troubled.pop(watched, None)
        if watched.job is not None:
            self._beginnings.over(watched.job.metadata.uid)
        self._log.info(
            "task ended",
            **_who(watched),
            job=watched.name,
            error=result.error if isinstance(result, TaskFailed) else None,
        )
        self._report(watched.ref.uid, result)

    def _is_watched(self, watched: Watched) -> bool:
        return self._watched.get((watched.ref.uid, watched.task)) is watched

    def _read(self, work: Coroutine[Any, Any, None], watched: Watched | None = None) -> None:
        """Do what needs requests beside the loop; ``watched`` is not judged again until it is done."""
        task = asyncio.create_task(self._guarded(work, watched))
        if watched is not None:
            watched.busy = task
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        task.add_done_callback(lambda _: work.close())  # cancelled before it began, it would never be awaited

    async def _guarded(self, work: Coroutine[Any, Any, None], watched: Watched | None) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - the next audit looks at the task again
            who = _who(watched) if watched is not None else {}
            self._log.exception("a Job could not be looked after", **who, error=str(error))
        finally:
            # It may have led to other work, or the task may have been stopped meanwhile.
            if watched is not None and watched.busy is asyncio.current_task():
                watched.busy = None


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
    """The pods, and those known of the task that are gone; none of which the output is known to be lost."""
    if not watched.gone_pods and not watched.without_log:
        return list(present)
    pods = {**watched.gone_pods, **{pod.metadata.name: pod for pod in present}}
    return [pod for name, pod in pods.items() if name not in watched.without_log]


def _name(ref: ExecutionRef) -> str:
    return f"{ref.namespace}/{ref.name}"


def _who(watched: Watched) -> dict[str, Any]:
    return {"execution": _name(watched.ref), "state": watched.state, "event_id": watched.task}


def _of_job(namespace: str, job_uid: str) -> str:
    """By what a Job's pods are found. Anybody may name a Job's uid in a pod of another namespace: that is none."""
    return f"{namespace}/{job_uid}"
