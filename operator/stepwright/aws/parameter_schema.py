"""JSON Schema of an operation's parameters, as tasks spell them, for forms."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any, Final

from stepwright.aws.shapes import Spelling, members_of

_DEEPEST: Final = 10
"""Levels of structures. Some models refer to themselves, and nobody fills in more by a form."""
_MOST: Final = 1_000
"""Values that are described: of what has more, only outer levels are."""
_LONGEST: Final = 240

_TYPES: Final = {
    "boolean": "boolean",
    "integer": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "string": "string",
    "char": "string",
    "character": "string",
}
_BOUNDS: Final = {
    "string": ("minLength", "maxLength"),
    "integer": ("minimum", "maximum"),
    "long": ("minimum", "maximum"),
    "list": ("minItems", "maxItems"),
}
_TAG: Final = re.compile(r"<[^>]*>")


def of(shape: Any, spelling: Spelling) -> dict[str, Any]:
    """``shape``: botocore's, of the operation's input; None if it takes nothing."""
    if shape is None:
        return {"type": "object", "properties": {}, "additionalProperties": False}
    levels = _DEEPEST
    while levels > 1 and _count(shape, levels, _MOST) > _MOST:
        levels -= 1
    return _schema(shape, spelling, levels)


def _count(shape: Any, levels: int, most: int) -> int:
    """How many values are within so many levels, itself among them, counted up to just beyond ``most``."""
    count = 1
    for inner in _inside(shape) if levels else ():
        count += _count(inner, levels - 1, most - count)
        if count > most:
            break
    return count


def _inside(shape: Any) -> Sequence[Any]:
    match shape.type_name:
        case "structure":
            return tuple(shape.members.values())
        case "list":
            return (shape.member,)
        case "map":
            return (shape.value,)
    return ()


def _schema(shape: Any, spelling: Spelling, levels: int) -> dict[str, Any]:
    kind = shape.type_name
    found: dict[str, Any] = {}
    if (said := _sentence(shape.documentation)) is not None:
        found["description"] = said
    if levels == 0 or shape.serialization.get("jsonvalue") or getattr(shape, "is_document_type", False):
        return found
    if kind == "structure":
        members = members_of(shape, spelling)
        found["type"] = "object"
        found["properties"] = {
            name: _schema(shape.members[member], spelling, levels - 1) for name, member in members.items()
        }
        found["required"] = [name for name, member in members.items() if member in shape.required_members]
    elif kind == "list":
        found |= {"type": "array", "items": _schema(shape.member, spelling, levels - 1)}
    elif kind == "map":
        found |= {"type": "object", "additionalProperties": _schema(shape.value, spelling, levels - 1)}
    elif kind in _TYPES:
        found["type"] = _TYPES[kind]
    if getattr(shape, "enum", None):
        found["enum"] = list(shape.enum)
    for bound, name in zip(("min", "max"), _BOUNDS.get(kind, ()), strict=False):
        if bound in shape.metadata:
            found[name] = shape.metadata[bound]
    return found


def _sentence(documentation: str) -> str | None:
    """The first one of what a model says, without its HTML."""
    text = (
        " ".join(html.unescape(_TAG.sub(" ", documentation or "")).split())
        .replace(" .", ".")
        .replace(" ,", ",")
    )
    if not text:
        return None
    first = text.partition(". ")[0].removesuffix(".")
    return f"{first}." if len(first) < _LONGEST else f"{first[:_LONGEST]}..."
