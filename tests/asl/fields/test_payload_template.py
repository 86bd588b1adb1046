"""Parameters, ResultSelector, ItemSelector: what a template gives and which templates are refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl.data import Data
from stepwright.asl.failure.errors import StateError
from stepwright.asl.fields import payload_template
from stepwright.asl.fields.payload_template import InvalidTemplate
from stepwright.asl.json_types import Pointer

HERE = Pointer("/States/A/Parameters")
TEMPLATES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.just("x.$"), inner | st.sampled_from(["$.a", "$$"]), max_size=3
        )
    ),
    max_leaves=10,
)


def evaluate(template: Any, document: Any) -> Any:
    return payload_template.compile(template, HERE).evaluate(Data(document, {"Id": 7}, {"v": [1]}))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ({"k": "$.a", "n": 1.0}, {"k": "$.a", "n": 1.0}),
        ({"x.$": "$.a"}, {"x": 1}),
        ({"x.$": "$"}, {"x": {"a": 1}}),
        ({"c.$": "$$.Id", "v.$": "$v[0]"}, {"c": 7, "v": 1}),
        ({"o": {"p": {"x.$": "$.a"}}}, {"o": {"p": {"x": 1}}}),
        ({"l": ["$.a", {"x.$": "$.a"}, [{"y.$": "$.a"}]]}, {"l": ["$.a", {"x": 1}, [{"y": 1}]]}),
        ({"f.$": "States.Format('{}!', $.a)"}, {"f": "1!"}),
        ({"all.$": "$.none[*].x"}, {"all": []}),
        ("just text", "just text"),
        ([], []),
    ],
)
def test_a_template_gives(template: Any, expected: Any) -> None:
    assert evaluate(template, {"a": 1}) == expected


def test_the_order_of_keys_is_kept() -> None:
    assert list(evaluate({"z": 1, "y.$": "$.a", "x": 2}, {"a": 0})) == ["z", "y", "x"]


def test_a_path_that_finds_nothing_fails_the_state() -> None:
    with pytest.raises(StateError) as caught:
        evaluate({"in": {"value.$": "$.x.y"}}, {"a": [1.0, "é"]})

    assert caught.value.error == "States.Runtime"
    assert caught.value.cause == (
        "The JSONPath '$.x.y' specified for the field 'value.$' could not be found in the input '{\"a\":[1.0,\"é\"]}'"
    )


def test_every_problem_of_a_template_is_told_with_the_object_it_is_in() -> None:
    template: Any = {"a.$": 23, "good.$": "$.b[23]", "in": [{"b/c": {"c.$": "23"}}], "d.$": "States.Nope()"}

    with pytest.raises(InvalidTemplate) as caught:
        payload_template.compile(template, HERE)

    sentence = "The value for the field '{}' must be a valid JSONPath or a valid intrinsic function call"
    assert caught.value.problems == [
        (HERE, sentence.format("a.$")),
        (f"{HERE}/in/0/b~1c", sentence.format("c.$")),
        (HERE, sentence.format("d.$")),
    ]


def test_a_template_knows_its_paths() -> None:
    template = payload_template.compile({"a.$": "$.x", "b": [{"c.$": "States.Array($v)"}]}, HERE)

    assert [path.text for path in template.paths] == ["$.x", "$v"]


@given(TEMPLATES)
def test_any_value_is_a_template_or_refused(template: Any) -> None:
    with contextlib.suppress(InvalidTemplate, StateError):
        payload_template.compile(template, HERE).evaluate(Data({"a": 1}, {}))
