"""Families of executions that cost much in one way each: a definition and an input."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json

BIG: Final[Json] = [{"id": i, "name": f"name {i}", "v": i % 97} for i in range(2_500)]
WORDS: Final = " ".join(f"word{i}" for i in range(20_000))
NUMBERS: Final[Json] = list(range(30_000))

Case = tuple[dict[str, Any], Json]


def _one(state: dict[str, Any], input: Json = None, **machine: Any) -> Case:
    return {"StartAt": "A", "States": {"A": {"End": True, **state}}, **machine}, input


def _jsonata(field: Json, input: Json = None) -> Case:
    return _one({"Type": "Pass", "Output": field}, input, QueryLanguage="JSONata")


def _fields(expression: str, input: Json = None, count: int = 20) -> Case:
    """So many fields of one state."""
    return _jsonata({f"x{i}": f"{{% {expression} %}}" for i in range(count)}, input)


def _states(expression: str, count: int = 8) -> Case:
    """So many states, one after the other."""
    states = {
        f"S{i}": {"Type": "Pass", "Output": {"x": f"{{% {expression} %}}"}, "Next": f"S{i + 1}"}
        for i in range(count)
    }
    end = {f"S{count}": {"Type": "Succeed"}}
    return {"QueryLanguage": "JSONata", "StartAt": "S0", "States": {**states, **end}}, None


def _map(expression: str, count: int = 15) -> Case:
    processor = {
        "StartAt": "B",
        "States": {"B": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}},
    }
    return _one(
        {"Type": "Map", "Items": f"{{% [1..{count}] %}}", "ItemProcessor": processor}, QueryLanguage="JSONata"
    )


def _selector(expression: str, count: int = 15, **fields: Any) -> Case:
    processor = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}, **fields}
    selector = {"x": f"{{% {expression} %}}"}
    return _one(
        {
            "Type": "Map",
            "Items": f"{{% [1..{count}] %}}",
            "ItemSelector": selector,
            "ItemProcessor": processor,
        },
        QueryLanguage="JSONata",
    )


def _paths(path: str, input: Json, count: int = 20) -> Case:
    return _one(
        {"Type": "Pass", "Parameters": {f"x{i}.$": path for i in range(count)}, "OutputPath": None}, input
    )


def _conditions(condition: str, count: int = 20) -> Case:
    rule = {"Condition": f"{{% {condition} %}}", "Next": "E"}
    choice = {"Type": "Choice", "Choices": [rule] * count, "Default": "E"}
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "C",
        "States": {"C": choice, "E": {"Type": "Succeed"}},
    }, None


def _rules(rule: Mapping[str, Json], input: Json, count: int = 300) -> Case:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "E"}] * count, "Default": "E"}
    return {"StartAt": "C", "States": {"C": choice, "E": {"Type": "Succeed"}}}, input


def _loop(state: dict[str, Any], input: Json, **machine: Any) -> Case:
    """A state again and again, for ever."""
    again = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.never", "IsPresent": True, "Next": "E"}],
        "Default": "A",
    }
    if machine:
        again = {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "E"}], "Default": "A"}
    states = {"A": {**state, "Next": "C"}, "C": again, "E": {"Type": "Succeed"}}
    return {"StartAt": "A", "States": states, **machine}, input


def _variables(count: int) -> Case:
    """Many variables, and many expressions that must have them in sight."""
    assign: dict[str, Json] = {f"v{i}": i for i in range(count)}
    states: dict[str, Any] = {"A": {"Type": "Pass", "Assign": assign, "Next": "S0"}}
    for i in range(20):
        output = {f"x{j}": "{% $v1 %}" for j in range(200)}
        states[f"S{i}"] = {"Type": "Pass", "Output": output, "Next": f"S{i + 1}"}
    states["S20"] = {"Type": "Succeed"}
    return {"QueryLanguage": "JSONata", "StartAt": "A", "States": states}, None


def _failing(count: int) -> Case:
    """Iterations that fail with a sentence about a large input."""
    state = {"Type": "Pass", "Parameters": {"x.$": "$.nowhere"}, "End": True}
    processor = {"StartAt": "B", "States": {"B": state}}
    return _one(
        {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemSelector": {"big.$": "$.big"},
            "ItemProcessor": processor,
            "ToleratedFailureCount": count,
        },
        {"items": list(range(count)), "big": WORDS},
    )


HOG: Final = "$count($map([1..600], function($v){ $string($v) & 'x' }))"

FAMILIES: Final[Mapping[str, Callable[[], Case]]] = {
    "fields of one state": lambda: _fields(HOG),
    "states": lambda: _states(HOG),
    "iterations": lambda: _map(HOG),
    "selectors of iterations": lambda: _selector(HOG),
    "selectors of child executions": lambda: _selector(
        HOG, ProcessorConfig={"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    ),
    "conditions": lambda: _conditions(f"{HOG} = 0"),
    "expressions in an array": lambda: _jsonata([f"{{% {HOG} %}}"] * 20),
    "recursion": lambda: _fields("($f := function($n){ $n > 0 ? $f($n - 1) : 0 }; $f(20000))"),
    "sorts": lambda: _fields("$count($sort([1..5000], function($a,$b){ $a < $b }))"),
    "sorts of long texts": lambda: _fields(
        "$count($sort([1..500].($pad('', 5000, 'é') & $string($)), function($a,$b){$a > $b}))"
    ),
    "orders": lambda: _fields("$count($states.input^(v, >name))", BIG),
    "groups": lambda: _fields("$count($keys($states.input{name: $sum(v)}))", BIG),
    "filters": lambda: _fields("$count($states.input[v = 3 or name = 'name 5'])", BIG),
    "joins": lambda: _fields("$count($states.input@$a.$states.input@$b[$a.id = $b.v])", BIG[:300]),  # type: ignore[index]
    "ranges": lambda: _fields("[1..870000]", count=100),
    "ranges of ranges": lambda: _fields("$count([1..300].([1..300]))"),
    "texts doubled": lambda: _fields(
        "($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $length($d('ab', 20)))", count=400
    ),
    "texts of texts": lambda: _fields("$length($string($string($string($states.input))))", BIG),
    "padding": lambda: _fields("$pad('', 6000000, 'x')", count=300),
    "small padding": lambda: _fields("$length($pad('', 60000, 'x'))", count=1_500),
    "equal texts": lambda: _fields(
        "($a := $pad('', 3000000, 'x') & 'y'; $b := $pad('', 3000000, 'x') & 'y'; $count([1..2000][$a = $b]))"
    ),
    "texts in order": lambda: _fields(
        "($a := $pad('', 300000, 'é') & 'y'; $b := $pad('', 300000, 'é') & 'y'; $count([1..500][$a < $b]))"
    ),
    "equal objects": lambda: _fields(
        "($a := $states.input.id; $b := $states.input.id; $count([1..100][$a = $b]))", BIG
    ),
    "regular expressions": lambda: _fields("$count($match($states.input, /word[0-9]+/))", WORDS),
    "regular expressions that go back": lambda: _fields("$contains($pad('', 100000, 'x'), /x*x*x*y/)"),
    "splitting": lambda: _fields("$count($split($states.input, ' '))", WORDS, count=60),
    "replacing": lambda: _fields("$length($replace($states.input, 'word', 'w'))", WORDS, count=60),
    "trimming": lambda: _fields("$length($trim($states.input))", WORDS, count=60),
    "encoding": lambda: _fields("$length($encodeUrlComponent($states.input))", WORDS, count=60),
    "hashing": lambda: _fields("$hash($states.input, 'SHA-512')", WORDS, count=300),
    "parsing": lambda: _fields("$count($parse($string($states.input)))", BIG, count=40),
    "dates": lambda: _fields("$count([1..3000].($fromMillis($ * 1000000)))"),
    "pictures": lambda: _fields("$count([1..1000].($fromMillis($ * 1000000, '[FNn], [MNn] [D1o] [Y]')))"),
    "numbers in words": lambda: _fields("$count([1..3000].($formatInteger($, 'w')))"),
    "formatted numbers": lambda: _fields("$count([1..3000].($formatNumber($ / 7, '#,##0.00')))"),
    "merging": lambda: _fields("$count($keys($merge([1..5000].{$string($): $})))"),
    "descendants": lambda: _fields("$count($states.input.**)", BIG),
    "transforming": lambda: _fields("$count($states.input ~> |$|{'z': 1}|)", BIG),
    "distinct": lambda: _fields("$count($distinct($states.input))", BIG),
    "shuffling": lambda: _fields("$count($shuffle($states.input))", NUMBERS),
    "sums": lambda: _fields("$sum($states.input)", NUMBERS, count=200),
    "many small expressions": lambda: _fields("1", count=2_500),
    "many references to large data": lambda: _fields("$states.input", BIG, count=1_000),
    "many variables": lambda: _variables(2_000),
    "a loop of large texts": lambda: _loop(
        {"Type": "Pass", "Output": "{% $pad($states.context.State.EnteredTime, 250000, 'x') %}"},
        None,
        QueryLanguage="JSONata",
    ),
    "a loop of large variables": lambda: _loop(
        {"Type": "Pass", "Assign": {"v": "{% $pad('', 250000, 'x') %}"}},
        None,
        QueryLanguage="JSONata",
    ),
    "a loop of large constants": lambda: _loop(
        {"Type": "Pass", "Parameters": {f"x{i}": {} for i in range(8_000)}, "ResultPath": None}, {}
    ),
    "a loop of large templates": lambda: _loop(
        {"Type": "Pass", "Parameters": {f"x{i}.$": "$.a" for i in range(4_000)}, "ResultPath": None},
        {"a": 1},
    ),
    "a loop of long paths": lambda: _loop(
        {"Type": "Pass", "InputPath": "$" + ".a" * 190, "ResultPath": None}, None
    ),
    "scans": lambda: _paths("$..id", BIG),
    "scans with filters": lambda: _paths("$..[?(@.id > 2498)]", BIG),
    "scans of scans": lambda: _paths("$..*..*", BIG),
    "filters of paths": lambda: _paths("$[?(@.name == 'name 5')]", BIG, count=200),
    "filters with the whole document": lambda: _paths("$[?(@.name == $[0].name)]", BIG, count=200),
    "filters with long texts": lambda: _paths(
        "$.a[?(@ == $.b)]", {"a": ["é" * 50_000] * 2, "b": "é" * 50_000}, 500
    ),
    "regular expressions of paths": lambda: _paths(
        "$.a[?(@.b =~ /.*x.*y/)]", {"a": [{"b": "x" * 4_000}] * 60}
    ),
    "alternatives of paths": lambda: _paths(
        "$.a[?(@.b =~ /(x|y).*(x|z).*(x|w)y/)]", {"a": [{"b": "x" * 500}] * 60}
    ),
    "slices": lambda: _paths("$[0:2499]", BIG, count=400),
    "StringSplit": lambda: _paths("States.ArrayLength(States.StringSplit($, ' '))", WORDS, count=200),
    "ArrayRange": lambda: _paths("States.ArrayRange(0, 999, 1)", None, count=1_500),
    "ArrayUnique": lambda: _paths("States.ArrayLength(States.ArrayUnique($))", BIG, count=100),
    "ArrayContains": lambda: _paths("States.ArrayContains($, $[2499])", BIG, count=500),
    "ArrayPartition": lambda: _paths("States.ArrayLength(States.ArrayPartition($, 1))", NUMBERS, count=100),
    "JsonMerge": lambda: _paths(
        "States.JsonMerge($, $, false)", {f"k{i}": i for i in range(10_000)}, count=300
    ),
    "JsonToString": lambda: _paths("States.JsonToString($)", BIG, count=200),
    "StringToJson": lambda: _paths(
        "States.StringToJson($)", "[" + ",".join(["{}"] * 50_000) + "]", count=100
    ),
    "Format": lambda: _paths("States.Format('{}{}{}{}', $, $, $, $)", WORDS, count=200),
    "Hash": lambda: _paths("States.Hash($, 'SHA-512')", "x" * 10_000, count=1_500),
    "Base64": lambda: _paths("States.Base64Encode($)", "x" * 10_000, count=1_500),
    "StringMatches": lambda: _rules({"Variable": "$", "StringMatches": "*" + "a*" * 20 + "b"}, "a" * 200_000),
    "StringEquals": lambda: _rules({"Variable": "$", "StringEqualsPath": "$$.Execution.Input"}, "é" * 80_000),
    "IsTimestamp": lambda: _rules({"Variable": "$", "IsTimestamp": True}, "2020" * 50_000),
    "rules": lambda: _rules({"Variable": "$.a.b", "NumericEquals": 1}, {"a": {"b": 2}}, count=4_000),
    "rules with paths": lambda: _rules(
        {"Variable": "$[2499].id", "NumericEqualsPath": "$[0].id"}, BIG, 1_500
    ),
    "failures with large causes": lambda: _failing(200),
}
