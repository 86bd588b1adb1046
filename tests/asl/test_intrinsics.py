"""Intrinsic functions, each with what it gives and what it refuses."""

from __future__ import annotations

import contextlib
import json
import re
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepwright.asl import intrinsics
from stepwright.asl.data import Data
from stepwright.asl.failure.errors import StateError
from stepwright.asl.fields import payload_template
from stepwright.asl.intrinsics import InvalidIntrinsic
from stepwright.asl.json_types import Pointer
from tests.data import conformance

DOCUMENT: Any = {
    "name": "Ann",
    "n": 7,
    "list": [1, 2, 2, 3],
    "object": {"b": 1, "a": [True, None]},
    "template": "Hi {}!",
    "text": '{"x": 1.0}',
    "a, b": "comma",
}


def evaluate(call: str, document: Any = DOCUMENT, seed: int = 0) -> Any:
    return intrinsics.compile(call).evaluate(Data(document, {"Id": "x"}, {"v": "var"}, lambda: Random(seed)))


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("States.Array()", []),
        ("States.Array(1, 'a', $.n, null, true, 1.5)", [1, "a", 7, None, True, 1.5]),
        ("States.ArrayPartition($.list, 3)", [[1, 2, 2], [3]]),
        ("States.ArrayContains($.list, 3)", True),
        ("States.ArrayContains($.list, '3')", False),
        ("States.ArrayContains(States.Array(true), 1)", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.list, 3)", 3),
        ("States.ArrayLength($.list)", 4),
        ("States.ArrayUnique($.list)", [1, 2, 3]),
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", "Data to encode"),
        ("States.Hash('abc', 'MD5')", "900150983cd24fb0d6963f7d28e17f72"),
        ("States.Hash('abc', 'SHA-1')", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "States.JsonMerge($.object, States.StringToJson('\\{\"b\": 2\\}'), false)",
            {"b": 2, "a": [True, None]},
        ),
        ("States.StringToJson($.text)", {"x": 1.0}),
        ("States.StringToJson('')", None),
        ("States.StringToJson(' \n')", None),
        ("States.JsonToString($.object)", '{"b":1,"a":[true,null]}'),
        ("States.MathAdd(1.5, 1.51)", 4),
        ("States.MathAdd(-2.5, 0)", -2),
        ("States.MathAdd($.n, -1)", 6),
        ("States.StringSplit('1,2;;3', ',;')", ["1", "2", "3"]),
        ("States.StringSplit('a-b', ']-')", ["a", "b"]),
        ("States.Format('{} is {}', $.name, $.n)", "Ann is 7"),
        ("States.Format($.template, 'you')", "Hi you!"),
        ("States.Format('{}', $.object)", "{b=1, a=[true, null]}"),
        ("States.Format('{}', 12345678.5)", "1.23456785E7"),
        (r"States.Format('it\'s \{\} \\ {}', 1)", r"it's {} \ 1"),
        ("States.Format( '{}' ,$['a, b'] )", "comma"),
        ("States.Format('{}{}', $$.Id, $v)", "xvar"),
        ("States.ArrayGetItem(States.StringSplit('a/b', '/'), 1)", "b"),
        ("States.Array($.list[(@.length()-1)], $.list[?(@ > 2)])", [3, [3]]),
    ],
)
def test_a_call_gives(call: str, value: Any) -> None:
    assert json.dumps(evaluate(call)) == json.dumps(value)


def test_randomness_comes_only_from_the_step() -> None:
    calls = ["States.UUID()", "States.MathRandom(1, 1000000)"]

    assert [evaluate(call, seed=5) for call in calls] == [evaluate(call, seed=5) for call in calls]
    assert evaluate("States.UUID()", seed=1) != evaluate("States.UUID()", seed=2)


def test_a_uuid_looks_like_version_four() -> None:
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", evaluate("States.UUID()")
    )


def test_a_random_number_lies_below_its_end_and_repeats_with_a_seed() -> None:
    assert {evaluate("States.MathRandom(1, 3)", seed=seed) for seed in range(30)} == {1, 2}
    assert evaluate("States.MathRandom(1, 1000, 42)", seed=1) == evaluate(
        "States.MathRandom(1, 1000, 42)", seed=2
    )


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("States.ArrayPartition($.list, 0)", "The chunk size must be positive but was 0."),
        ("States.ArrayRange(1, 2, 0)", "The step must not be zero."),
        ("States.ArrayRange(1, 1001, 1)", None),
        ("States.ArrayRange(1, 1002, 1)", "The range must not have more than 1000 items."),
        ("States.ArrayRange(0, 1e18, 1)", "The range must not have more than 1000 items."),
        ("States.MathAdd(1e300, 1)", "The first argument is out of range."),
        ("States.ArrayGetItem($.list, 4)", "The index 4 is outside an array of length 4."),
        ("States.ArrayLength($.name)", "The argument must be an array but was string."),
        ("States.Base64Decode('?')", "The argument is not valid Base64."),
        (
            "States.Hash('a', 'CRC')",
            "The algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512 but was CRC.",
        ),
        (
            "States.JsonMerge($.object, $.object, true)",
            "Deep merging is not supported: the third argument must be false.",
        ),
        (
            "States.StringToJson($.name)",
            "The argument is not valid JSON: invalid character at line 1, column 1.",
        ),
        ("States.MathAdd($.name, 1)", "The first argument must be a number but was string."),
        ("States.MathRandom(5, 5)", "The start must be less than the end but 5 is not less than 5."),
        ("States.Format('{}')", "The template has 1 places for 0 arguments."),
        ("States.Format('x', 1)", "The template has 0 places for 1 arguments."),
    ],
)
def test_a_call_that_cannot_be_done_fails_the_state(call: str, reason: str | None) -> None:
    if reason is None:
        evaluate("States.ArrayRange(1, 1000, 1)")
        return
    with pytest.raises(StateError) as caught:
        evaluate(call)

    assert caught.value.error == "States.IntrinsicFailure"
    assert caught.value.cause == f"The function '{call}' had the following error: {reason}"


@pytest.mark.parametrize("function", ["States.Base64Encode", "States.Base64Decode"])
def test_long_texts_are_refused(function: str) -> None:
    with pytest.raises(StateError, match="must not be longer than 10000 characters"):
        evaluate(f"{function}($)", "a" * 10_001)


def test_a_missing_argument_is_a_runtime_error() -> None:
    with pytest.raises(StateError) as caught:
        evaluate("States.Format('{}', $.nope)", {"other": 1})

    assert caught.value.error == "States.Runtime"
    assert caught.value.cause == (
        "The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument for the field "
        "'$.nope' could not be found in the input '{\"other\":1}'"
    )


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("States.Xyz($.result)", "there is no intrinsic function 'States.Xyz'", 0),
        ("States.Array(1", "expected ','", 14),
        ("States.Array('a)", "the string is never closed", 13),
        (r"""States.Array('\"')""", r"a backslash stands only before ', {, } and \ ", 14),
        ("States.Array(1) x", "expected the end of the expression", 16),
        ("States.Array(abc)", "'abc' is neither a path nor a value", 13),
        ("States.Array($.a[)", "the '[' is never closed", 16),
        ("States.UUID(1)", "States.UUID does not take 1 arguments", 14),
        ("", "expected the name of an intrinsic function", 0),
    ],
)
def test_what_is_no_call_is_refused(text: str, message: str, position: int) -> None:
    with pytest.raises(InvalidIntrinsic) as caught:
        intrinsics.compile(text)

    assert (caught.value.message, caught.value.position) == (message, position)


def test_calls_nest_ten_levels_deep() -> None:
    assert evaluate("States.Array(" * 10 + ")" * 10) == [[[[[[[[[[]]]]]]]]]]
    with pytest.raises(InvalidIntrinsic, match="calls nest deeper than 10 levels"):
        intrinsics.compile("States.Array(" * 11 + ")" * 11)


def test_all_eighteen_functions_are_there() -> None:
    assert len(intrinsics.FUNCTIONS) == 18


def test_a_call_knows_its_paths() -> None:
    call = intrinsics.compile("States.Array($.a, States.ArrayLength($v.b), $$.c, 'x')")

    assert [path.text for path in call.paths] == ["$.a", "$v.b", "$$.c"]


@given(st.text() | st.text("States.ArrayFormt('){}$,\\ 0"))
def test_any_text_is_a_call_or_refused(text: str) -> None:
    for candidate in (text, f"States.Array({text})", f"States.Format('{text}', 1)"):
        try:
            call = intrinsics.compile(candidate)
        except InvalidIntrinsic:
            continue
        with contextlib.suppress(StateError):
            call.evaluate(Data(DOCUMENT, {}))


def _records() -> list[dict[str, Any]]:
    records = conformance.records("intrinsic_functions")
    return [record for record in records if "QueryLanguage" not in json.dumps(record["definition"])]


MASKED = {"RandomNumberGenerated": r"\d+", "generated-uuid": r"[0-9a-f-]{36}"}
NAME = "<ArnPart_0idx>"


@pytest.mark.conformance
@pytest.mark.parametrize("record", conformance.parameters(_records(), lambda record: str(record["id"])))
def test_a_call_gives_what_aws_gave(record: dict[str, Any]) -> None:
    (state,) = record["definition"]["States"].values()
    machine = {"Id": f"arn:<partition>:states:<region>:111111111111:stateMachine:{NAME}", "Name": NAME}
    context: Any = {
        "Execution": {"Input": record["input"], "Name": "<ExecArnPart_0idx>"},
        "StateMachine": machine,
    }
    result = payload_template.compile(state["Parameters"], Pointer("")).evaluate(
        Data(record["input"], context)
    )

    if "ResultPath" in state:
        assert isinstance(result, dict)
        assert result["merged"] == record["expected"]["output"]
        return
    ((key, expected),) = record["expected"]["output"].items()
    assert isinstance(result, dict)
    if expected in MASKED if isinstance(expected, str) else False:
        assert re.fullmatch(MASKED[expected], str(result[key]))
    else:
        assert json.dumps(result[key]) == json.dumps(expected)
