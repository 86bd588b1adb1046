"""What fuzzing begins with: the examples of this repository, every rule's own, and the recorded data where it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from tests.asl.definition.test_definition_properties import VALID
from tests.cli.test_run_mocked import MOCKS
from tests.data import conformance
from tests.fuzz.mutation import SEPARATOR

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"

_DOCUMENT: Final = {
    "a": {"b": [1, 2.5, "3", None, True, {"c": "x" * 20}], "d e": {"f": [[1], [2, [3]]]}},
    "items": [{"id": 1, "tag": "a"}, {"id": 2, "tag": "b"}, {"id": "3"}],
    "text": "The quick brown fox 2024-05-06T07:08:09Z",
    "deep": [[[[[[[[1]]]]]]]],
}
DOCUMENT: Final = json.dumps(_DOCUMENT)


@cache
def manifests() -> Sequence[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*/*.yaml"))]


@cache
def tests() -> Sequence[str]:
    """Files of tests, and files of mocks in AWS's format."""
    files = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*/*.test.yaml"))]
    return [*files, json.dumps(MOCKS), yaml.safe_dump(MOCKS)]


@cache
def definitions() -> Sequence[str]:
    own = [json.dumps(definition) for definition in VALID]
    examples = [
        json.dumps(document["spec"]["definition"], default=str)
        for text in manifests()
        for document in yaml.safe_load_all(text)
        if document.get("kind") == "StateMachine"
    ]
    known = (conformance.oracle("definitions/definitions") or []) + (
        conformance.oracle("definitions/validator_invalid") or []
    )
    published = [_text(case["definition"]) for case in known]
    recorded = [_text(record["definition"]) for record in conformance.records() if record.get("definition")]
    return own + examples + published + recorded


def _text(definition: Any) -> str:
    return definition if isinstance(definition, str) else json.dumps(definition)


@cache
def jsonata() -> Sequence[str]:
    oracle = conformance.oracle("jsonata/jsonata-js-2.0.6") or {"cases": []}
    published = [case["expr"] for case in oracle["cases"]]
    return [f"{expression}{SEPARATOR}{DOCUMENT}" for expression in (*_JSONATA, *published)]


@cache
def jsonpath() -> Sequence[str]:
    oracle = conformance.oracle("jsonpath/jayway-2.0.0") or {"cases": []}
    published = [case["path"] for case in oracle["cases"]]
    return [f"{path}{SEPARATOR}{DOCUMENT}" for path in (*_PATHS, *_INTRINSICS, *published)]


_PATHS: Final = (
    *(
        "$",
        "$.a.b[0]",
        "$..c",
        "$..*",
        "$.items[*].id",
        "$.items[?(@.id > 1)].tag",
        "$['a']['d e'].f[-1:]",
        "$.items[0,2]",
    ),
    *(
        "$.items[?(@.tag =~ /a.*/i || !(@.id in [1,2]))]",
        "$.a.b.length()",
        "$..id.sum()",
        "$.a.b[1:3]",
        "$.items.concat('x')",
    ),
    *(
        "$.items[?(@.id == $.a.b[0] && @.tag anyof ['a'])]",
        "$$.State.Name",
        "$x.y",
        "$.text",
        "$.a['b','d e']",
    ),
)
_INTRINSICS: Final = (
    "States.Format('{} and {}', $.text, States.JsonToString($.a))",
    "States.StringToJson($.text)",
    "States.Array(1, 'a', $.a, null, true)",
    "States.ArrayPartition($.a.b, 2)",
    "States.ArrayContains($.a.b, 1)",
    "States.ArrayRange(1, 1000, 1)",
    "States.ArrayGetItem($.a.b, 2)",
    "States.ArrayUnique($.a.b)",
    "States.Base64Encode($.text)",
    "States.Base64Decode('YQ==')",
    "States.Hash($.text, 'SHA-512')",
    "States.JsonMerge($.a, $.items[0], false)",
    "States.MathRandom(1, 9, 3)",
    "States.MathAdd(1, -2)",
    "States.StringSplit($.text, ' ,')",
    "States.UUID()",
)
_JSONATA: Final = (
    "$states.input.a.b[$ > 1]",
    "$states.input.items^(>id, tag){tag: id}",
    "$map([1..100], function($v, $i) { $v * $i }) ~> $sum()",
    "($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(20))",
    "($d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }; $length($d('ab', 15)))",
    "$match($states.input.text, /(\\w+) (?<y>\\d{4})?/i, 3)",
    "$replace($states.input.text, /[aeiou]+/, function($m) { $uppercase($m.match) })",
    "$states.input ~> |items|{'tag': $uppercase(tag)}, ['id']|",
    "$states.input.**.c[0] & $string($states.input, true)",
    "$fromMillis(1510067557121, '[Y0001]-[M01]-[D01] [h#1]:[m01][P] [z]', '+0530')",
    "$toMillis('2024 May 3rd', '[Y] [MNn] [D1o]')",
    "$formatNumber(12345.678, '#,##0.00;(#)') & $formatBase(255, 16) & $formatInteger(2789, 'w')",
    "$parseInteger('twelve thousand', 'w') + $number('0x1F')",
    "$sort([3, 1, 2], function($l, $r) { $l > $r }) ~> $reverse() ~> $join(',')",
    "$reduce([1..5], function($a, $b) { $a * $b }, 1)",
    "$each($states.input.a, function($v, $k) { {$k: $type($v)} }) ~> $merge()",
    "$partition([1..9], 4)[1] ~> $append($range(1, 9, 2))",
    "$hash('a', 'SHA-256') & $base64encode('ä') & $encodeUrlComponent('a b')",
    "$parse('{\"a\": [1, {}]}').a",
    "items@$i#$n.{'at': $n, 'up': %.a}",
    "$lookup($states.input, 'a') ? $keys($states.input.a) : $spread($states.input)",
    "$sift($states.input.a, λ($v, $k){$k = 'b'}) ~> $zip([1,2])",
    "$exists(a.b.c) and $boolean([0]) or $not(null) in [true, false]",
    "(function($x, $y)<n-n:n>{$x + $y})(1, 2)",
    "$split('a,b;c', /[,;]/) ~> $shuffle() ~> $count()",
    "$pad('a', -5, '#') & $substringBefore('a-b', '-') & $trim('  a  b ')",
    "$power(2, 10) + $sqrt(16) + $round(2.345, 2) - $floor(-1.5) % 3",
    "$distinct([1, 1, 'a', {'b': 1}, {'b': 1}]) ~> $filter(function($v){$type($v) = 'number'})",
    "$assert(true, 'no'); $error('no')",
)


@cache
def api() -> Sequence[str]:
    from stepwright.api import model
    from tests.api.test_any_request import ARNS, DEFINITIONS
    from tests.processes.dev import ROLE

    def filled(shape: Any, turn: int) -> Any:
        match shape.type_name:
            case "structure":
                return {
                    name: filled(member, turn)
                    for name, member in shape.members.items()
                    if turn or name in shape.required_members
                }
            case "list":
                return [filled(shape.member, turn)]
            case "integer" | "long":
                return 1 + turn
            case "boolean":
                return bool(turn)
            case "string" if shape.enum:
                return shape.enum[turn % len(shape.enum)]
        name = shape.name.lower()
        if "rolearn" in name:
            return ROLE
        if "arn" in name:
            return ARNS[turn % len(ARNS)]
        if "definition" in name:
            return DEFINITIONS[0]
        return "{}" if "data" in name or "input" in name or "output" in name else "m"

    return [
        f"{name}{SEPARATOR}{json.dumps(filled(model.input_shape(name), turn))}"
        for name in sorted(model.service().operation_names)
        for turn in range(4)
    ]
