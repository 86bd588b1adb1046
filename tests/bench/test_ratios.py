"""When `make bench-check` fails, and what it compares with."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import ratios
from bench.goals import GOALS, Goal
from bench.ratios import Conditions, Ratios

AT_MOST = "one task, real node / bare Job"
AT_LEAST = "burst of 40, real node: rate / bare Jobs"
CONDITIONS = Conditions("2026-11-24", "2 cores", "Python 3.11")


@pytest.mark.parametrize(
    ("name", "recorded", "now", "problem"),
    [
        (AT_MOST, None, 0.6, ""),
        (AT_MOST, None, 0.61, "misses its goal"),
        (AT_MOST, 0.25, 0.32, ""),
        (AT_MOST, 0.25, 0.33, "worse than recorded"),
        (AT_MOST, 0.25, 0.01, ""),
        (AT_MOST, 0.55, 0.61, "misses its goal"),
        (AT_LEAST, None, 1.0, ""),
        (AT_LEAST, None, 0.99, "misses its goal"),
        (AT_LEAST, 2.0, 1.54, ""),
        (AT_LEAST, 2.0, 1.53, "worse than recorded"),
        (AT_LEAST, 2.0, 9.0, ""),
        (AT_LEAST, 1.1, 0.99, "misses its goal"),
    ],
)
def test_a_ratio_fails_where_it_misses_its_goal_or_is_worse_than_recorded(
    name: str, recorded: float | None, now: float, problem: str
) -> None:
    known = {} if recorded is None else {name: recorded}

    (verdict,) = ratios.compare({name: now}, known)

    assert problem == verdict.problem
    assert verdict.passed == (not problem)


def test_a_recorded_ratio_that_misses_its_goal_does_not_loosen_it() -> None:
    (verdict,) = ratios.compare({AT_MOST: 0.7}, {AT_MOST: 0.7})

    assert verdict.problem == "misses its goal"


def test_what_is_counted_may_hardly_grow() -> None:
    counted = GOALS["writes per one-task execution"]

    assert Goal("at most", 4.0, 0.05) == counted
    assert pytest.approx(counted.allowed(3.0)) == 3.15


def test_a_goal_that_a_run_gave_no_ratio_for_is_named() -> None:
    assert ratios.unmeasured(["replicas", "waiting"], {"100,000 waiting: idle CPU / 2 % of a core": 0.5}) == [
        "replicas: taken over from a dead one / 20 s",
        "100,000 waiting: resident memory / 2 GiB",
    ]


def test_a_ratio_without_a_goal_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'speed' has no goal in bench/goals\.py"):
        Ratios().note("speed", 1.0)


def test_recording_some_ratios_keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "recorded.json"

    ratios.record({AT_MOST: 0.25, AT_LEAST: 1.1}, CONDITIONS, path)
    ratios.record({AT_LEAST: 1.25678}, CONDITIONS, path)

    assert ratios.load(path) == {AT_MOST: 0.25, AT_LEAST: 1.2568}
    assert '"machine": "2 cores"' in path.read_text()


def test_nothing_recorded_yet_compares_with_goals_alone(tmp_path: Path) -> None:
    assert ratios.load(tmp_path / "none.json") == {}
