"""Tasks that something keeps from running: no pod, an image that cannot be pulled, no node that fits. Each
has a grace period, in which the trouble may pass; trouble that will not pass fails the task at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from stepwright.asl.signals import Millis
from stepwright.engine.ports import Clock, Uid, Unavailable
from stepwright.tasks.job import errors, facts, refusals, verdict
from stepwright.tasks.job.errands import Errands
from stepwright.tasks.job.problems import Problem
from stepwright.tasks.job.requests import Calls
from stepwright.tasks.job.watched import Watched

PODLESS_SECONDS: Final = 3.0
"""How long a Job may be without a pod before the reason is looked up: its controller needs a moment, and more
in a burst."""
ASKED_EVERY_SECONDS: Final = 15.0


class Judge(Protocol):
    def judge(self, watched: Watched, job: facts.Job, listed: list[facts.Pod]) -> verdict.Verdict:
        """By what the server has just answered about both."""

    def consider(self, watched: Watched, *, gone: bool = False) -> None:
        """Judge it, and act on the verdict."""

    def fail(self, watched: Watched, error: str | None, cause: str | None) -> None: ...


class Troubles:
    def __init__(
        self,
        calls: Calls,
        judge: Judge,
        errands: Errands,
        clock: Clock,
        log: Any,
        held: Callable[[Uid], bool],
    ) -> None:
        self._calls = calls
        self._judge = judge
        self._errands = errands
        self._clock = clock
        self._log = log
        self._held = held
        self._troubled: dict[Watched, None] = {}  # a set, but in the order of their troubles
        self._asked: dict[str, Millis] = {}
        self._unheard_until = Millis(0)
        """Until then the API server did not answer, as far as is known, so what a task waits for could not
        come either."""

    def __len__(self) -> int:
        return len(self._troubled)

    def forget(self, watched: Watched) -> None:
        self._troubled.pop(watched, None)

    def note(self, watched: Watched, problem: Problem | None) -> None:
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
            self._errands.run(self._give_up(watched, problem), watched)

    def look(self, now: Millis) -> None:
        """Look for tasks whose grace period is over, and for those that lack a pod for a reason."""
        self._listen(now)
        podless: set[str] = set()
        for watched in list(self._troubled):
            if watched.problem is None or watched.result is not None:
                self._troubled.pop(watched, None)
            elif self._has_waited(watched, now) and watched.open_job is not None:
                self._errands.run(self._give_up(watched, watched.problem[0]), watched)
            elif watched.problem[0].look_at_events and now - watched.problem[1] >= PODLESS_SECONDS * 1000:
                podless.add(watched.ref.namespace)
        self._ask_why(podless, now)

    def _listen(self, now: Millis) -> None:
        """An operator that cannot renew its Lease holds nothing. One task stands for all: some that belong to
        others by now, and are about to be released, only add patience."""
        waiting = next(iter(self._troubled), None)
        if waiting is not None and not self._held(waiting.ref.uid):
            self._unheard_until = now

    def _has_waited(self, watched: Watched, now: Millis) -> bool:
        """Whether a task's trouble has lasted through its grace period, not counting time in which it could
        not end."""
        assert watched.problem is not None
        return now - max(watched.problem[1], self._unheard_until) >= watched.grace_ms

    def _ask_why(self, namespaces: Iterable[str], now: Millis) -> None:
        """Jobs without a pod have waited in these. One list reports all that are in a namespace, at most this
        often: listing many events is expensive."""
        for namespace, asked in list(self._asked.items()):
            if now - asked >= ASKED_EVERY_SECONDS * 1000:
                del self._asked[namespace]
        for namespace in sorted(namespaces):
            if namespace not in self._asked:
                self._asked[namespace] = now
                self._errands.run(self._fail_refused(namespace))

    async def _fail_refused(self, namespace: str) -> None:
        """Fail the tasks whose pods are refused forever, however long they may wait for other things."""
        told = await self._calls.all_creation_troubles(namespace)
        for watched in list(self._troubled):
            job = watched.open_job
            if watched.ref.namespace != namespace or job is None:
                continue
            said = told.get(job.metadata.uid, "")
            waits = watched.problem is not None and watched.problem[0].look_at_events
            if waits and refusals.of_pod(said) == errors.REFUSED:
                watched.unwanted = True
                self._judge.fail(watched, errors.REFUSED, refusals.pod_security(said))

    async def _give_up(self, watched: Watched, problem: Problem) -> None:
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
        self._judge.fail(watched, error, cause)

    async def _what_persists(self, watched: Watched, problem: Problem) -> Problem | None:
        """The trouble, if it persists according to the server: a process that was stopped, or whose clock was
        set forward, has waited long without hearing anything; and some pods no watch reports."""
        job = watched.job
        assert job is not None
        try:
            stored = await self._calls.find(watched.ref, watched.name)
            listed = await self._calls.pods_of(watched.ref, job.metadata.uid)
        except Unavailable as error:
            self._log.warning("pods cannot be listed", **watched.who, error=str(error))
            watched.unheard = True
            return None
        if stored is None or stored.metadata.uid != job.metadata.uid:
            watched.busy = None
            self._judge.consider(watched, gone=True)
            return None
        found = self._judge.judge(watched, stored, listed)
        now = found.problem if isinstance(found, verdict.Undecided) else None
        if now is None or now.error != problem.error:
            watched.problem = None if now is None else (now, self._clock.now())
            return None
        if watched.unheard:
            watched.unheard, watched.problem = False, (now, self._clock.now())
            return None
        return now
