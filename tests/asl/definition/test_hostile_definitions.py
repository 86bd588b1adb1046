"""What a definition costs to check grows with its length, whatever it is made of."""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from stepwright.asl.definition import check
from stepwright.asl.definition.problems import MOST, TOO_MANY
from tests.asl.hostile_texts import FAMILIES

SMALL = 2_500
LARGE = 8 * SMALL
FLOOR_SECONDS = 0.002


def _calls(text: str) -> int:
    """How many functions are called, Python's own among them."""
    count = 0

    def note(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        check(text)
    finally:
        sys.setprofile(None)
    return count


def _seconds(text: str) -> float:
    """Of the processor, which others on it do not lengthen."""
    start = time.process_time()
    check(text)
    return time.process_time() - start


@pytest.fixture
def no_collections() -> Iterator[None]:
    """They come when they like, and take as long as everything else together."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collections")
@pytest.mark.parametrize("text", FAMILIES.values(), ids=FAMILIES.keys())
def test_a_text_of_eight_times_the_length_costs_about_eight_times_as_much(text: Callable[[int], str]) -> None:
    """Quadratic would be 64 times. What runs inside of one call (a regular expression) shows in the time alone."""
    small, large = text(SMALL), text(LARGE)

    assert _calls(large) <= 12 * _calls(small) + 5_000
    allowed = 32 * max(_seconds(small), FLOOR_SECONDS)
    assert any(_seconds(large) <= allowed for _ in range(3))


@pytest.mark.parametrize("name", [name for name in FAMILIES if "long" in name or "each other" in name])
def test_memory_is_in_proportion_to_the_text(name: str) -> None:
    text = FAMILIES[name](100_000)
    tracemalloc.start()
    try:
        check(text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 250 * len(text) + 1_000_000


def test_beyond_some_hundred_findings_it_is_only_said_that_there_are_more() -> None:
    states = ",".join(f'"s{i}":{{}}' for i in range(5_000))
    found = check('{"StartAt":"s0","States":{' + states + "}}")

    assert len(found) == MOST + 1
    assert str(found[-1]) == f"ERROR {TOO_MANY}: and at least 9799 more at / (line 1, column 1)"


def test_a_key_that_comes_very_often_is_told_some_hundred_times() -> None:
    members = ",\n".join('"s":{"Type":"Succeed"}' for _ in range(5_000))
    found = check('{"StartAt":"s","States":{' + members + "}}")

    assert len(found) == MOST + 1
    assert (found[0].code, found[0].line) == ("DUPLICATE_KEY", 5_000)
    assert found[-1].message == "and at least 4799 more"


def test_warnings_leave_room_for_errors() -> None:
    paths = ",".join(f'"p{i}":"$.a"' for i in range(1_000))
    text = '{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{' + paths + '},"Ende":true}}}'

    found = check(text)

    assert "Field 'Ende' is not supported; did you mean 'End'?" in [each.message for each in found]


def test_a_place_under_very_long_names_is_told_by_their_beginnings() -> None:
    name = "n" * 5_000
    found = check('{"StartAt":"A","States":{"' + name + '":{"Type":"Nothing"}}}')

    assert all(len(each.pointer) < 300 for each in found)
    assert all(len(each.message) < 2_100 for each in found)
