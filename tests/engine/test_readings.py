"""Time that has passed is believed only where the clocks agree."""

from __future__ import annotations

from math import inf

import pytest

from stepwright.engine import readings
from stepwright.engine.readings import Readings

BEFORE = Readings(100.0, 200.0, 1_767_225_600.0)


@pytest.mark.parametrize(
    ("after", "passed"),
    [
        pytest.param((5, 5, 5), 5, id="they agree"),
        pytest.param((5, 5, 5.8), 5.8, id="the wall clock is a little ahead"),
        pytest.param((5, 5, 4.2), 5, id="the wall clock is a little behind"),
        pytest.param((0.1, 40, 40), inf, id="a laptop slept"),
        pytest.param((0.1, 0.1, 40), inf, id="a virtual machine was paused"),
        pytest.param((5, 5, 3605), inf, id="somebody has set the wall clock forward"),
        pytest.param((5, 5, -3595), inf, id="somebody has set the wall clock back"),
    ],
)
def test_the_time_that_has_passed(after: tuple[float, float, float], passed: float) -> None:
    later = Readings(*(was + by for was, by in zip(BEFORE, after, strict=True)))

    assert readings.passed(BEFORE, later) == pytest.approx(passed)


def test_the_clocks_of_this_machine_agree() -> None:
    assert readings.passed(readings.read(), readings.read()) < readings.AGREE_WITHIN_SECONDS
