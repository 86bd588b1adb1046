"""ResultPath: where a result is put."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.failure.errors import StateError
from stepwright.asl.fields import reference_path
from stepwright.asl.jsonpath import InvalidPath

KEYS = st.sampled_from(["a", "b", "c"])
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
PATHS = st.lists(st.sampled_from([".a", ".b", "['c']", "[0]", "[1]", "[-1]"]), max_size=4).map(
    lambda steps: "$" + "".join(steps)
)


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("$", {"a": 1}, "R"),
        ("$.r", {"a": 1}, {"a": 1, "r": "R"}),
        ("$.a", {"a": 1, "b": 2}, {"a": "R", "b": 2}),
        ("$.a.b.c", {}, {"a": {"b": {"c": "R"}}}),
        ("$.a.b", {"a": {"x": 1}}, {"a": {"x": 1, "b": "R"}}),
        ("$['a b']['c']", {}, {"a b": {"c": "R"}}),
        ("$.list[1]", {"list": [1, 2, 3]}, {"list": [1, "R", 3]}),
        ("$.list[0].x", {"list": [{"y": 1}]}, {"list": [{"y": 1, "x": "R"}]}),
        ("$[0]", [1, 2], ["R", 2]),
    ],
)
def test_the_result_is_put_there(path: str, document: Any, expected: Any) -> None:
    assert reference_path.compile(path).put(document, "R") == expected


def test_a_new_key_comes_last() -> None:
    document = reference_path.compile("$.z").put({"y": 1, "a": 2}, 3)

    assert isinstance(document, dict)
    assert list(document) == ["y", "a", "z"]


@pytest.mark.parametrize(
    ("path", "document"),
    [("$.a", "text"), ("$.a", [1]), ("$.a.b", {"a": 5}), ("$.a[3]", {"a": [1]}), ("$[0]", {}), ("$.a", None)],
)
def test_what_lies_in_the_way_fails_the_state(path: str, document: Any) -> None:
    with pytest.raises(StateError) as caught:
        reference_path.compile(path).put(document, 1)

    assert caught.value.error == "States.ResultPathMatchFailure"
    assert caught.value.cause is not None
    assert path in caught.value.cause


@pytest.mark.parametrize(
    "text",
    [
        "$.a[*]",
        "$..a",
        "$.a[?(@.b)]",
        "$.a[0:2]",
        "$.a[0,1]",
        "$.a.length()",
        "$['a','b']",
        "$$.a",
        "$var",
        "a",
        "",
        "$.",
    ],
)
def test_what_is_no_reference_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidPath):
        reference_path.compile(text)


@given(PATHS, DOCUMENTS)
def test_the_given_document_is_never_changed(path: str, document: Any) -> None:
    before = copy.deepcopy(document)
    with contextlib.suppress(StateError):
        reference_path.compile(path).put(document, ["R"])

    assert document == before


@given(st.text())
def test_any_text_is_a_reference_path_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidPath):
        reference_path.compile(text)
