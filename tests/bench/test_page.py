"""The table of goals in docs/performance.md."""

from __future__ import annotations

from bench import page, ratios
from bench.goals import GOALS


def test_the_page_says_what_is_recorded() -> None:
    written = page.PAGE.read_text()

    assert page.with_goals(written) == written, "run `uv run python -m bench.page`"


def test_whatever_is_recorded_is_a_goal() -> None:
    """The ratio of a goal that was given another name would never be compared again."""
    assert [name for name in ratios.load() if name not in GOALS] == []


def test_every_goal_is_on_the_page() -> None:
    written = page.PAGE.read_text()

    assert [name for name in GOALS if f"| {name} " not in written] == []
