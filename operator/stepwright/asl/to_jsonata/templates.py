"""Payload templates in JSONata: as fields of which parts are expressions, and as one expression."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepwright.asl.definition.pointers import child
from stepwright.asl.fields.payload_template import SUFFIX
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.to_jsonata import sources
from stepwright.asl.to_jsonata.expressions import Sight
from stepwright.asl.to_jsonata.remarks import Remarks, Unlike


def as_field(template: Json, sight: Sight, pointer: Pointer, remarks: Remarks) -> Json:
    """The same template with ``{% %}``."""
    if isinstance(template, Mapping):
        return {
            name: sources.field(by_expression(value, sight, child(pointer, name), remarks))
            if is_expression
            else as_field(value, sight, child(pointer, name), remarks)
            for name, value, is_expression in _members(template)
        }
    if isinstance(template, list):
        return [
            as_field(each, sight, child(pointer, str(index)), remarks) for index, each in enumerate(template)
        ]
    return sources.literal(template)


def as_source(template: Json, sight: Sight, pointer: Pointer, remarks: Remarks) -> str:
    """All of it as one expression."""
    if isinstance(template, Mapping):
        return sources.members(
            (
                name,
                by_expression(value, sight, pointer, remarks)
                if is_expression
                else as_source(value, sight, pointer, remarks),
            )
            for name, value, is_expression in _members(template)
        )
    if isinstance(template, list):
        return sources.array(as_source(each, sight, pointer, remarks) for each in template)
    return sources.value(template)


def by_expression(expression: Json, sight: Sight, pointer: Pointer, remarks: Remarks) -> str:
    """A path or a call; one that has no equal fails with what it was."""
    if not isinstance(expression, str):
        remarks.left(pointer, str(expression), "it is neither a path nor a call")
        return sources.failing("not converted")
    try:
        source = sight.source(expression)
        for doubt in sight.doubts:
            remarks.doubtful(pointer, doubt)
        return source
    except Unlike as why:
        remarks.left(pointer, expression, str(why))
        return sources.failing(f"not converted: {expression}")
    finally:
        sight.doubts.clear()


def _members(template: Mapping[str, Json]) -> Iterator[tuple[str, Json, bool]]:
    for name, value in template.items():
        is_expression = name.endswith(SUFFIX)
        yield (name.removesuffix(SUFFIX) if is_expression else name), value, is_expression
