"""Which variables each state reads: what DescribeStateMachine calls ``variableReferences``.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html; the
records show that what a state assigns does not count, and that states inside Map and Parallel are listed
beside the outer ones.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from stepwright.asl import jsonata
from stepwright.asl.json_types import Json

# Templates hold data: in them only keys that end in ".$" name expressions, and a key "SecondsPath" is just a key.
_TEMPLATES: Final = frozenset(
    {"Parameters", "ItemSelector", "ResultSelector", "Assign", "Credentials", "Arguments", "ItemBatcher"}
)
_SCOPES: Final = frozenset({"Iterator", "ItemProcessor", "Branches"})
_NO_EXPRESSIONS: Final = frozenset({"Result", "ResultPath", "Comment"})

_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_VARIABLE: Final = re.compile(r"(?<![\w$])\$([^\W\d]\w*)")
_JSONATA: Final = re.compile(r"\{%(.*)%\}", re.DOTALL)


def variable_references(definition: Json) -> dict[str, list[str]]:
    """Names by state, sorted, of a valid definition; states that read none are left out."""
    assert isinstance(definition, dict)
    language = definition.get("QueryLanguage", "JSONPath")
    references: dict[str, list[str]] = {}
    scopes: deque[Json] = deque([definition])
    while scopes:
        scope = scopes.popleft()
        states = scope.get("States") if isinstance(scope, dict) else None
        for name, state in states.items() if isinstance(states, dict) else ():
            if not isinstance(state, dict):
                continue
            scopes += _nested(state)
            read = _in_jsonata if state.get("QueryLanguage", language) == "JSONata" else _in_jsonpath
            found = set(read({key: value for key, value in state.items() if key not in _SCOPES}))
            if found:
                references[name] = sorted(found)
    return references


def _nested(state: dict[str, Json]) -> Iterator[Json]:
    for key in _SCOPES & state.keys():
        scope = state[key]
        yield from scope if isinstance(scope, list) else [scope]


def _in_jsonpath(value: Json, *, template: bool = False) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _in_jsonpath(item, template=template)
    if not isinstance(value, dict):
        return
    for key, member in value.items():
        if isinstance(member, str):
            is_path = key.endswith("Path") or key == "Variable"
            if key.endswith(".$") or (is_path and not template and key not in _NO_EXPRESSIONS):
                yield from _VARIABLE.findall(_QUOTED.sub("", member))
        elif template or key not in _NO_EXPRESSIONS:
            yield from _in_jsonpath(member, template=template or key in _TEMPLATES)


def _in_jsonata(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _in_jsonata(item)
    elif isinstance(value, dict):
        for member in value.values():
            yield from _in_jsonata(member)
    elif isinstance(value, str) and (found := _JSONATA.fullmatch(value)):
        try:
            yield from jsonata.compile(found[1]).uses.variables - {"states"}
        except jsonata.InvalidExpression:
            return
