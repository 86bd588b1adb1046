"""JSON texts: exact both ways, and every refusal with its place."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson, TooDeep

CHARACTERS = st.characters(exclude_categories=["Cs"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**200), max_value=2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(CHARACTERS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(CHARACTERS), inner, max_size=4),
    max_leaves=20,
)


def same_to_the_type(left: Any, right: Any) -> bool:
    return repr(left) == repr(right)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"b":[1.0,2]}',
        "0.0",
        "-0.0",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        '"é漢😀"',
        '{"z":1,"a":2}',
        "[]",
        "null",
    ],
)
def test_a_compact_text_comes_back_unchanged(text: str) -> None:
    assert jsontext.dump(jsontext.parse(text)) == text


def test_whole_floats_stay_floats() -> None:
    assert same_to_the_type(jsontext.parse("[1.0, 1, 1e2]"), [1.0, 1, 100.0])


def test_the_last_of_two_equal_keys_counts() -> None:
    assert jsontext.parse('{"a": 1, "a": 2}') == {"a": 2}


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "the text is empty", 1, 1),
        ("[1,\n 2,\n x]", "invalid character", 3, 2),
        ('{"a": 1,}', "trailing comma in object", 1, 9),
        ("[1, 2", "the text ends in the middle of a value", 1, 6),
        ("NaN", "invalid character", 1, 1),
        ("[-Infinity]", "invalid character", 1, 3),
        ("1e400", "a number is too large for a floating point number", 1, 1),
        ("9" * 4301, "an integer has more than 4300 digits", 1, 1),
        (r'["é", "\ud800"]', "half of a surrogate pair is not a character", 1, 8),
        ('"\ud800"', "half of a surrogate pair is not a character", 1, 2),
        ("1 2", "trailing characters", 1, 3),
    ],
)
def test_a_refusal_says_what_and_where(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(InvalidJson) as caught:
        jsontext.parse(text)

    assert (message, line, column) == (caught.value.message, caught.value.line, caught.value.column)


@pytest.mark.parametrize("text", ["[" * 10_000 + "]" * 10_000, "[" * 10_000, '{"a":' * 10_000])
def test_ten_thousand_levels_are_refused(text: str) -> None:
    with pytest.raises(TooDeep, match="the text nests 10000 levels deep, 400 are allowed"):
        jsontext.parse(text)


def test_levels_are_counted_from_the_first_bracket_to_the_last_however_many_there_are() -> None:
    text = '["[",' + "[" * 20_000 + "]" * 10_000 + "[" * 30_000

    with pytest.raises(TooDeep, match="the text nests 40001 levels deep, 400 are allowed"):
        jsontext.parse(text)


def test_exactly_as_many_levels_as_allowed_are_accepted() -> None:
    assert jsontext.parse("[" * 5 + "]" * 5, max_depth=5) == [[[[[]]]]]
    with pytest.raises(TooDeep):
        jsontext.parse("[" * 6 + "]" * 6, max_depth=5)
    with pytest.raises(TooDeep):
        jsontext.parse('[{"a":' * 3 + "1" + "}]" * 3, max_depth=5)


def test_brackets_in_strings_are_no_levels() -> None:
    assert jsontext.parse('["' + "[{" * 1000 + '"]') == ["[{" * 1000]


def test_a_value_too_deep_to_be_read_again_is_not_written() -> None:
    value: Any = []
    for _ in range(401):
        value = [value]

    with pytest.raises(TooDeep):
        jsontext.dump(value)


def test_many_shallow_items_are_not_deep() -> None:
    text = "[" + ",".join(['{"a":[1]}'] * 1000) + "]"

    assert jsontext.dump(jsontext.parse(text)) == text


def test_a_second_equal_key_is_refused_on_demand() -> None:
    with pytest.raises(InvalidJson, match="the key 'a' occurs twice in one object at line 2, column 2"):
        jsontext.parse('{"a": 1,\n "a": 2}', refuse_duplicates=True)


def test_a_text_over_the_size_limit_is_refused() -> None:
    assert jsontext.parse('"éé"', max_bytes=6) == "éé"
    with pytest.raises(InvalidJson, match="the text is 6 bytes long, 5 are allowed"):
        jsontext.parse('"éé"', max_bytes=5)


def test_sizes_count_bytes_not_characters() -> None:
    assert [jsontext.size_bytes(text) for text in ("abc", "é", "😀")] == [3, 2, 4]


@pytest.mark.parametrize("value", ["\ud800", 10**5000], ids=["lone surrogate", "too many digits"])
def test_a_value_without_json_text_is_refused(value: Any) -> None:
    with pytest.raises(InvalidJson, match="the value cannot be written as JSON"):
        jsontext.dump(value)


@given(VALUES)
def test_every_value_survives_being_written_and_read(value: Any) -> None:
    assert same_to_the_type(jsontext.parse(jsontext.dump(value)), value)


@given(VALUES)
def test_what_pythons_own_reader_reads_is_read_the_same(value: Any) -> None:
    assert same_to_the_type(jsontext.parse(json.dumps(value)), json.loads(json.dumps(value)))


@given(st.text() | st.text('[]{}",:0123456789.eE+-truefalsn\\ud8 '))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        jsontext.parse(text, max_depth=3, refuse_duplicates=True)
    except InvalidJson as error:
        assert error.line >= 1
        assert error.column >= 1


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidJson):
        jsontext.parse(data)
