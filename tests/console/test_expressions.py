"""An expression is tried on given data, and gives what it gives in an execution."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from stepwright.console import expressions
from stepwright.console.models import ToTry, Tried


def tried(language: str, value: Any, **given: Any) -> Tried:
    texts = {name: data if name == "is_template" else json.dumps(data) for name, data in given.items()}
    return expressions.tried(ToTry(language=language, value=json.dumps(value), **texts), 1_700_000_000_000)  # type: ignore[arg-type]


def test_a_path_gives_what_it_finds() -> None:
    assert tried("JSONPath", "$.a[1]", input={"a": [1, 2]}) == Tried(value="2")
    assert (
        tried("JSONPath", "$$.Execution.Name", context={"Execution": {"Name": "order-7"}}).value
        == '"order-7"'
    )
    assert tried("JSONPath", "$total", variables={"total": 8}).value == "8"


def test_a_function_and_a_template_are_evaluated() -> None:
    assert tried("JSONPath", "States.Format('{}!', $.a)", input={"a": "hi"}).value == '"hi!"'
    assert (
        tried("JSONPath", {"b.$": "$.a", "c": 1}, is_template=True, input={"a": 2}).value == '{"b":2,"c":1}'
    )


def test_numbers_stay_as_they_are_written() -> None:
    given = ToTry(
        language="JSONata", value='"{% $states.input %}"', input="[1.0,123456789012345678901234567890]"
    )

    assert expressions.tried(given, 0).value == "[1.0,123456789012345678901234567890]"


def test_jsonata_reads_what_its_field_has() -> None:
    assert tried("JSONata", {"n": "{% $sum($states.input.n) %}"}, input={"n": [1, 2]}).value == '{"n":3}'
    assert tried("JSONata", "{% $states.result.a %}", result={"a": True}).value == "true"
    assert tried("JSONata", "{% $states.errorOutput.Error %}", error_output={"Error": "E"}).value == '"E"'
    assert tried("JSONata", "{% $now() %}").value == '"2023-11-14T22:13:20.000Z"'
    (missing,) = tried("JSONata", "{% $states.result %}").findings
    assert missing.message == "Field '$states.result' does not exist."


def test_an_error_is_the_one_of_a_state() -> None:
    nothing = tried("JSONPath", "$.b", input={"a": 1})
    undefined = tried("JSONata", "{% $states.input.b %}", input={"a": 1})

    assert nothing.error == "States.Runtime"
    assert "$.b" in str(nothing.cause)
    assert undefined.error == "States.QueryEvaluationError"


def test_what_is_no_expression_is_told_with_its_place() -> None:
    assert tried("JSONPath", "$.a[").findings[0].pointer == ""
    assert tried("JSONPath", {"a": {"b.$": "nothing"}}, is_template=True).findings[0].pointer == "/a"
    assert tried("JSONata", {"a": ["{% 1 + %}"]}).findings[0].pointer == "/a/0"
    assert tried("JSONPath", 5).findings[0].message == "a path is a text"


def test_what_is_not_json_is_told() -> None:
    with pytest.raises(expressions.Unreadable, match="input is not JSON"):
        expressions.tried(ToTry(language="JSONPath", value='"$"', input="{"), 0)


def test_a_long_value_is_cut() -> None:
    found = tried("JSONata", "{% [1..100000] %}")

    assert found.value is not None
    assert len(found.value) == expressions.SHOWN_CHARACTERS
    assert found.cut == 588_896


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = [value]
    return {"a": value}


HOSTILE = {
    "a loop": ("JSONata", "{% ($f := function($n) { $f($n + 1) }; $f(0)) %}"),
    "a recursion": ("JSONata", "{% ($f := function($n) { 1 + $f($n) }; $f(0)) %}"),
    "much memory": ("JSONata", "{% ($a := [1..100000]; $map($a, function($x) { $a })) %}"),
    "searches in searches": ("JSONPath", "$..*..*..*"),
    "a regular expression": ("JSONata", "{% $match($pad('', 20000, 'a'), /(a*)*b/) %}"),
}


@pytest.mark.parametrize(("language", "value"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_expression_ends_with_an_error(language: str, value: str) -> None:
    begun = time.process_time()
    found = tried(language, value, input=nested(200))

    assert found.error is not None, found
    assert time.process_time() - begun < 60
