"""How many Jobs without a pod keep Kubernetes' Job controller busy, and no more: extra ones only make the
next one wait.

The measure is how long Jobs wait for their pods. While pods come soon, the number grows by one whenever that
many have come; it halves when one comes late. Senders find their share of a network path in the same way (RFC
5681), here with delay in the place of loss.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 8
"""The Job controller works on five at a time; the rest covers the round trip to the API server."""
LEAST: Final = 2
"""One that Kubernetes works on, and one on its way."""
SOON_SECONDS: Final = 0.2
SOON_FACTOR: Final = 2.0
"""Or this many times the shortest wait: if that is long, waiting does not mean that other Jobs are ahead."""
FORGETS: Final = 0.001
"""The share by which the shortest wait moves towards each longer one: it may be out of date."""


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
        """A Job that was created at ``created`` (seconds of any clock) has its pod now, or has waited in vain
        until now."""
        waited = now - created
        if self._shortest is None or waited < self._shortest:
            self._shortest = waited
        else:
            self._shortest += FORGETS * (waited - self._shortest)
        if waited <= max(SOON_SECONDS, SOON_FACTOR * self._shortest):
            self._ahead = min(MOST, self._ahead + 1 / self._ahead)
        elif created >= self._halved:  # one that was created before says nothing about the time since
            self._ahead = max(LEAST, self._ahead / 2)
            self._halved = now
