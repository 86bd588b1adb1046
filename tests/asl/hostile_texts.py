"""Families of definitions that are long in one way each: ``text(size)`` gives about that many characters.

Whether they are valid does not matter here, only what it costs to find out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json

_PLAIN: Final = '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}'


def _machine(state: Mapping[str, Json], **others: Json) -> str:
    return json.dumps({"StartAt": "A", "States": {"A": {"End": True, **state}}, **others})


def _pass(**fields: Json) -> str:
    return _machine({"Type": "Pass", **fields})


def _jsonata(output: Json) -> str:
    return _machine({"Type": "Pass", "Output": output}, QueryLanguage="JSONata")


def _states(size: int, state: str) -> str:
    count = size // (len(state) + 10)
    return '{"StartAt":"s0","States":{' + ",".join(f'"s{i}":{state}' for i in range(count)) + "}}"


def _repeated(unit: str, size: int, separator: str = "") -> str:
    return separator.join([unit] * (size // (len(unit) + len(separator))))


def _nested_keys(size: int) -> Json:
    """Keys of a twentieth of all in each other, and the rest of it inside."""
    value: Json = {f"k{i}.$": "$.a" for i in range(size // 30)}
    for _ in range(10):
        value = {"k" * (size // 20): value}
    return value


def _chain(size: int) -> str:
    count = size // 40
    states = {f"s{i}": {"Type": "Pass", "Next": f"s{i + 1}"} for i in range(count)}
    return json.dumps({"StartAt": "s0", "States": {**states, f"s{count}": {"Type": "Succeed"}}})


def _scopes(size: int) -> str:
    """Many variables, and many scopes within that could assign to them."""
    variables: dict[str, Json] = {f"v{i}": i for i in range(size // 40)}
    inner = {"StartAt": "i", "States": {"i": {"Type": "Pass", "Assign": {"w": 1}, "End": True}}}
    parallel = {"Type": "Parallel", "Assign": variables, "Branches": [inner] * (size // 150), "End": True}
    return json.dumps({"StartAt": "A", "States": {"A": parallel}})


def _deep_scopes(size: int) -> str:
    scope: Any = {"StartAt": "z", "States": {f"z{i}": {"Type": "Succeed"} for i in range(size // 60)}}
    for level in range(20):
        state = {"Type": "Parallel", "Branches": [scope], "End": True}
        scope = {"StartAt": f"p{level}", "States": {f"p{level}": state}}
    return json.dumps(scope)


def _catchers(size: int) -> str:
    catch: Json = [{"ErrorEquals": [f"E{i}"], "Next": "A"} for i in range(size // 45)]
    return _machine({"Type": "Task", "Resource": "k8s:job", "Catch": catch})


FAMILIES: Final[Mapping[str, Callable[[int], str]]] = {
    "blanks before": lambda size: " " * size + _PLAIN,
    "blanks after": lambda size: _PLAIN + "\n" * size,
    "blanks inside": lambda size: _PLAIN.replace(":{", ":{" + " " * (size // 2)),
    "blanks and an error": lambda size: _PLAIN.replace("End", "Ende") + " " * size,
    "equal keys": lambda size: (
        '{"StartAt":"s","States":{' + _repeated('"s":{"Type":"Succeed"}', size, ",") + "}}"
    ),
    "empty states": lambda size: _states(size, "{}"),
    "unreachable states": lambda size: _states(size, '{"Type":"Succeed"}'),
    "states without an end": lambda size: _states(size, '{"Type":"Pass"}'),
    "states that lead nowhere": lambda size: _states(size, '{"Type":"Pass","Next":"nowhere"}'),
    "states with lines in them": lambda size: _states(size, "{" + "\n" * 100 + '"Type":"Pass"}'),
    "a chain of states": _chain,
    "unknown fields": lambda size: _pass(**{f"Resultt{i:06}": 1 for i in range(size // 20)}),
    "a long name": lambda size: json.dumps({"StartAt": "A", "States": {"n" * size: {"Type": "Pass"}}}),
    "a long name with much in it": lambda size: json.dumps(
        {
            "StartAt": "A",
            "States": {"n" * (size // 2): {"Type": "Pass", **{f"f{i}": 1 for i in range(size // 20)}}},
        }
    ),
    "long keys in each other": lambda size: _pass(Parameters=_nested_keys(size)),
    "long keys in each other, JSONata": lambda size: _jsonata(
        json.loads(json.dumps(_nested_keys(size)).replace("$.a", "{% 1 %}"))
    ),
    "bad paths under long keys": lambda size: _pass(
        Parameters=json.loads(json.dumps(_nested_keys(size)).replace("$.a", "$["))
    ),
    "opening brackets": lambda size: "[" * size,
    "nested objects": lambda size: '{"a":' * (size // 6) + "1" + "}" * (size // 6),
    "empty objects": lambda size: _pass(Parameters=[{}] * (size // 4)),
    "a text of quotes": lambda size: _pass(Comment='"' * (size // 2)),
    "a text of backslashes": lambda size: _pass(Comment="\\" * (size // 2)),
    "an open text": lambda size: '{"' + "a\\" * (size // 2),
    "open texts": lambda size: '{"a"' * (size // 4),
    "numbers": lambda size: _pass(Result=list(range(size // 7))),
    "a long number": lambda size: '{"a":' + "1" * size + "}",
    "a long fraction": lambda size: '{"a":0.' + "1" * size + "}",
    "comments": lambda size: _states(size, '{"Type":"Succeed","Comment":"' + "c" * 60 + '"}'),
    "placeholders": lambda size: _states(size, '{"Type":"Wait","Seconds":"${Seconds}","End":true}'),
    "half a placeholder": lambda size: _pass(Comment="${" * (size // 2), Result="${" + "a" * (size // 2)),
    "surrogates": lambda size: '{"a":"' + "\\ud800" * (size // 6) + '"}',
    "a deep path": lambda size: _pass(InputPath="$" + ".a" * (size // 2)),
    "a deep path in brackets": lambda size: _pass(InputPath="$" + "['a']" * (size // 5)),
    "a path of opening brackets": lambda size: _pass(InputPath="$" + "[" * size),
    "a path of filters": lambda size: _pass(InputPath="$" + "[?(@.a==1)]" * (size // 11)),
    "a filter of terms": lambda size: _pass(InputPath="$[?(" + _repeated("@.a==1", size, "&&") + ")]"),
    "a filter of brackets": lambda size: _pass(InputPath="$[?(" + "(" * size),
    "a filter of quotes": lambda size: _pass(InputPath="$[?(@.a=='" + "\\'" * (size // 2) + "')]"),
    "a filter in a filter": lambda size: _pass(InputPath="$" + "[?(@.a" * (size // 6) + ")]" * (size // 6)),
    "a path of scripts": lambda size: _pass(InputPath="$" + "[(@.length-1)]" * (size // 15)),
    "half a script": lambda size: _pass(InputPath="$[(@.length" + " " * size),
    "long paths": lambda size: _pass(
        Parameters={f"p{i}.$": f"$.a{i}" + ".a" * 400 for i in range(size // 820)}
    ),
    "many paths": lambda size: _pass(Parameters={f"p{i}.$": f"$.a{size}.b{i}" for i in range(size // 20)}),
    "a reference path": lambda size: _pass(ResultPath="$" + ".a" * (size // 2)),
    "a long call": lambda size: _pass(Parameters={"x.$": "States.Array(" + _repeated("1", size, ",") + ")"}),
    "many calls": lambda size: _pass(
        Parameters={f"p{i}.$": f"States.Format('{{}}', {size + i})" for i in range(size // 40)}
    ),
    "calls in calls": lambda size: _pass(Parameters={"x.$": "States.Array(" * (size // 13)}),
    "Choice rules": lambda size: _machine(
        {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "A"}] * (size // 50)}
    ),
    "Choice rules in each other": lambda size: _machine(
        {
            "Type": "Choice",
            "Choices": [{"Or": [{"And": [{"Variable": "$.a", "IsNull": True}] * (size // 40)}], "Next": "A"}],
        }
    ),
    "catchers": _catchers,
    "variables and scopes": _scopes,
    "scopes in each other": _deep_scopes,
    "JSONata: a sum": lambda size: _jsonata("{% " + _repeated("1", size, "+") + " %}"),
    "JSONata: an array": lambda size: _jsonata("{% [" + _repeated("1", size, ",") + "] %}"),
    "JSONata: an object": lambda size: _jsonata("{% {" + _repeated('"a":1', size, ",") + "} %}"),
    "JSONata: a block": lambda size: _jsonata("{% (" + _repeated("$a:=1", size, ";") + ") %}"),
    "JSONata: opening brackets": lambda size: _jsonata("{% " + "(" * size + " %}"),
    "JSONata: a path": lambda size: _jsonata("{% $states.input" + ".a" * (size // 2) + " %}"),
    "JSONata: predicates": lambda size: _jsonata("{% $states.input.a" + "[0]" * (size // 3) + " %}"),
    "JSONata: groups": lambda size: _jsonata("{% $states.input.a" + "{a:b}" * (size // 5) + " %}"),
    "JSONata: comments": lambda size: _jsonata("{% " + "/* c */" * (size // 7) + "1 %}"),
    "JSONata: an open comment": lambda size: _jsonata("{% 1 " + "/*" * (size // 2) + " %}"),
    "JSONata: open comments": lambda size: _jsonata("{% " + "1 /" * (size // 3) + " %}"),
    "JSONata: a text": lambda size: _jsonata("{% '" + "a\\n" * (size // 3) + "' %}"),
    "JSONata: an open text": lambda size: _jsonata("{% '" + "a" * size + " %}"),
    "JSONata: a number": lambda size: _jsonata("{% " + "1" * size + " %}"),
    "JSONata: a regular expression": lambda size: _jsonata("{% $match('a', /" + "a?" * (size // 2) + "/) %}"),
    "JSONata: regular expressions": lambda size: _jsonata("{% [" + _repeated("/a*b/", size, ",") + "] %}"),
    "JSONata: repeated repetitions": lambda size: _jsonata(
        "{% $match('a', /" + "(" * (size // 8) + "a" + "){1,9}" * (size // 8) + "/) %}"
    ),
    "JSONata: a class of characters": lambda size: _jsonata(
        "{% $match('a', /[" + "a-z" * (size // 3) + "]/) %}"
    ),
    "JSONata: a signature": lambda size: _jsonata("{% function($a)<" + "(" * size + ">{1} %}"),
    "JSONata: a function's parameters": lambda size: _jsonata(
        "{% function(" + _repeated("$a", size, ",") + "){1} %}"
    ),
    "JSONata: functions in each other": lambda size: _jsonata("{% " + "function(){" * (size // 11) + " %}"),
    "JSONata: a chain": lambda size: _jsonata("{% 1" + "~>$string" * (size // 9) + " %}"),
    "JSONata: conditions": lambda size: _jsonata("{% " + "a?b:" * (size // 4) + "c %}"),
    "JSONata: signs": lambda size: _jsonata("{% " + "-" * size + "1 %}"),
    "JSONata: parents": lambda size: _jsonata("{% a" + ".%" * (size // 2) + " %}"),
    "JSONata: a sort": lambda size: _jsonata("{% a^(" + _repeated("b", size, ",") + ") %}"),
    "JSONata: sorts": lambda size: _jsonata("{% a" + "^(b)" * (size // 4) + " %}"),
    "JSONata: bindings": lambda size: _jsonata("{% a" + "@$b#$c" * (size // 6) + " %}"),
    "JSONata: many expressions": lambda size: _jsonata({f"f{i}": "{% $a + 1 %}" for i in range(size // 25)}),
    "JSONata: many conditions": lambda size: _machine(
        {"Type": "Choice", "Choices": [{"Condition": "{% $a %}", "Next": "A"}] * (size // 45)},
        QueryLanguage="JSONata",
    ),
}
