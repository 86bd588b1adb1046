"""How many lines a second each namespace may have in the operator's log, which is everybody's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

BURST_SECONDS: Final = 10.0
"""How many seconds' worth a namespace that was silent may write at once."""
MOST_REMEMBERED: Final = 1_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    refused: int = 0


class LogAllowance:
    def __init__(self, lines_per_second: float, monotonic: Callable[[], float]) -> None:
        self._rate = lines_per_second
        self._most = lines_per_second * BURST_SECONDS
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def take(self, namespace: str) -> tuple[bool, int]:
        """Whether a line of this namespace may be written now, and how many could not be since the last one."""
        now = self._monotonic()
        bucket = self._buckets.get(namespace)
        if bucket is None:
            self._forget(now)
            bucket = self._buckets[namespace] = _Bucket(self._most, now)
        bucket.left = min(self._most, bucket.left + (now - bucket.at) * self._rate)
        bucket.at = now
        if bucket.left < 1:
            bucket.refused += 1
            return False, 0
        bucket.left -= 1
        refused, bucket.refused = bucket.refused, 0
        return True, refused

    def _forget(self, now: float) -> None:
        """Forget those that have their full allowance again."""
        if len(self._buckets) >= MOST_REMEMBERED:
            self._buckets = {
                namespace: bucket
                for namespace, bucket in self._buckets.items()
                if bucket.refused or now - bucket.at < BURST_SECONDS
            }
