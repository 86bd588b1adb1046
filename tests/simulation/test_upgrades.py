"""Seeds with a rolling upgrade."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from tests.golden import earlier
from tests.simulation import preparing, seeds
from tests.simulation.rarities import Rarities
from tests.simulation.result import Result


def first(count: int) -> list[int]:
    """Seeds that have one."""
    numbers = range(1_000)
    return [number for number in numbers if Rarities.of(Random(f"rarities {number}")).upgrade][:count]


def played(numbers: list[int]) -> list[Result]:
    with preparing.prepared():
        return [seeds.play(number) for number in numbers]


def test_executions_go_on_through_upgrades_under_faults() -> None:
    if earlier.loaded(max(earlier.COMMITS)) is None:
        pytest.skip("the code of the version before is not in this checkout")
    found = played(first(8))
    rare: Counter[str] = sum((result.rare for result in found), Counter())
    assert [result.violations for result in found] == [[]] * len(found)
    assert sum(rare.values()) == len(found)
    assert len(rare) == 2, "none forth, or none back"


def test_where_the_version_before_is_not_to_be_had_the_summary_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(earlier, "loaded", lambda _: None)
    [result] = played(first(1))

    assert result.violations == []
    assert "rolling upgrades left out: the version before is not in this checkout" in result.rare
