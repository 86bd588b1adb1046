"""The items that a Map's ItemReader finds in the content of a file."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.failure.errors import StateError
from stepwright.asl.map_data.reading import items

CSV = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
GIVEN = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["b", "a"]}
JSONL = {"InputType": "JSONL"}
JSON = {"InputType": "JSON"}


def cause(config: dict[str, Any], content: str) -> str | None:
    with pytest.raises(StateError) as failed:
        items(config, content)
    assert failed.value.error == "States.ItemReaderFailed"
    return failed.value.cause


@pytest.mark.parametrize(
    ("config", "content", "expected"),
    [
        pytest.param(CSV, "a,b\n1,2\n", [{"a": "1", "b": "2"}], id="the first row has the headers"),
        pytest.param(GIVEN, "1,2\n", [{"a": "2", "b": "1"}], id="headers are given"),
        pytest.param(CSV, "a,b\n1\n", [{"a": "1", "b": ""}], id="a short row is filled up"),
        pytest.param(CSV, "a,b\n1,2,3\n", [{"a": "1", "b": "2"}], id="what is beyond the headers is dropped"),
        pytest.param(CSV, "a,\n1,2\n", [{"": "2", "a": "1"}], id="a header may be empty"),
        pytest.param(CSV, "a\n\n1\n", [{"a": "1"}], id="an empty line is not a row"),
        pytest.param(CSV, "a\n  \n", [{"a": "  "}], id="a line of blanks is a row"),
        pytest.param(CSV, 'a,b\n"1\n2","3""4"\n', [{"a": "1\n2", "b": '3"4'}], id="quoted texts"),
        pytest.param(CSV, "a\r\n1\r\n", [{"a": "1"}], id="lines of Windows"),
        pytest.param(CSV, "\ufeffa\n1\n", [{"a": "1"}], id="a byte order mark"),
        pytest.param(CSV, "", [], id="nothing"),
        pytest.param(CSV, "a,b", [], id="headers alone"),
        pytest.param(CSV | {"CSVDelimiter": "TAB"}, "a\tb\n1\t2", [{"a": "1", "b": "2"}], id="tabs"),
        pytest.param(CSV | {"CSVDelimiter": "PIPE"}, "a|b\n1|2", [{"a": "1", "b": "2"}], id="pipes"),
        pytest.param(CSV | {"MaxItems": 1}, "a\n1\n2\n", [{"a": "1"}], id="at most one"),
        pytest.param(CSV | {"MaxItems": 0}, "a\n1\n2\n", [{"a": "1"}, {"a": "2"}], id="0 stands for all"),
        pytest.param(CSV, f"a\n{'x' * 200_000}\n", [{"a": "x" * 200_000}], id="a long field"),
        pytest.param(JSONL, '{"a": 1}\n\n[2]\r\n3', [{"a": 1}, [2], 3], id="lines of JSON"),
        pytest.param(JSONL, '"a\u2028b\x85c"\n', ["a\u2028b\x85c"], id="other ends of lines are text"),
        pytest.param(JSONL | {"MaxItems": 1}, "1\nno JSON", [1], id="what is not read is not looked at"),
        pytest.param(JSON, "[1, 2]", [1, 2], id="a JSON array"),
        pytest.param(
            JSON | {"ItemsPointer": "/a~1b/0/c~0d"}, '{"a/b": [{"c~d": [7]}]}', [7], id="an array within"
        ),
        pytest.param({}, "[1]", [1], id="without a configuration"),
    ],
)
def test_content_becomes_items(config: dict[str, Any], content: str, expected: list[Any]) -> None:
    found = items(config, content)

    assert found == expected
    assert json.dumps(found) == json.dumps(expected)  # the members in the same order


@pytest.mark.parametrize(
    ("config", "content", "expected"),
    [
        (GIVEN | {"CSVHeaders": ["a", "a"]}, "1,2", "CSV headers cannot contain duplicates."),
        (CSV, "a,a\n1,2", "CSV headers cannot contain duplicates."),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "GIVEN"},
            "1",
            "CSVHeaderLocation is GIVEN, but CSVHeaders names no columns.",
        ),
        (CSV | {"MaxItems": -1}, "a\n1", "field MaxItems must be positive"),
        (JSON, '{"a": [1]}', "Attempting to map over non-iterable node."),
        (JSON | {"ItemsPointer": "/b"}, '{"a": [1]}', "ItemsPointer refers to nothing: /b"),
        (JSON | {"ItemsPointer": "/a/1"}, '{"a": [1]}', "ItemsPointer refers to nothing: /a/1"),
        (JSON | {"ItemsPointer": "/a/-"}, '{"a": [1]}', "ItemsPointer refers to nothing: /a/-"),
    ],
)
def test_content_without_items_fails_with_its_reason(
    config: dict[str, Any], content: str, expected: str
) -> None:
    assert cause(config, content) == expected


def test_a_line_that_is_no_json_is_named() -> None:
    found = cause(JSONL, "1\n\nno")

    assert found is not None
    assert found.startswith("Attempting to read the items failed: line 3: ")


CONFIGS = st.sampled_from(
    [CSV, GIVEN, JSONL, JSON, {}, CSV | {"CSVDelimiter": "SPACE"}, JSON | {"ItemsPointer": "/a"}]
)


@given(CONFIGS, st.text(alphabet=st.sampled_from('a,"\n\r \t1[]{}:\\\x00\u2028ä'), max_size=60))
def test_any_content_gives_items_or_fails_the_reader(config: dict[str, Any], content: str) -> None:
    try:
        found = items(config, content)
    except StateError as failed:
        assert failed.error == "States.ItemReaderFailed"
        assert failed.cause
    else:
        assert isinstance(found, list)
        json.dumps(found)


TABLES = st.integers(1, 4).flatmap(
    lambda width: st.tuples(
        st.lists(st.text(max_size=5), min_size=width, max_size=width, unique=True),
        st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=6), max_size=6),
    )
)


@given(TABLES)
def test_rows_that_were_written_are_read_again(table: tuple[list[str], list[list[str]]]) -> None:
    headers, rows = table
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerows([headers, *rows])

    found = items(CSV, written.getvalue())

    assert found == [
        {header: row[index] if index < len(row) else "" for index, header in enumerate(headers)}
        for row in rows
    ]
    assert all(list(item) == sorted(headers) for item in found if isinstance(item, dict))


@given(st.lists(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)))
def test_lines_that_were_written_are_read_again(values: list[Any]) -> None:
    assert items(JSONL, "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)) == values
