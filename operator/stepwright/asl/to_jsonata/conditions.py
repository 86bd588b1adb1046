"""Conditions of Choice rules in JSONata. Where a value is not of an operator's type the comparison is false, as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.choice_rules import string_matches
from stepwright.asl.choice_rules.operators import OPERATORS
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.to_jsonata import sources
from stepwright.asl.to_jsonata.expressions import Sight
from stepwright.asl.to_jsonata.remarks import Remarks
from stepwright.asl.to_jsonata.templates import by_expression

FIELDS: Final = frozenset(OPERATORS) | {"Variable", "And", "Or", "Not"}
"""Of a rule, those that make up its condition."""

_SIGNS: Final = {
    "LessThanEquals": "<=",
    "GreaterThanEquals": ">=",
    "LessThan": "<",
    "GreaterThan": ">",
    "Equals": "=",
}
_COMPARED: Final = re.compile(
    r"(?P<kind>String|Numeric|Boolean|Timestamp)"
    r"(?P<order>LessThanEquals|GreaterThanEquals|LessThan|GreaterThan|Equals)(?P<path>Path)?"
)
_TYPES: Final = {"String": "string", "Numeric": "number", "Boolean": "boolean", "Timestamp": "string"}
_ASKED: Final = {"IsString": "string", "IsNumeric": "number", "IsBoolean": "boolean", "IsNull": "null"}
_TIMESTAMP: Final = r"/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/"
_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}/]")


def condition(rule: Mapping[str, Json], sight: Sight, pointer: Pointer, remarks: Remarks) -> str:
    """Its source. ``pointer``: of the field Condition."""
    for name, word in (("And", " and "), ("Or", " or ")):
        parts = rule.get(name)
        if isinstance(parts, list):
            return "(" + word.join(condition(_rule(each), sight, pointer, remarks) for each in parts) + ")"
    if isinstance(rule.get("Not"), Mapping):
        return sources.call("$not", condition(_rule(rule["Not"]), sight, pointer, remarks))
    operator = next((name for name in rule if name in OPERATORS), None)
    if operator is None or "Variable" not in rule:
        remarks.left(pointer, "The condition", "it compares nothing")
        return sources.failing("not converted")
    variable = by_expression(rule["Variable"], sight, pointer, remarks)
    if operator in _ASKED or operator in ("IsPresent", "IsTimestamp"):
        asked = _asked(operator, variable)
        return asked if rule[operator] is not False else sources.call("$not", asked)
    if operator == "StringMatches":
        return _matching(variable, rule[operator])
    return _compared(operator, variable, rule[operator], sight, pointer, remarks)


def _rule(of: Any) -> Mapping[str, Json]:
    return of if isinstance(of, Mapping) else {}


def _asked(operator: str, variable: str) -> str:
    if operator == "IsPresent":
        return sources.call("$exists", variable)
    if operator == "IsTimestamp":
        return f"({_is('string', variable)} and $contains({variable}, {_TIMESTAMP}))"
    return _is(_ASKED[operator], variable)


def _is(kind: str, variable: str) -> str:
    return f"({sources.call('$type', variable)} = {sources.text(kind)})"


def _matching(variable: str, pattern: Json) -> str:
    pieces = string_matches.pieces(pattern if isinstance(pattern, str) else "")
    regular = r"[\s\S]*".join(_SPECIAL.sub(lambda found: "\\" + found[0], piece) for piece in pieces)
    return f"({_is('string', variable)} and $contains({variable}, /^{regular}$/))"


def _compared(
    operator: str, variable: str, written: Json, sight: Sight, pointer: Pointer, remarks: Remarks
) -> str:
    found = _COMPARED.fullmatch(operator)
    assert found is not None
    kind = _TYPES[found["kind"]]
    by_path = found["path"] is not None
    operand = by_expression(written, sight, pointer, remarks) if by_path else sources.value(written)
    checks = [_is(kind, variable), *([_is(kind, operand)] if by_path else [])]
    if found["kind"] == "Timestamp":
        remarks.doubtful(pointer, f"{operator} was false for what is not a timestamp; now that is an error")
        variable, operand = (sources.call("$toMillis", each) for each in (variable, operand))
    compared = f"{variable} {_SIGNS[found['order']]} {operand}"
    if found["order"] == "Equals" and not by_path and found["kind"] != "Timestamp":
        return f"({compared})"
    return f"({' and '.join([*checks, compared])})"
