"""Expressions that were written to cost as much as can be: each ends soon, with a result or with an error of the language."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

import pytest

from stepwright.asl import jsonata, jsonpath
from stepwright.asl.data import Data
from stepwright.asl.failure.errors import StateError
from stepwright.asl.fields import payload_template
from stepwright.asl.json_types import Pointer
from stepwright.asl.jsonata import runtime
from stepwright.asl.jsonpath import search
from stepwright.asl.text import jsontext
from tests.asl.processor_time import costs_at_most
from tests.asl.virtual_time import run, states
from tests.fuzz.guard import guarded

SOON: Final = 2_000_000
"""In units of work: a tenth of the steps that an expression may take are 100,000, and its text is compiled, too."""

HANGS_AFTER_SECONDS: Final = 300.0

LARGEST: Final = 262_144

DEEP: Any = json.loads("[" * 390 + "]" * 390)
WIDE: Any = [{"a": number, "b": [number]} for number in range(9_000)]
NUMBERS: Any = list(range(40_000))
TEXT: Final = "a" * 250_000
TEXTS: Any = ["a" * 4_000 for _ in range(60)]
NESTED: Any = [[[[[[[[TEXT]]]]]]]]

TEN: Final = "[" + ",".join("0" * 10) + "]"


def ends_soon(evaluated: Callable[[], None]) -> bool:
    def units() -> int:
        evaluated()
        return SOON

    with guarded(HANGS_AFTER_SECONDS):
        return costs_at_most(units)


@pytest.fixture(autouse=True)
def _a_tenth_of_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MAX_STEPS", search.MAX_STEPS // 10)
    monkeypatch.setattr(runtime, "MAX_STEPS", runtime.MAX_STEPS // 10)


PATHS: dict[str, tuple[str, Any]] = {
    "scans of scans of a deep document": ("$..*..*..*..*", DEEP),
    "scans of scans of a wide document": ("$..*..*..*", WIDE),
    "filters of scans of filters of scans": ("$..[?(@.b)]..*..*", [[WIDE]]),
    "a slice from far before its list": ("$[-2000000000:1]", NUMBERS),
    "indexes that multiply": (f"${TEN * 8}", NESTED),
    "indexes that repeat what is large": (f"${TEN * 4}", NESTED),
    "everything in everything of a deep document": ("$..*", DEEP),
    "an expression that goes back": ("$[?(@ =~ /a*a*b/)]", TEXTS),
    "an expression that goes back, again and again": ("$[0,0,0,0,0,0,0,0,0,0][?(@ =~ /a*a*b/)]", [TEXTS]),
    "a union of many names": ("$..[" + ",".join(["'a'"] * 2_000) + "]", WIDE),
}


@pytest.mark.parametrize("name", PATHS)
def test_a_path_ends_soon(name: str) -> None:
    text, document = PATHS[name]

    def evaluated() -> None:
        try:
            found = jsonpath.compile(text).evaluate(Data(document, None))
            assert len(jsontext.dump(found)) < 32 * LARGEST
        except StateError as error:
            assert error.error == "States.Runtime"
            assert (
                error.cause
                == f"The JSONPath '{text}' looks at too much of its document, or finds too much in it."
            )

    assert ends_soon(evaluated)


def test_a_path_may_look_at_every_value_of_the_largest_document_a_few_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    document: Any = {"a": [0] * (LARGEST // 2)}

    found = jsonpath.compile("$[*][?(@ == 0)]").evaluate(Data(document, None))

    assert isinstance(found, list)
    assert len(found) == LARGEST // 2


INTRINSICS: dict[str, tuple[str, Any]] = {
    "distinct items of many": ("States.ArrayUnique($)", NUMBERS),
    "distinct items of many that are alike": (
        "States.ArrayUnique($)",
        [[0] * 50 + [n] for n in range(2_500)],
    ),
    "a long list searched again and again": (
        f"States.ArrayContains(States.Array({','.join(['$.x'] * 2_000)}), $.y)",
        {"x": NUMBERS, "y": [*NUMBERS[:-1], -1]},
    ),
    "a text filled with long texts": (f"States.Format('{'{}' * 1_500}'{', $' * 1_500})", TEXT),
    "a text of a list of long texts": (f"States.JsonToString(States.Array({','.join(['$'] * 3_000)}))", TEXT),
    "a range of ranges": ("States.ArrayPartition(States.ArrayRange(0, 999, 1), 1)", None),
    "a split by everything": ("States.StringSplit($, 'a')", TEXT),
    "lists of lists": ("States.Array(" * 9 + "$" + ", $)" * 9, TEXT),
}


@pytest.mark.parametrize("name", INTRINSICS)
def test_an_intrinsic_function_ends_soon(name: str) -> None:
    text, document = INTRINSICS[name]
    template = payload_template.compile({"a.$": text}, Pointer(""))

    def evaluated() -> None:
        try:
            assert len(jsontext.dump(template.evaluate(Data(document, None)))) < 64 * LARGEST
        except StateError as error:
            assert error.error in ("States.IntrinsicFailure", "States.DataLimitExceeded", "States.Runtime")

    assert ends_soon(evaluated)


def test_distinct_items_are_told_apart_as_ever() -> None:
    found: Any = payload_template.compile({"a.$": "States.ArrayUnique($)"}, Pointer("")).evaluate(
        Data(
            [1, 1.0, True, "1", None, [1], [1.0], [True], {"a": 1, "b": 2}, {"b": 2, "a": 1}, {}, False, 0],
            None,
        )
    )

    assert found == {"a": [1, True, "1", None, [1], [True], {"a": 1, "b": 2}, {}, False, 0]}
    assert [type(item) for item in found["a"][:2]] == [int, bool]


EXPRESSIONS: dict[str, str] = {
    "a text doubled": "($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $d('ab', 60))",
    "an array doubled": "($d := function($s, $n) { $n = 0 ? $s : $d($append($s, $s), $n - 1) }; $d([1], 60))",
    "objects in objects": "($d := function($s, $n) { $n = 0 ? $s : $d({'a': $s, 'b': $s}, $n - 1) }; $d(1, 60))",
    "a call of itself": "($f := function($n) { 1 + $f($n + 1) }; $f(0))",
    "a tail call of itself": "($f := function($n) { $f($n + 1) }; $f(0))",
    "two calls of itself": "($f := function($n) { $n < 2 ? 1 : $f($n - 1) + $f($n - 2) }; $f(60))",
    "functions of functions": "($y := function($f) { $f($f) }; $y($y))",
    "a huge range": "[1..9999999]",
    "ranges in ranges": "[1..1000].[1..1000].[1..1000]",
    "a huge pad": "$pad('a', 1000000000)",
    "pads added up": "$join([1..1000].$pad('a', 100000))",
    "a power of powers": "$power($power(10, 300), $power(10, 300))",
    "digits of a huge number": "$string($power(10, 308)) & $formatNumber($power(10, 308), '#,##0.00')",
    "a huge picture": "$formatNumber(1, $pad('', 200000, '0'))",
    "words of a huge number": "$formatInteger($power(10, 300), 'w')",
    "an expression that goes back": "$match($states.input.text, /(a+)+b/)",
    "alternatives that go back": "$contains($states.input.text, /((a|aa)*)*c/)",
    "replacing that goes back": "$replace($states.input.text, /a*a*a*b/, 'x')",
    "splitting at every place": "$split($states.input.text, /(?:)/)",
    "matches at every place": "$count($match($states.input.text, /a?/))",
    "sorting by a function that never agrees": "$sort($states.input.numbers, function($l, $r) { true })",
    "sorting again for each": "$map($states.input.numbers, function($v) { $sort($states.input.numbers) })",
    "distinct objects of many": "$distinct($states.input.wide)",
    "distinct of many numbers": "$distinct($states.input.numbers)",
    "everything below everything": "$states.input.**.**.**",
    "everything below everything, deep": "$states.input.deep.**.**.**",
    "each with each": "$states.input.numbers.($states.input.numbers[$ = 1])",
    "joins of everything": "$states.input.wide@$a.$states.input.wide@$b.{'x': $a, 'y': $b}",
    "parents of everything": "$states.input.wide.b.%.b.%.b.%.b.%.b",
    "groups of everything": "$states.input.wide{$string(a): $states.input.wide}",
    "written again for each": "$map([1..10000], function($v) { $string($states.input.wide) })",
    "a base of everything": "$map([1..10000], function($v) { $base64encode($states.input.text) })",
    "hashes of everything": "$map([1..100000], function($v) { $hash($states.input.text, 'SHA-512') })",
    "parsed again for each": "$map([1..10000], function($v) { $parse($string($states.input.wide)) })",
    "spread and merged": "$merge($map([1..10000], function($v) { $states.input }))",
    "zipped with itself": "$zip($states.input.numbers, $states.input.numbers, $states.input.numbers)",
    "reduced to an array": "$reduce($states.input.numbers, function($a, $b) { $append($a, $b) }, [])",
    "a transformation of itself": "$states.input ~> |**|{'x': $states.input}|",
    "partitions of one": "$partition($states.input.numbers, 1)",
    "reversed for each": "$map([1..100000], function($v) { $reverse($states.input.numbers) })",
    "shuffled for each": "$map([1..100000], function($v) { $shuffle($states.input.numbers) })",
    "summed for each": "$map([1..100000], function($v) { $sum($states.input.numbers) })",
    "joined for each": "$map([1..100000], function($v) { $join($string($states.input.numbers)) })",
    "upper case for each": "$map([1..100000], function($v) { $uppercase($states.input.text) })",
    "lengths for each": "$map([1..100000], function($v) { $length($states.input.text & 'b') })",
    "a text found in a text for each": "$map([1..100000], function($v) { $contains($states.input.text, 'ab') })",
    "substrings for each": "$map([1..100000], function($v) { $substring($states.input.text, 1) })",
    "equal for each": "$map([1..100000], function($v) { $states.input.wide = $states.input.wide2 })",
    "in a long list for each": "$map($states.input.numbers, function($v) { -1 in $states.input.numbers })",
    "looked up for each": "$map([1..100000], function($v) { $lookup($states.input.wide, 'c') })",
    "keys for each": "$map([1..100000], function($v) { $keys($states.input.wide) })",
    "dates by a long picture": "$fromMillis(0, $pad('', 100000, '[Y]'))",
    "a date read by a long picture": "$toMillis($pad('', 5000, '1'), $pad('', 9000, '[Y]'))",
    "a signature that goes back": "(function($a)<n+n+n+n+n+n+n+n+n+n+n+n+n+n:n>{1})(" + "1," * 60 + "'s')",
    "composed over and over": "($f := $uppercase; $g := $reduce([1..10000], function($a, $b) { $a ~> $f }, $f); $g('a'))",
    "encoded over and over": "$reduce([1..40], function($a, $b) { $encodeUrlComponent($a) }, '%%%')",
    "escaped over and over": "$reduce([1..40], function($a, $b) { $string([$a]) }, '\"\\\\')",
    "replaced by more": "$reduce([1..40], function($a, $b) { $replace($a, 'a', 'aa') }, 'a')",
    "a chain of conditions": "true ? " * 100 + "1",
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_ends_soon(name: str) -> None:
    document = {"text": TEXT, "numbers": NUMBERS, "wide": WIDE, "wide2": [*WIDE[:-1], 1], "deep": DEEP}

    def evaluated() -> None:
        try:
            expression = jsonata.compile(EXPRESSIONS[name])
        except jsonata.InvalidExpression:
            return
        try:
            result = expression.evaluate({"states": {"input": document}}, 0, lambda: Random(1))
            assert len(jsontext.dump(result)) < 64 * LARGEST
        except (jsonata.EvaluationFailed, jsonata.LimitExceeded, jsonata.NoResult, jsontext.InvalidJson):
            pass

    assert ends_soon(evaluated)


def test_a_template_that_repeats_a_large_input_is_too_large() -> None:
    parameters = {f"x{number}.$": "$" for number in range(5_000)}
    with guarded(HANGS_AFTER_SECONDS):
        play = run(states("A", A={"Type": "Pass", "Parameters": parameters}), TEXT)

    assert play.outcome is not None
    assert (play.outcome.status, play.outcome.error) == ("FAILED", "States.DataLimitExceeded")


def test_an_output_of_many_large_expressions_is_too_large() -> None:
    output = {f"x{number}": "{% $states.input %}" for number in range(5_000)}
    with guarded(HANGS_AFTER_SECONDS):
        play = run(states("A", A={"Type": "Pass", "QueryLanguage": "JSONata", "Output": output}), TEXT)

    assert play.outcome is not None
    assert (play.outcome.status, play.outcome.error) == ("FAILED", "States.DataLimitExceeded")
