"""Judges tasks by their Jobs and pods, and sees to what follows from the verdict: their results are read and reported, and
what keeps them from running is watched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis, TaskFailed, TaskSucceeded
from stepwright.engine.ports import Clock, Report, Uid, Unavailable
from stepwright.kube.api import Api
from stepwright.tasks.accounts import Accounts
from stepwright.tasks.job import facts, verdict
from stepwright.tasks.job.beginnings import Beginnings
from stepwright.tasks.job.copies import Copies
from stepwright.tasks.job.errands import Errands
from stepwright.tasks.job.outputs import Outputs
from stepwright.tasks.job.requests import Calls
from stepwright.tasks.job.troubles import Troubles
from stepwright.tasks.job.watched import Watched, WatchedTasks

RETRY_SECONDS: Final = 1.0


class Judging:
    """Of ``tasks``, and of no others: one that was stopped while something was read for it has no end."""

    def __init__(
        self,
        api: Api,
        accounts: Accounts,
        calls: Calls,
        tasks: WatchedTasks,
        copies: Copies,
        beginnings: Beginnings,
        errands: Errands,
        report: Report,
        clock: Clock,
        log: Any,
        held: Callable[[Uid], bool],
    ) -> None:
        self._calls = calls
        self._tasks = tasks
        self._copies = copies
        self._beginnings = beginnings
        self._errands = errands
        self._report = report
        self._clock = clock
        self._log = log
        self._outputs = Outputs(api, accounts, self, errands, clock)
        self._troubles = Troubles(calls, self, errands, clock, log, held)

    def consider(
        self, watched: Watched, *, gone: bool = False, listed: Sequence[facts.Pod] | None = None
    ) -> None:
        """Judge it by everything known now, and act on it; not while something is being read for it. ``listed``: the
        server's latest answer about its pods, instead of what the watch reported."""
        job = watched.open_job
        watched.gone = watched.gone or gone
        if job is None or watched not in self._tasks:
            return
        match self._verdict(watched, job, listed, certain=listed is not None or gone, gone=gone):
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

    def look(self, now: Millis) -> None:
        """Look whether what keeps some from running has lasted too long."""
        self._troubles.look(now)

    def forget(self, watched: Watched) -> None:
        """Nothing is to be found out about it any more."""
        self._troubles.forget(watched)
        if watched.job is not None:
            self._beginnings.over(watched.job.metadata.uid)

    # --- What outputs and troubles ask for --------------------------------------------------------------------------

    def judge(self, watched: Watched, job: facts.Job, listed: Sequence[facts.Pod]) -> verdict.Verdict:
        """By what the server has just answered about both."""
        return self._verdict(watched, job, listed, certain=False, gone=False)

    def succeed(self, watched: Watched, value: Json) -> None:
        self._end(watched, TaskSucceeded(watched.task, value))

    def fail(self, watched: Watched, error: str | None, cause: str | None) -> None:
        self._end(watched, TaskFailed(watched.task, error, cause))

    # --- Parts ------------------------------------------------------------------------------------------------------

    def _verdict(
        self,
        watched: Watched,
        job: facts.Job,
        listed: Sequence[facts.Pod] | None,
        *,
        certain: bool,
        gone: bool,
    ) -> verdict.Verdict:
        pods = watched.with_gone(self._copies.pods_of(job, listed))
        own, foreign = self._copies.told_apart(job, pods)
        return verdict_on(watched, job, own, foreign, certain=certain, gone=gone)

    async def _look_closer(self, watched: Watched, job: facts.Job) -> None:
        """Judge by the server's answer about both: if etcd was restored, the copy may show an ended Job while
        its pods are running again."""
        try:
            stored = await self._calls.find(watched.ref, watched.name)
            listed = await self._calls.pods_of(watched.ref, job.metadata.uid)
        except Unavailable as error:
            self._log.warning("pods cannot be listed", **watched.who, error=str(error))
            await self._clock.sleep(RETRY_SECONDS)
            watched.busy = None
            self.consider(watched)
            return
        watched.busy = None
        gone = stored is None or stored.metadata.uid != job.metadata.uid
        if stored is not None and not gone:
            watched.job = stored
        self.consider(watched, gone=gone, listed=listed)

    def _end(self, watched: Watched, result: TaskSucceeded | TaskFailed) -> None:
        if watched not in self._tasks:
            return  # stopped while its end was being read
        watched.result = result
        self._copies.forget(watched.gone_pods.values())
        watched.gone_pods.clear()
        self.forget(watched)
        self._log.info(
            "task ended",
            **watched.who,
            job=watched.name,
            error=result.error if isinstance(result, TaskFailed) else None,
        )
        self._report(watched.ref.uid, result)


def verdict_on(
    watched: Watched,
    job: facts.Job,
    own: Sequence[facts.Pod],
    foreign: Sequence[facts.Pod],
    *,
    certain: bool,
    gone: bool,
) -> verdict.Verdict:
    """``verdict.judge``, given how the task's Job was made, what the task's result is, and whether the Job is ``gone``."""
    found = verdict.judge(
        job.with_parallelism(watched.parallelism),
        own,
        pods_certain=certain,
        foreign=foreign,
        all_told=watched.from_its_creation,
        finished=watched.output == "job",
    )
    if isinstance(found, verdict.Succeeded) and job.completions != watched.completions:
        found = verdict.shortened(job, watched.completions)
    return verdict.of_what_is_gone(watched.name, found) if gone else found
