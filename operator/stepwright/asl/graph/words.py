"""What is written beside nodes and edges: conditions, errors and resources, in a few words.

``console/src/graph/words.ts`` says the same, to the letter.
"""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.jsonata.text import of_number

LONGEST: Final = 120
"""Characters of a label; what is longer ends with an ellipsis."""

_DEEPEST: Final = 8
_COMPARED: Final = re.compile(
    r"(?:String|Numeric|Boolean|Timestamp)(Equals|LessThanEquals|LessThan|GreaterThanEquals|GreaterThan)(Path)?"
)
_SIGNS: Final = {
    "Equals": "==",
    "LessThan": "<",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "GreaterThanEquals": ">=",
}
_ASKED: Final = {
    "IsBoolean": "a boolean",
    "IsNull": "null",
    "IsNumeric": "a number",
    "IsPresent": "present",
    "IsString": "a string",
    "IsTimestamp": "a timestamp",
}
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_EXPRESSION: Final = re.compile(r"\{%(.*)%\}", re.DOTALL)
_INTEGRATION: Final = re.compile(r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(.*)", re.DOTALL)
_FUNCTION: Final = re.compile(r"arn:aws[a-z-]*:lambda:[^:]*:[^:]*:(function:.*)", re.DOTALL)


def of_rule(rule: dict[str, Json]) -> str:
    """``$.total > 100 and $.country == "NO"``; empty if it is not a condition."""
    return _short(_condition(rule, 0))


def of_catcher(catcher: dict[str, Json]) -> str:
    """``States.Timeout, Job.Failed``."""
    errors = catcher.get("ErrorEquals")
    return _short(
        ", ".join(error for error in errors if isinstance(error, str)) if isinstance(errors, list) else ""
    )


def of_state(state: Json) -> str:
    """What distinguishes it from others of its type: what a Task calls, how long a Wait waits, the error of a Fail."""
    if not isinstance(state, dict):
        return ""
    match state.get("Type"):
        case "Task":
            return _short(_resource(_first(state, "Resource")))
        case "Wait":
            seconds = state.get("Seconds")
            if isinstance(seconds, int | float) and not isinstance(seconds, bool):
                return f"{of_number(seconds)} s"
            return _short(_first(state, "Seconds", "SecondsPath", "Timestamp", "TimestampPath"))
        case "Fail":
            return _short(_first(state, "Error", "ErrorPath"))
        case "Map":
            processor = state.get("ItemProcessor")
            config = processor.get("ProcessorConfig") if isinstance(processor, dict) else None
            return "distributed" if isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED" else ""
    return ""


def _first(state: dict[str, Json], *names: str) -> str:
    return next((_expression(text) for name in names if isinstance(text := state.get(name), str)), "")


def _resource(text: str) -> str:
    found = _INTEGRATION.fullmatch(text) or _FUNCTION.fullmatch(text)
    return found[1] if found else text


def _expression(text: str) -> str:
    found = _EXPRESSION.fullmatch(text)
    return found[1] if found else text


def _condition(rule: Json, depth: int) -> str:
    if not isinstance(rule, dict):
        return ""
    if depth > _DEEPEST:
        return "..."
    if isinstance(condition := rule.get("Condition"), str | bool):
        return _expression(condition) if isinstance(condition, str) else _operand(condition, named=False)
    for name, word in (("And", " and "), ("Or", " or ")):
        if isinstance(parts := rule.get(name), list):
            return _joined(parts, word, depth)
    if isinstance(inner := rule.get("Not"), dict):
        return f"not ({_condition(inner, depth + 1) or '?'})"
    return _comparison(rule)


def _joined(parts: list[Json], word: str, depth: int) -> str:
    text = ""
    for index, part in enumerate(parts):
        said = _condition(part, depth + 1) or "?"
        if isinstance(part, dict) and (isinstance(part.get("And"), list) or isinstance(part.get("Or"), list)):
            said = f"({said})"
        text += (word if index else "") + said
        if len(text) > 2 * LONGEST:
            break  # the rest is cut off anyway
    return text


def _comparison(rule: dict[str, Json]) -> str:
    variable = rule.get("Variable")
    if not isinstance(variable, str):
        return ""
    for name, operand in rule.items():
        if found := _COMPARED.fullmatch(name):
            return f"{variable} {_SIGNS[found[1]]} {_operand(operand, named=found[2] is not None)}"
        if name == "StringMatches":
            return f"{variable} matches {_operand(operand, named=False)}"
        if name in _ASKED:
            return (
                f"{variable} is {_ASKED[name]}"
                if operand is not False
                else f"{variable} is not {_ASKED[name]}"
            )
    return ""


def _operand(value: Json, *, named: bool) -> str:
    """``named``: a path to what is compared with."""
    if isinstance(value, str):
        return value if named else f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return of_number(value)
    return "null" if value is None else "..."


def _short(text: str) -> str:
    flat = _SPACE.sub(" ", text).strip(" ")
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"
