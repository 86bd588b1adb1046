"""One field of a state, tried on given data: a path, an intrinsic function, a payload template, JSONata."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Final

from stepwright.asl.data import Data, Expression, States
from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, StateError
from stepwright.asl.fields import jsonata_fields, path_expression, payload_template
from stepwright.asl.fields.jsonata_fields import InvalidQuery
from stepwright.asl.fields.payload_template import InvalidTemplate
from stepwright.asl.intrinsics import InvalidIntrinsic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.jsonpath import InvalidPath
from stepwright.asl.meter import Meter
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.console.models import Finding, ToTry, Tried

MOST_BYTES: Final = 64 * 1024
"""Of an expression."""
MOST_DATA_BYTES: Final = 1024 * 1024
"""Of each text of data: input and result have 256 KiB at most, variables and the context object that has the input are larger."""
SHOWN_CHARACTERS: Final = 64 * 1024
"""Of a value: an editor shows its beginning."""

_SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
_FIELD: Final = "Output"
_ROOT: Final = Pointer("")


class Unreadable(ValueError):  # noqa: N818 - it names a condition
    """Which of the texts is no JSON, and why."""


def tried(given: ToTry, now: int) -> Tried:
    """What the field gives, with the limits of the engine: of work, not of time, so that what has a value here has it there; and
    seconds at most. ``now``: in milliseconds. What is random is the same each time. Raises Unreadable."""
    field = _read("value", given.value, MOST_BYTES)
    data = {
        name: _read(name, text, MOST_DATA_BYTES)
        for name, text in (
            ("input", given.input),
            ("context", given.context),
            ("variables", given.variables),
            ("result", given.result),
            ("errorOutput", given.error_output),
        )
        if text is not None
    }
    try:
        expression = _compiled(given, field)
    except (InvalidPath, InvalidIntrinsic) as error:
        return _refused(Finding(severity="ERROR", code=_SCHEMA, message=error.message, pointer=""))
    except InvalidTemplate as error:
        told = [(_SCHEMA, pointer, message) for pointer, message in error.problems]
        return _refused(*(_finding(*each) for each in told))
    except InvalidQuery as error:
        return _refused(*(_finding(*each) for each in error.problems))
    try:
        return _shown(jsontext.dump(expression.evaluate(_seen(given, data, now))))
    except StateError as error:
        return Tried(error=error.error, cause=error.cause)
    except InvalidJson as error:
        return Tried(error=DATA_LIMIT_EXCEEDED, cause=str(error))


def _read(name: str, text: str, most: int) -> Json:
    try:
        return jsontext.parse(text, max_bytes=most)
    except InvalidJson as error:
        raise Unreadable(f"{name} is not JSON: {error}") from None


def _compiled(given: ToTry, field: Json) -> Expression:
    """Raises InvalidPath, InvalidIntrinsic, InvalidTemplate, InvalidQuery."""
    if given.language == "JSONata":
        offered = (
            "result"
            if given.result is not None
            else "errorOutput"
            if given.error_output is not None
            else None
        )
        return jsonata_fields.compile(field, _ROOT, _FIELD, offered)
    if given.is_template:
        return payload_template.compile(field, _ROOT)
    if not isinstance(field, str):
        raise InvalidPath("a path is a text")
    return path_expression.compile(field)


def _seen(given: ToTry, data: Mapping[str, Json], now: int) -> Data | States:
    """What the expression may read."""
    variables = data.get("variables")
    named = variables if isinstance(variables, dict) else {}
    context, meter = data.get("context", {}), Meter()
    randomness = Random(0)  # noqa: S311 - a preview, no secret
    if given.language == "JSONPath":
        return Data(data["input"], context, named, lambda: randomness, meter)
    offered = {name: data[name] for name in ("result", "errorOutput") if name in data}
    return States(data["input"], lambda: context, named, now, lambda: randomness, offered, meter)


def _shown(text: str) -> Tried:
    if len(text) <= SHOWN_CHARACTERS:
        return Tried(value=text)
    return Tried(value=text[:SHOWN_CHARACTERS], cut=len(text))


def _refused(*findings: Finding) -> Tried:
    return Tried(findings=list(findings))


def _finding(code: str, pointer: Pointer, message: str) -> Finding:
    return Finding(severity="ERROR", code=code, message=message, pointer=pointer)
