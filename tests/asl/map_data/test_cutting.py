"""Pieces of a file, read one by one, have the items that the file has: each once, in order, whatever the file holds."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.failure.errors import StateError
from stepwright.asl.map_data import cutting, reader_config, reading, table
from stepwright.asl.map_data.requests import Window

ROWS = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


def parts(content: bytes, size: int, first: int = 0) -> Iterator[bytes]:
    for at in range(first, len(content), size):
        yield content[at : at + size]


def by_pieces(
    config: dict[str, Any], content: bytes, window: Window, size: int
) -> tuple[list[Any], list[int]]:
    """All items, window after window, and how many each piece had."""
    chosen = reader_config.of(config)
    headers, first = cutting.begin(chosen, parts(content, size))
    items: list[Any] = []
    counts: list[int] = []
    while True:
        ends = cutting.ends(chosen, parts(content, size, first), first)
        found = list(cutting.stretches(ends, first, window, chosen.most - len(items)))
        for piece in found:
            read = cutting.items(chosen, headers, content[piece.first : piece.end])
            assert len(read) == piece.count
            items += read
            counts.append(piece.count)
            first = piece.end
        if len(found) < window.pieces or len(items) == chosen.most:
            return items, counts


WINDOWS = st.builds(
    Window, pieces=st.integers(1, 3), items=st.integers(1, 4), step=st.sampled_from([1, 1, 2, 3])
)
SIZES = st.integers(1, 9) | st.just(1000)
MOST = st.sampled_from([{}, {"MaxItems": 3}])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('a"\\,[]{}é \n'), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(st.lists(st.text(st.sampled_from('a",\r\né'), max_size=5), min_size=2, max_size=3)),
    WINDOWS,
    SIZES,
    MOST,
)
def test_rows(rows: list[list[str]], window: Window, size: int, most: dict[str, int]) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([["h", "g"], *rows])
    config = ROWS | most

    items, counts = by_pieces(config, written.getvalue().encode(), window, size)

    assert items == reading.items(config, written.getvalue())
    assert all(count % window.step == 0 for count in counts[:-1])


@given(st.text(st.sampled_from('a,"\n\r \té'), max_size=40), WINDOWS, SIZES)
def test_any_text_read_as_rows(content: str, window: Window, size: int) -> None:
    try:
        expected = reading.items(ROWS, content)
    except StateError:
        return
    assert by_pieces(ROWS, content.encode(), window, size)[0] == expected


@given(st.lists(VALUES), WINDOWS, SIZES, MOST)
def test_lines(values: list[Any], window: Window, size: int, most: dict[str, int]) -> None:
    content = "\ufeff" + "\r\n \n".join(json.dumps(value) for value in values)
    config = {"InputType": "JSONL"} | most

    assert by_pieces(config, content.encode(), window, size)[0] == reading.items(config, content)


@given(st.lists(VALUES), VALUES, st.sampled_from([None, 1]), WINDOWS, SIZES, MOST)
def test_elements(
    values: list[Any], other: Any, indent: int | None, window: Window, size: int, most: dict[str, int]
) -> None:
    whole = json.dumps(values, ensure_ascii=False, indent=indent)
    assert by_pieces(most, whole.encode(), window, size)[0] == reading.items(most, whole)

    within = json.dumps({"x": other, "a/b": [other, {"all": values}], "y": other}, indent=indent)
    config = {"InputType": "JSON", "ItemsPointer": "/a~1b/1/all"} | most
    assert by_pieces(config, within.encode(), window, size)[0] == reading.items(config, within)


@pytest.mark.parametrize(
    ("content", "pointer", "expected"),
    [
        ('{"a": 1}', "", "Attempting to map over non-iterable node."),
        ('{"a": 1}', "/b", "ItemsPointer refers to nothing: /b"),
        ('{"a": [1]}', "/a/0/x", "ItemsPointer refers to nothing: /a/0/x"),
        ("[1, 2", "", "Attempting to read the items failed: the array is not JSON, or does not end."),
        ('[1, "x', "", "Attempting to read the items failed: the array is not JSON, or does not end."),
        ("[1 2]", "", "Attempting to read the items failed: the array is not JSON, or does not end."),
    ],
)
def test_what_is_no_array_fails_with_its_reason(content: str, pointer: str, expected: str) -> None:
    with pytest.raises(StateError) as failed:
        by_pieces({"ItemsPointer": pointer}, content.encode(), Window(pieces=2, items=1), 3)

    assert (failed.value.error, failed.value.cause) == ("States.ItemReaderFailed", expected)


def test_a_piece_of_large_items_is_cut_off_early() -> None:
    line = json.dumps("x" * 400_000)
    content = "\n".join([line] * 7).encode()

    _, counts = by_pieces({"InputType": "JSONL"}, content, Window(pieces=9, items=1000), 64 * 1024)
    assert counts == [3, 3, 1]
    _, in_batches = by_pieces(
        {"InputType": "JSONL"}, content, Window(pieces=9, items=1000, step=5), 64 * 1024
    )
    assert in_batches == [5, 2]


@pytest.mark.parametrize("read", [lambda pieces: table.rows(pieces, ","), table.lines], ids=["rows", "lines"])
def test_rows_and_lines_are_found_without_all_others_of_what_was_read(
    read: Callable[[Iterator[bytes]], Iterator[Any]],
) -> None:
    piece = b"".join(b"%d,item %d\n" % (n, n) for n in range(10_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(iter([piece]))) == 10_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < len(piece)
