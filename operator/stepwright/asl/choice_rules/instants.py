"""Timestamps as the language takes them: RFC 3339 with ``T`` and with ``Z`` or an offset.

Compared as instants, so that the same moment in two time zones is equal, to the nanosecond.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TypeAlias

Instant: TypeAlias = tuple[int, int]
"""Seconds since 1970 in UTC, and nanoseconds. Tuples compare as the moments do."""

_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_EPOCH = date(1970, 1, 1).toordinal()


def parse(text: str) -> Instant | None:
    """The instant that a text names, or None if it is not a timestamp."""
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(number) for number in found.groups()[:6])
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    offset = 0
    if found[8]:
        hours, minutes = int(found[9]), int(found[10])
        if hours > 18 or minutes > 59:
            return None
        offset = (hours * 3600 + minutes * 60) * (1 if found[8] == "+" else -1)
    seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset
    return seconds, int((found[7] or "0").ljust(9, "0"))
