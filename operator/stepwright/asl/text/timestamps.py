"""Moments as text and back: RFC 3339, as in AWS's events and as a Wait state accepts it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from stepwright.asl.signals import Millis

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTIONS: Final = tuple(f".{millis:03d}Z" for millis in range(1000))

# Wider fractions than a datetime holds are accepted and cut to milliseconds.
_RFC3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


def text(moment: Millis) -> str:
    """In UTC with milliseconds: ``2024-01-02T03:04:05.678Z``."""
    return _whole(moment // 1000) + _FRACTIONS[moment % 1000]


@lru_cache(maxsize=64)
def _whole(seconds: int) -> str:
    """Steps come close together: most share their second with the one before."""
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:-6]


def parse(timestamp: str) -> Millis | None:
    """None if it is not a date-time with an offset, or names an instant that does not exist."""
    match = _RFC3339.fullmatch(timestamp)
    if match is None:
        return None
    date, time, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(f"{date}T{time}{'+00:00' if zone in 'Zz' else zone}")
    except ValueError:
        return None
    millis = (moment - _EPOCH) // timedelta(milliseconds=1)
    return Millis(millis + int((fraction or "0")[:3].ljust(3, "0")))
