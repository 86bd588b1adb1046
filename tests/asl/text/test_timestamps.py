"""Moments as text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.signals import Millis
from stepwright.asl.text import timestamps


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -1),
        ("2024-02-29T12:00:00.5Z", 1_709_208_000_500),
        ("2024-02-29T14:30:00+02:30", 1_709_208_000_000),
        ("2024-02-29T12:00:00.123999999Z", 1_709_208_000_123),
        ("2024-02-29t12:00:00z", 1_709_208_000_000),
    ],
)
def test_what_is_a_timestamp(text: str, millis: int) -> None:
    assert timestamps.parse(text) == millis


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-02-30T12:00:00Z",
        "2023-02-29T12:00:00Z",
        "2024-02-29T12:00:00",
        "2024-02-29 12:00:00Z",
        "2024-02-29T12:00Z",
        "2024-02-29T25:00:00Z",
        "05-12-2016T21:29:29Z",
        "2024-02-29T12:00:00+0230",
        "2024-02-29T12:00:00.Z",
        "٢٠٢٤-02-29T12:00:00Z",
    ],
)
def test_what_is_none(text: str) -> None:
    assert timestamps.parse(text) is None


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_there_and_back(millis: int) -> None:
    assert timestamps.parse(timestamps.text(Millis(millis))) == millis
