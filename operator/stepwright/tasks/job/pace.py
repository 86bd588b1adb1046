"""How many Jobs without a pod keep Kubernetes' Job controller busy, and no more: what is beyond that only makes the next wait.

How long Jobs wait for their pods tells. The number grows by one in the time in which as many pods have come, while they come
soon; it halves when one comes late. That is how senders find their share of a network's path (RFC 5681), with the delay in
the place of loss.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 8
"""The Job controller works on five at a time; the rest bridges the way to the API server and back."""
LEAST: Final = 2
"""One that Kubernetes works on, and one on its way."""
SOON_SECONDS: Final = 0.2
SOON_FACTOR: Final = 2.0
"""Or this many times the shortest wait: where that is long, waiting is not a sign of Jobs that stand before."""
FORGETS: Final = 0.001
"""Share by which the shortest wait moves towards each longer one: it may be no longer true."""


class Pace:
    def __init__(self) -> None:
        self._ahead = float(MOST)
        self._shortest: float | None = None
        self._halved = float("-inf")

    @property
    def ahead(self) -> int:
        """How many, from ``LEAST`` to ``MOST``."""
        return int(self._ahead)

    def pod_came(self, created: float, now: float) -> None:
        """A Job that was created then, in seconds of any clock, has its pod now, or has waited until now for none."""
        waited = now - created
        if self._shortest is None or waited < self._shortest:
            self._shortest = waited
        else:
            self._shortest += FORGETS * (waited - self._shortest)
        if waited <= max(SOON_SECONDS, SOON_FACTOR * self._shortest):
            self._ahead = min(MOST, self._ahead + 1 / self._ahead)
        elif created >= self._halved:  # what was created before says nothing about how it is since
            self._ahead = max(LEAST, self._ahead / 2)
            self._halved = now
