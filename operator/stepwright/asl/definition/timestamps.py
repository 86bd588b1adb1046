"""RFC 3339 timestamps as AWS takes them: a capital T between date and time, a zone, and an instant that exists."""

from __future__ import annotations

import re
from datetime import datetime

_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def is_valid(text: str) -> bool:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return False
    date, time, zone = match.groups()
    try:
        datetime.fromisoformat(f"{date}T{time}{'+00:00' if zone == 'Z' else zone}")
    except ValueError:
        return False
    return True
