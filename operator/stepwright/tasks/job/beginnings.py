"""How many new Jobs Kubernetes is given at once, fair among namespaces.

Kubernetes creates the pods of Jobs in the order of the Jobs, whoever owns them. Of ten thousand Jobs created
at once the last gets its pod minutes later, and so does the next Job of anybody else. So only a few are
created ahead of their pods; the others wait here, where each namespace has its turn.

While one namespace is alone, a few extra Jobs cost nobody anything. While others ask, too, there are only as
many as keep the Job controller busy (``pace``).

Where Jobs get no pods (a quota is used up, an account is missing, a webhook refuses) their turns end after a while. Such a
namespace must not take turn after turn from those whose Jobs do: until one of its Jobs gets a pod, it and all others of its
kind share one turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final, NamedTuple

from stepwright.engine.turns import Ring
from stepwright.tasks.job.pace import MOST, Pace

SPARE: Final = 1
"""Turns beyond those that one namespace may have: another namespace finds one even while the Jobs of the
first wait in vain."""

CONTENDED_SECONDS: Final = 60.0
"""How long after another namespace asked for a turn those with many turns leave room for the next
newcomer."""

LONGEST_SECONDS: Final = 5.0
"""After this a Job no longer counts, and its namespace is one whose Jobs get no pods. The Job controller may
be away, which must not hold up everybody for long."""

PODLESS_SECONDS: Final = 1.0
"""The same for the next Job of such a namespace. Many may share that turn, and the obstacle may have gone."""


class _Begun(NamedTuple):
    namespace: str
    created: float
    timer: asyncio.TimerHandle


class Beginnings:
    """Turns at being a Job without a pod. ``await turn(...)`` is followed by ``created`` or ``not_created``;
    a created Job holds its turn until a pod of it is seen, it is ``over``, or its time is up."""

    def __init__(self) -> None:
        self._pace = Pace()
        self._asked_last: str | None = None
        self._contended_until = 0.0
        self._taken: Counter[str] = Counter()
        """Turns by namespace: Jobs that are being created and those without a pod."""
        self._ring = Ring()
        self._without_pod: dict[str, _Begun] = {}
        """By the Job's uid."""
        self._podless: set[str] = set()
        """Namespaces whose Jobs got no pods when last seen."""

    async def turn(self, namespace: str) -> None:
        """Wait until a Job may be created there."""
        loop = asyncio.get_running_loop()
        if namespace != self._asked_last:
            if self._asked_last is not None:
                self._contended_until = loop.time() + CONTENDED_SECONDS
            self._asked_last = namespace
        if not self._ring and self._may_have_one(namespace, self._each()):
            self._taken[namespace] += 1
            return
        granted = self._ring.join(namespace)
        self._grant()
        await self._ring.until(granted, lambda: self._give_back(namespace))

    def not_created(self, namespace: str) -> None:
        self._give_back(namespace)

    def created(self, namespace: str, job_uid: str) -> None:
        seconds = PODLESS_SECONDS if namespace in self._podless else LONGEST_SECONDS
        loop = asyncio.get_running_loop()
        timer = loop.call_later(seconds, self._overdue, job_uid)
        self._without_pod[job_uid] = _Begun(namespace, loop.time(), timer)

    def pod_seen(self, namespace: str, job_uid: str) -> None:
        """A pod of this Job is new, whether or not the Job holds a turn."""
        begun = self._without_pod.get(job_uid)
        if begun is not None and begun.namespace == namespace:  # elsewhere anybody may name a Job in a pod
            self._pace.pod_came(begun.created, asyncio.get_running_loop().time())
            self.over(job_uid)
        if namespace in self._podless:
            self._podless.remove(namespace)
            self._grant()

    def over(self, job_uid: str) -> None:
        """The Job no longer needs a pod, or not now."""
        begun = self._without_pod.pop(job_uid, None)
        if begun is not None:
            begun.timer.cancel()
            self._give_back(begun.namespace)

    def _overdue(self, job_uid: str) -> None:
        self._podless.add(self._without_pod[job_uid].namespace)
        self.over(job_uid)

    def _give_back(self, namespace: str) -> None:
        self._taken[namespace] -= 1
        if not self._taken[namespace]:
            del self._taken[namespace]
        self._grant()

    def _grant(self) -> None:
        """Hand out free turns, round by round, to the namespaces that may have more."""
        each = self._each()
        while (served := self._ring.serve(lambda namespace: self._may_have_one(namespace, each))) is not None:
            self._taken[served] += 1

    def _each(self) -> int:
        """How many one namespace may have."""
        contended = asyncio.get_running_loop().time() < self._contended_until
        return self._pace.ahead if contended else MOST

    def _may_have_one(self, namespace: str, each: int) -> bool:
        if self._taken.total() >= each + SPARE:
            return False
        if namespace in self._podless:
            return not any(other in self._podless for other in self._taken)
        return self._taken[namespace] < each
