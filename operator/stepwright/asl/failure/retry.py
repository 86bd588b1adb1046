"""Retry: whether a failed state is tried again, and after which delay.

Source: https://states-language.net/spec.html#retrying-after-error. Retriers are checked in order; the first
whose ErrorEquals matches decides, even if its attempts are used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final

from msgspec import Struct

from stepwright.asl.failure import matching
from stepwright.asl.failure.matching import Failure
from stepwright.asl.machine import Retrier
from stepwright.asl.signals import Millis

# AWS's maximum of MaxDelaySeconds is a year; an unbounded doubling delay would exceed every clock's range.
LONGEST_DELAY_SECONDS: Final = 31_622_400


class Again(Struct, frozen=True):
    """Try again at ``due``; ``retries`` counts this try, too."""

    due: Millis
    retries: tuple[int, ...]


def decide(
    retriers: Sequence[Retrier], retries: tuple[int, ...], failure: Failure, now: Millis, random: Random
) -> Again | None:
    """``retries``: how often each retrier has been used in this visit; shorter than ``retriers`` before its first."""
    for position, retrier in enumerate(retriers):
        if matching.matches(retrier.error_equals, failure):
            used = retries[position] if position < len(retries) else 0
            if used >= retrier.max_attempts:
                return None
            counts = list(retries) + [0] * (len(retriers) - len(retries))
            counts[position] += 1
            return Again(Millis(now + delay_millis(retrier, used, random)), tuple(counts))
    return None


def delay_millis(retrier: Retrier, used: int, random: Random) -> int:
    """IntervalSeconds, times BackoffRate for each use before, at most MaxDelaySeconds; FULL jitter takes any delay
    from none to that."""
    longest = retrier.max_delay_seconds if retrier.max_delay_seconds is not None else LONGEST_DELAY_SECONDS
    try:
        seconds = min(retrier.interval_seconds * retrier.backoff_rate**used, longest)
    except OverflowError:
        seconds = longest
    if retrier.jitter == "FULL":
        seconds *= random.uniform(0, 1)
    return round(seconds * 1000)
