"""Expressions of JSONata: what they give, what they fail with, what they may not cost.

The tables are the project's own; where the recorded answers of jsonata-js 2.0.6 are at hand, those are compared, too.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stepwright.asl import jsonata
from stepwright.asl.jsonata.functions import BUILT_IN
from stepwright.asl.text.jsontext import dump
from tests.data import conformance

NOW: Final = 1_700_000_000_000  # 2023-11-14T22:13:20Z

INPUT: Final = {
    "name": "Ada",
    "n": 5,
    "f": 1.5,
    "big": 12345678901234567890,
    "none": None,
    "no": False,
    "list": [1, 2, 3],
    "one": [7],
    "orders": [
        {"id": "a", "items": [{"sku": "x", "price": 2}, {"sku": "y", "price": 3}]},
        {"id": "b", "items": [{"sku": "x", "price": 5}]},
    ],
    "deep": {"a": {"b": [[1, 2], [3]]}},
    "text": "Zoë 😀",
}


def evaluate(source: str, given: Any = INPUT, **variables: Any) -> Any:
    return jsonata.compile(source).evaluate({"states": {"input": given}, **variables}, NOW, lambda: Random(1))


VALUES: Final[dict[str, Any]] = {
    # Paths
    "$states.input.name": "Ada",
    "$states.input.none": None,
    "$states.input.big": 12345678901234567890,
    "$states.input.list": [1, 2, 3],
    "$states.input.one": [7],
    "$states.input.one[0]": 7,
    "$states.input.list[-1]": 3,
    "$states.input.list[$ > 1]": [2, 3],
    "$states.input.orders.items.price": [2, 3, 5],
    "$states.input.orders.items[sku = 'x'].price": [2, 5],
    "$states.input.orders[1].items.sku": "x",
    "$states.input.orders[1].items.sku[]": ["x"],
    "$states.input.orders.items.price ~> $sum()": 10,
    "$states.input.orders^(>id).id": ["b", "a"],
    "$states.input.orders.items{sku: $sum(price)}": {"x": 7, "y": 3},
    "$states.input.orders.items.(%.id & sku)": ["ax", "ay", "bx"],
    "$states.input.orders@$o.($o.id & '-' & name)": ["a-Ada", "b-Ada"],
    "$states.input.orders#$i.{'i': $i, 'id': id}": [{"i": 0, "id": "a"}, {"i": 1, "id": "b"}],
    "$states.input.deep.a.b": [[1, 2], [3]],
    "$states.input.**.sku": ["x", "y", "x"],
    "$states.input.deep.*.b[0]": [1, 2],
    "[$states.input.missing, 1]": [1],
    "{'a': $states.input.missing, 'b': 1}": {"b": 1},
    "{'b': 1, '10': 2, '9': 3}": {"9": 3, "10": 2, "b": 1},
    # Operators
    "1 + 2 * 3 - 4 / 2": 5,
    "7.5 % 2": 1.5,
    "-7 % 3": -1,
    "0.1 + 0.2": 0.30000000000000004,
    "1.5 + 1.5": 3,
    "1/0": "Infinity",
    "[-1/0, 0/0]": ["-Infinity", "NaN"],
    "9007199254740992 + 1": 9007199254740992,
    "'a' & 1 & null & [1] & $states.input.missing": "a1null[1]",
    "[1..3]": [1, 2, 3],
    "3 in [1..3] and $not(false)": True,
    "'x' < 'y' or 1 > 2": True,
    "[1, {'a': 1}] = [1, {'a': 1}]": True,
    "true = 1": False,
    "$states.input.no ? 1 : 2": 2,
    "$states.input.missing = 1": False,
    # Functions of one's own
    "($f := function($x, $y) { $x + $y }; $f(1, 2))": 3,
    "($f := λ($x) { $x * 2 }; [1, 2].$f($))": [2, 4],
    "($add := function($x, $y) { $x + $y }; $inc := $add(1, ?); $inc(4))": 5,
    "($up := $uppercase ~> $trim; $up(' a '))": "A",
    "($sum := function($n, $s) { $n = 0 ? $s : $sum($n - 1, $s + $n) }; $sum(10000, 0))": 50005000,
    "$states.input ~> |deep.a|{'c': 1}, 'b'| ~> $lookup('deep')": {"a": {"c": 1}},
    # Built-in ones
    "$map([1, 2], function($v, $i) { $v * $i })": [0, 2],
    "$filter($states.input.list, function($v) { $v > 2 })": 3,
    "$reduce([1..4], function($a, $b) { $a * $b })": 24,
    "$sort(['b', 'a'])": ["a", "b"],
    "$sort($states.input.list, function($l, $r) { $l < $r })": [3, 2, 1],
    "$distinct([1, '1', 1, [1], [1], true])": [1, "1", [1], True],
    "$keys({'b': 1, 'a': 2, '1': 3})": ["1", "b", "a"],
    "$merge([{'a': 1}, {'b': 2}])": {"a": 1, "b": 2},
    "$spread({'a': 1, 'b': 2})": [{"a": 1}, {"b": 2}],
    "$zip([1, 2], ['a', 'b'])": [[1, "a"], [2, "b"]],
    "$type($states.input.none)": "null",
    "$string({'a': [1, 1.50, 'x']})": '{"a":[1,1.5,"x"]}',
    "$string(1e21)": "1e+21",
    "$string(100000000000000000000)": "100000000000000000000",
    "$string(0.1 + 0.2)": "0.3",
    "$number('0x1f')": 31,
    "$round(2.5) + $round(3.5)": 6,
    "$round(1.015, 2)": 1.02,
    "$power(2, 10)": 1024,
    "$length($states.input.text)": 5,
    "$substring('hello', -3, 2)": "ll",
    "$pad('x', -3, '-')": "--x",
    "$split('a, b;c', /[,;]\\s*/)": ["a", "b", "c"],
    "$replace('John Smith', /(\\w+)\\s(\\w+)/, '$2, $1')": "Smith, John",
    "$match('a1b22', /[0-9]+/).match": ["1", "22"],
    "$contains('Hello', /^h/i)": True,
    "$join(['a', 'b'], '-')": "a-b",
    "$formatNumber(1234.5, '#,##0.00')": "1,234.50",
    "$formatNumber(-0.14, '01%')": "-14%",
    "$formatInteger(2789, 'w')": "two thousand, seven hundred and eighty-nine",
    "$formatInteger(1999, 'I')": "MCMXCIX",
    "$parseInteger('12,345', '#,##0')": 12345,
    "$formatBase(255, 16)": "ff",
    "$base64encode('hé')": "aOk=",
    "$base64decode('aGk=')": "hi",
    "$encodeUrl('https://x/ü?a=b c')": "https://x/%C3%BC?a=b%20c",
    "$encodeUrlComponent('a=b c')": "a%3Db%20c",
    "$decodeUrlComponent('%C3%BC')": "ü",
    "$clone({'a': [1]})": {"a": [1]},
    "$now()": "2023-11-14T22:13:20.000Z",
    "$millis()": NOW,
    "$now('[D01].[M01].[Y0001] [H01]:[m01]', '+0100')": "14.11.2023 23:13",
    "$fromMillis(0, '[FNn], the [D1o] of [MNn]')": "Thursday, the 1st of January",
    "$toMillis('1970-01-01T00:00:01.5+01:00')": -3598500,
    "$toMillis('31/12/2023', '[D01]/[M01]/[Y0001]')": 1703980800000,
    # AWS's
    "$partition([1, 2, 3], 2)": [[1, 2], [3]],
    "$range(0, 6, 2)": [0, 2, 4, 6],
    "$range(3, 1, -1)": [3, 2, 1],
    "$range(1, 9, 9)": 1,
    "$range(-1.7, 2, 1)": [-1, 0, 1, 2],
    "$hash('input', 'SHA-1')": "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1",
    "$random(42)": 0.7275636800328681,
    "$parse('{\"a\": [1, null]}').a": [1, None],
    "$parse('-0')": 0,
    "$length($uuid())": 36,
    "$random() < 1": True,
}


@pytest.mark.parametrize("source", VALUES)
def test_an_expression_gives(source: str) -> None:
    assert dump(evaluate(source)) == dump(VALUES[source])


def test_what_an_expression_hands_on_stays_as_it_was_written() -> None:
    assert dump(evaluate("$states.input", json.loads('{"a": 1.0, "b": 98765432109876543210}'))) == (
        '{"a":1.0,"b":98765432109876543210}'
    )


def test_variables_are_read_by_their_names_and_hide_functions() -> None:
    assert evaluate("$count + $x.y", count=1, x={"y": 2}) == 3


NOTHING: Final = (
    "$states.input.missing",
    "$states.input.name.missing",
    "$notAssigned",
    "$states.input.list[9]",
    "$states.input.list[$ > 9]",
    "$states.nothing",
    "()",
)


@pytest.mark.parametrize("source", NOTHING)
def test_an_expression_gives_nothing(source: str) -> None:
    with pytest.raises(jsonata.NoResult) as raised:
        evaluate(source)

    assert not raised.value.function


def test_a_function_is_no_result() -> None:
    with pytest.raises(jsonata.NoResult) as raised:
        evaluate("$sum")

    assert raised.value.function


FAILURES: Final = {
    "$eval('1')": "T1006: Attempted to invoke a non-function",
    "$randomSeeded(1)": "T1006: Attempted to invoke a non-function",
    "sum([1])": "T1005: Attempted to invoke a non-function. Did you mean $sum?",
    "1 + 'a'": 'T2002: The right side of the "+" operator must evaluate to a number',
    "'a' - 1": 'T2001: The left side of the "-" operator must evaluate to a number',
    "1 < 'a'": 'T2009: The values 1 and "a" either side of operator "<" must be of the same data type',
    "-'a'": 'D1002: Cannot negate a non-numeric value: "a"',
    "{1: 2}": "T1003: Key in object structure must evaluate to a string; got: 1",
    "$sum(['a'])": 'T0412: Argument 1 of function "sum" must be an array of "numbers"',
    "$abs('a')": 'T0410: Argument 1 of function "abs" does not match function signature',
    "$number('x')": 'D3030: Unable to cast value to a number: "x"',
    "$sqrt(-1)": "D3060: The sqrt function cannot be applied to a negative number: -1",
    "$error('no stock')": "D3137: no stock",
    "$assert(false, 'must be')": "D3141: must be",
    "$single([1, 2])": "D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.",
    "[1..3] ~> 4": "T2006: The right side of the function application operator ~> must be a function",
    "$toMillis('today')": 'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "today"',
    "$formatNumber(1, 'x')": (
        "D3086: The sub-picture must not contain a passive character that is preceded by an active character and that"
        " is followed by another active character"
    ),
    "$partition([1], -1)": "D3137: The chunk size of the partition function must be a positive number",
    "$hash('a', 'CRC')": (
        "D3137: The hash function knows the algorithms MD5, SHA-1, SHA-256, SHA-384, SHA-512, not CRC"
    ),
    "$decodeUrl('%E0%A4%A')": 'D3140: Malformed URL passed to $decodeUrl(): "%E0%A4%A"',
}


@pytest.mark.parametrize("source", FAILURES)
def test_an_expression_fails_with(source: str) -> None:
    with pytest.raises(jsonata.EvaluationFailed) as raised:
        evaluate(source)

    assert f"{raised.value.code}: {raised.value.message}" == FAILURES[source]


REFUSED: Final = {
    "": "Unexpected end of expression",
    "1 +": "Unexpected end of expression",
    "a[1,2)": 'Expected "]", got ","',
    '"unterminated': "String literal must be terminated by a matching quote",
    '{"a":}': 'The symbol "}" cannot be used as a unary operator',
    "$x :=": "Unexpected end of expression",
    '$match("a", /abc': "No terminating / in regular expression",
    "phone %.other": 'The symbol "." cannot be used as a unary operator',
    "1 := 2": "The left side of := must be a variable name (start with $)",
    "$states.1": "The literal value 1 cannot be used as a step within a path expression",
    "/a{2,1}/": "Invalid regular expression: /a{2,1}/: numbers out of order in {} quantifier",
    "(" * 500: "The expression nests deeper than 120 levels",
}


@pytest.mark.parametrize("source", REFUSED, ids=lambda source: source[:20])
def test_a_text_is_no_expression(source: str) -> None:
    with pytest.raises(jsonata.InvalidExpression) as raised:
        jsonata.compile(source)

    assert raised.value.message == REFUSED[source]


TOP_LEVEL: Final = {
    "phone": ["phone"],
    "phone.number & $states.input.name": ["phone"],
    "$": ["$"],
    "$.a": ["$"],
    "$$.a": ["$$"],
    "$map($states.input.list, function($x) { rate })": ["rate"],
    "{kind: 1}": ["kind"],
    "$states.input.list[$ > limit]": [],
    "$states.input.orders.(id & $.id)": [],
    "$states.input.orders^(id)": [],
    "$states.input.orders{id: items}": [],
    "$states.input ~> |deep|{'a': b}|": [],
}


@pytest.mark.parametrize("source", TOP_LEVEL)
def test_what_an_expression_reads_without_anything_at_hand(source: str) -> None:
    assert jsonata.compile(source).uses.top_level == TOP_LEVEL[source]


LIMITS: Final = {
    "($f := function() { $f() }; $f())": "Expression evaluation timeout: Check for infinite loop",
    "($f := function($x) { 1 + $f($x) }; $f(1))": (
        "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
    ),
    "+".join(["1"] * 101): (
        "Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
    ),
    "$match($pad('', 5000, 'a'), /(a+)+$b/)": "Expression evaluation timeout: Check for infinite loop",
    **dict.fromkeys(
        (
            "[1..873783] ~> $count()",
            "$pad('x', 1000000000)",
            "($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 23)))",
            "($p := function($s, $n) { $n = 0 ? $s : $p({'a': $s, 'b': $s}, $n - 1) }; $p(1, 40))",
            "($p := function($s, $n) { $n = 0 ? $s : $p({'a': $s, 'b': $s}, $n - 1) }; $p(1, 40) = $p(1, 40))",
            "[1..10000].$states.input",
        ),
        "Expression evaluation memory limit exceeded: Check for excessive memory usage",
    ),
}


@pytest.mark.parametrize("source", LIMITS, ids=lambda source: source[:60])
def test_an_expression_may_not_cost_more_than_allowed(source: str) -> None:
    large = {"rows": [{"text": "x" * 100} for _ in range(20)]}

    with pytest.raises(jsonata.LimitExceeded) as raised:
        evaluate(source, large)

    assert raised.value.message == LIMITS[source]


WITHIN_LIMITS: Final = {
    "[1..873782] ~> $count()": 873782,
    "($p := function($s, $n) { $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 22)))": 4194304,
    "+".join(["1"] * 100): 100,
    "$count($map([1..20000], function($x) { $x * 2 }))": 20000,
}


@pytest.mark.parametrize("source", WITHIN_LIMITS, ids=lambda source: source[:60])
def test_an_expression_may_cost_what_aws_allows(source: str) -> None:
    assert evaluate(source) == WITHIN_LIMITS[source]


def test_the_same_moment_gives_the_same_chance() -> None:
    source = "[$random(), $uuid(), $shuffle([1..9])]"

    assert evaluate(source) == evaluate(source)


# Whatever people write.

_PIECES: Final = [
    "$",
    "$$",
    "$states",
    "$states.input",
    ".a",
    ".b",
    "[0]",
    "[-1]",
    "[a]",
    "[]",
    "{",
    "}",
    "'a':1",
    "(",
    ")",
    ";",
    ",",
    "1",
    "2.5",
    "-1",
    "'x'",
    "/a+/",
    "null",
    "true",
    "$x",
    ":=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "&",
    "=",
    "!=",
    "<",
    ">=",
    "in",
    "and",
    "or",
    "?",
    ":",
    "~>",
    "^(",
    ">",
    ")",
    "@$v",
    "#$i",
    "..",
    "|a|{}|",
    "function($a,$b){$a}",
    "$map(",
    "$sum(",
    "$string(",
    "$filter(",
    "$reduce(",
    "$sort(",
    "$match(",
    "$split(",
    "$toMillis(",
    "$fromMillis(",
    "$formatNumber(",
    "$formatInteger(",
    "$pad(",
    "$range(",
    "$parse(",
    "$partition(",
    "$lookup(",
    "$each(",
    "$zip(",
    "$hash(",
    "'[Y]-[M01]'",
    "'#0.0'",
    "$not(",
    "$distinct(",
    "$append(",
    "λ($q){",
    "$q(",
    "$round(",
    "$substring(",
    "$base64decode(",
    "$power(",
    "1e300",
    "-1e300",
    "0",
    "$number(",
    "$shuffle(",
    "$sift(",
    "$clone(",
    "$keys(",
    "$spread(",
    "$single(",
]

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "1"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=9).map(" ".join) | st.text(max_size=20), documents)
@example("$fromMillis(0, '[Y,*-9999999999]')", None)
@example("$distinct([$sum, $sum])", None)
def test_no_text_crashes_the_evaluator(source: str, document: Any) -> None:
    try:
        expression = jsonata.compile(source)
    except jsonata.InvalidExpression as error:
        assert error.message
        return
    try:
        dump(evaluate(source, document, x=document))
    except (jsonata.EvaluationFailed, jsonata.LimitExceeded) as error:
        assert error.message
    except jsonata.NoResult:
        pass
    assert expression.source == source


_CALLS: Final = tuple(sorted(BUILT_IN))
_ARGUMENTS: Final = (
    "$states.input", "$x", "1", "-1.5", "1e300", "1e-300", "0", "''", "'a'", "'[Y0001]-[M01]-[D01]'", "'#,##0.00;(0)'", "'Ww;o'",
    "'00'", "'0.0e0'", "[]", "[1,2]", "['b','a']", "[[1],[2]]", "{}", "{'a':1}", "null", "true", "/a*b?/", "function($a){$a}",
    "function($a,$b){$a}", "$sum", "$states.missing", "'[h]:[m] [P]'", "'+0100'", "'SHA-256'", "'😀'", "1700000000000", "{'decimal-separator':''}", "{'zero-digit':''}",
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(_CALLS), st.lists(st.sampled_from(_ARGUMENTS), max_size=4), documents)
def test_no_argument_crashes_a_function(name: str, arguments: list[str], document: Any) -> None:
    try:
        dump(evaluate(f"${name}({', '.join(arguments)})", document, x=document))
    except (jsonata.EvaluationFailed, jsonata.LimitExceeded) as error:
        assert error.message
    except jsonata.NoResult:
        pass


# The oracle


APART: Final = {
    "a result that is a function: AWS's answer is not known": (
        "$sum",
        "[$sum, 1]",
        '{"fn":$sum}',
        '{"fn":function($x){$x}}',
    ),
    "AWS writes numbers that are not finite as texts": ("1/0", "0/0", "-1/0", "[1/0]", "1e308*10"),
}


def apart(case: dict[str, Any]) -> str | None:
    if str(case.get("error")).startswith("Cannot read properties"):
        return "an error of the JavaScript host; ours has a code of JSONata's"
    return next((reason for reason, sources in APART.items() if case["expr"] in sources), None)


def oracle() -> tuple[list[Any], list[Any]]:
    data = conformance.oracle("jsonata/jsonata-js-2.0.6")
    return (data["bindings"], data["cases"]) if data else ([], [])


BINDINGS, CASES = oracle()


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("number", "case"),
    [pytest.param(number, case, id=str(number)) for number, case in enumerate(CASES)]
    or [pytest.param(0, None, id="no-data", marks=pytest.mark.skip(reason=conformance.WHY_SKIPPED))],
)
def test_an_expression_gives_what_jsonata_js_gives(number: int, case: dict[str, Any]) -> None:
    bindings = {} if case["bindings"] is None else BINDINGS[case["bindings"]]
    got: dict[str, Any] = {}
    try:
        value = jsonata.compile(case["expr"]).evaluate(bindings, NOW, lambda: Random(1))
        got["value"] = json.dumps(value)
    except (jsonata.InvalidExpression, jsonata.EvaluationFailed) as error:
        got["error"] = error.code
    except jsonata.NoResult as error:
        got["function" if error.function else "undefined"] = True
    wanted = {name: case[name] for name in ("value", "error", "undefined") if name in case}
    if "value" in wanted:
        wanted["value"] = json.dumps(wanted["value"])
    agrees = got == wanted

    assert agrees is (apart(case) is None), (number, case["expr"], got, wanted)
