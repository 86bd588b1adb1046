"""JSONPath as AWS runs it: Jayway's answers, case by case, and our own examples of every rule."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl import jsonpath
from stepwright.asl.data import Data
from stepwright.asl.failure.errors import StateError
from stepwright.asl.jsonpath import InvalidPath, PathNotFound
from tests.data import conformance

DOCUMENT: Any = {
    "name": "box",
    "size": {"w": 2, "h": None},
    "items": [{"id": 1, "tag": "a"}, {"id": 2, "tag": "b"}, {"id": "3"}],
    "two words": 1,
    "deep": [{"id": 9}],
    "urls": [{"at": "https://example.com/a:b", "id": 1}, {"at": "2020-01-01T00:00:00Z", "id": 2}],
}


def evaluate(path: str, document: Any = DOCUMENT, **more: Any) -> Any:
    return jsonpath.compile(path).evaluate(Data(document, more.get("context"), more.get("variables", {})))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.name", "box"),
        ("$.size.w", 2),
        ("$.size.h", None),
        ("$['two words']", 1),
        ("$['size']['w']", 2),
        ("$.items[0].id", 1),
        ("$.items[(@.length-1)].id", "3"),
        ("$.items[( @.size() - 3 )].id", 1),
        ("$.items[-1]", None),
        ("$.items[3]", None),
        ("$.items[2,3]", [{"id": "3"}, None]),
        ("$.items[-1:]", [{"id": "3"}]),
        ("$.items[-1:1]", [None, {"id": 1, "tag": "a"}]),
        ("$.items[0]['id','tag']", {"id": 1, "tag": "a"}),
        ("$.items[*].id", [1, 2, "3"]),
        ("$.items[1:].id", [2, "3"]),
        ("$.items[0,2].id", [1, "3"]),
        ("$..id", [1, 2, "3", 9, 1, 2]),
        ("$.items[0,1][?(@.id > 1)].id", [2]),
        ("$.items[?(@.id == 3)].id", ["3"]),
        ("$.items[?(!@.tag)].id", ["3"]),
        ("$.items[?(@.id != 2)].id", [1, "3"]),
        ("$.items[?(@.tag != a)].id", [2]),
        ("$.urls[?(@.at == https://example.com/a:b)].id", [1]),
        ("$.urls[?(@.at == 2020-01-01T00:00:00Z)].id", [2]),
        ("$.items[*][?(@.id == 1)].tag", ["a"]),
        ("$.items[?(@.tag==b)].id", [2]),
        ("$.items[?(@.tag == nullable || @.tag == a)].id", [1]),
        ("$.items[?(@.tag =~ /[AM]/i)].id", [1]),
        ("$.items[?(@.id == $.size.w && @.tag)].tag", ["b"]),
        ("$.items[?(@.tag == 'a' || (@.id == 2 && @.tag == 'b'))].id", [1, 2]),
    ],
)
def test_a_path_finds(path: str, value: Any) -> None:
    assert json.dumps(value) == json.dumps(evaluate(path))


def test_the_whole_document_is_found_and_known_as_identity() -> None:
    path = jsonpath.compile("$")

    assert path.is_identity
    assert path.definite
    assert path.evaluate(Data(DOCUMENT, None)) is DOCUMENT
    assert not jsonpath.compile("$$").is_identity


def test_roots_are_document_context_and_variables() -> None:
    sight = Data({"a": 1}, {"a": 2}, {"a": {"b": 3}})

    assert [jsonpath.compile(text).evaluate(sight) for text in ("$.a", "$$.a", "$a.b", "$a['b']")] == [
        1,
        2,
        3,
        3,
    ]
    assert [jsonpath.compile(text).root for text in ("$.a", "$$.a", "$a.b", "$a")] == ["$", "$$", "a", "a"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("$.nope", "No results for path: $['nope']"),
        ("$.no.such.path", "Missing property in path $['no']"),
        ("$.items[7].id", "Property ['id'] not found in path $['items'][7]"),
        ("$.items[-1].id", "Property ['id'] not found in path $['items'][-1]"),
        ("$.items[7][0]", "The path $['items'][7] is null"),
        ("$.items.length()", "Property ['length()'] not found in path $['items']"),
        ("$.size.w()", "No results for path: $['size']['w()']"),
        (
            "$.size[0].x",
            'Filter: [0][\'x\'] can only be applied to arrays. Current context is: {"w":2,"h":null}',
        ),
        ("$.size[0:1]", 'Filter: [0:1] can only be applied to arrays. Current context is: {"w":2,"h":null}'),
        ("$.name[?(@.x)]", "Filter: [?] can not be applied to primitives. Current context is: box"),
        ("$.items[?(@.id > x)]", "'x' is compared with a number and is not one"),
        ("$.items[?(@.id > 0)].tag.x", "Property ['x'] not found in path $['items'][?]['tag']"),
    ],
)
def test_a_path_without_a_way_fails_as_aws_says(path: str, reason: str) -> None:
    with pytest.raises(PathNotFound) as caught:
        evaluate(path)

    assert caught.value.reason == reason
    assert caught.value.error == "States.Runtime"
    assert caught.value.cause == f"Invalid path '{path}' : {reason}"
    assert caught.value.path_text == path
    assert caught.value.document is DOCUMENT


def test_an_unknown_variable_is_not_found() -> None:
    with pytest.raises(PathNotFound):
        evaluate("$nobody.x")


def test_an_indefinite_path_whose_beginning_is_missing_gives_an_empty_list() -> None:
    assert evaluate("$.no.such[*].id") == []
    assert evaluate("$.no.such[1:5].id") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "$.",
        "$..",
        "$.a..",
        "$a b",
        "$$23",
        "$.a[]",
        "$.x y",
        "$.items[a]",
        "$.items[::2]",
        "$.items[?(@.id = 1)]",
        "$.items[?()]",
        "$.items[?(@.id == 'x]",
        "$.items[?(@.id in [1, 2])]",
        "$.items[?(@.tag contains 'a')]",
        "$.items[?(@.tags[*] == 'a')]",
        "$.items[?(@[?(@.a)])]",
        "$.items[?(@.id == 1 &&)]",
        "$.items[?(&& @.id == 1)]",
        '$["name"]',
        "$.items[--1]",
        "$" + ".a" * 201,
        "$.items[99999999999]",
        "23",
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(InvalidPath):
        jsonpath.compile(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$.items[?(@.id in [1, 2])]", "filters have no operator 'in', on AWS neither"),
        ("$.items[?(@.tags size 2)]", "filters have no operator 'size', on AWS neither"),
        (
            '$["name"]',
            (
                """cannot read '["name"]': expected ?, ', @, -, : or a digit in it; names in brackets take single"""
                """ quotes: ['name']"""
            ),
        ),
        ("$.items[(@.count-1)]", "a script has @.length or @.size(), not @.count"),
    ],
)
def test_a_refusal_says_what_would_do(text: str, message: str) -> None:
    with pytest.raises(InvalidPath) as caught:
        jsonpath.compile(text)

    assert caught.value.message == message


def test_a_choice_does_not_see_what_lies_beyond_a_list() -> None:
    sight = Data({"list": [1, None]}, None)

    assert jsonpath.compile("$.list[2]").evaluate(sight) is None
    assert jsonpath.compile("$.list[1]").present(sight) is None
    for text in ("$.list[2]", "$.list[-1]", "$.list[(@.length-3)]"):
        with pytest.raises(PathNotFound):
            jsonpath.compile(text).present(sight)


def test_a_refusal_tells_the_position() -> None:
    with pytest.raises(InvalidPath) as caught:
        jsonpath.compile("$$.Execution.[bad]")

    assert caught.value.position == 13


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a?){30}b", "(.*)\\1", "(?=a)b", "a*a*a*b", "a?a?a?a?a?b", "(?:x+y)*"]
)
def test_a_regular_expression_that_could_hold_the_engine_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPath, match="could take too long"):
        jsonpath.compile(f"$.items[?(@.tag =~ /{pattern}/)]")


@pytest.mark.parametrize("pattern", [".*b.*", "^a[bc]+$", "(ab|c)d", "[+*]{3}", r"x\+y", "a?b?"])
def test_plain_regular_expressions_are_accepted(pattern: str) -> None:
    jsonpath.compile(f"$.items[?(@.tag =~ /{pattern}/)]")


def test_a_long_text_is_not_matched_by_a_regular_expression() -> None:
    with pytest.raises(StateError, match="too long for the filter"):
        evaluate("$.list[?(@ =~ /.*b/)]", {"list": ["a" * 5000]})


def test_a_scan_of_a_deep_document_needs_no_recursion() -> None:
    document: Any = {"id": 0}
    for _ in range(5000):
        document = [document]

    assert evaluate("$..id", document) == [0]


@given(st.text() | st.text("$.@['\"]*?()0123456789,:-=<>!&|/\\ abn~"))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    for compile_text in (jsonpath.compile, jsonpath.compile_jayway):
        try:
            path = compile_text(text)
        except InvalidPath:
            continue
        with contextlib.suppress(StateError):
            path.evaluate(Data(DOCUMENT, DOCUMENT, {"a": DOCUMENT}))


def _cases() -> list[dict[str, Any]]:
    oracle = conformance.oracle("jsonpath/jayway-2.0.0") or {"documents": [], "cases": []}
    return [{**case, "document": oracle["documents"][case["document"]]} for case in oracle["cases"]]


@pytest.mark.conformance
@pytest.mark.parametrize("case", conformance.parameters(_cases(), lambda case: str(case["path"])))
def test_a_path_gives_what_jayway_gives(case: dict[str, Any]) -> None:
    if "definite" not in case:
        with pytest.raises(InvalidPath):
            jsonpath.compile_jayway(case["path"])
        return
    try:
        path = jsonpath.compile_jayway(case["path"])
    except InvalidPath:
        assert (
            case["path"] == "$.items[?]"
        )  # a place for a filter in Java code: refused before it is evaluated
        return

    assert path.definite == case["definite"]
    if "value" in case:
        assert _text(path.find(case["document"])) == _text(case["value"])
        return
    with pytest.raises(PathNotFound) as caught:
        path.find(case["document"])
    if path.definite:  # the others name the place where the walk had come to
        assert caught.value.reason == case["msg"]


def _text(value: Any) -> str:
    """As the oracle was written: 1.0 as 1."""
    return json.dumps(
        json.loads(
            json.dumps(value),
            parse_float=lambda text: int(float(text)) if float(text).is_integer() else float(text),
        )
    )
