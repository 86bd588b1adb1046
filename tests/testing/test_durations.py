"""Spans of time as people write them in tests."""

from __future__ import annotations

import pytest

from stepwright.testing import durations


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("3 days", 259_200),
        ("3 d", 259_200),
        ("1 day", 86_400),
        ("2 weeks", 1_209_600),
        ("1 h 30 min", 5_400),
        ("1 hour and 30 minutes", 5_400),
        ("1 hour, 5 seconds", 3_605),
        ("0.5s", 0.5),
        (90, 90),
        ("", None),
        ("3 fortnights", None),
        ("3 dayss", None),
        ("1 h30 min", None),
        (True, None),
        (-1, None),
    ],
)
def test_a_span_is_read(given: object, seconds: float | None) -> None:
    assert durations.seconds(given) == seconds
