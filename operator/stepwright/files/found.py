"""A definition that was found in a file, before it is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from stepwright.asl.definition.substitutions import Value
from stepwright.asl.json_types import Json, Pointer

Formats: TypeAlias = Callable[[Json, Mapping[str, Value]], "list[Found] | None"]
"""A format that contains definitions: those in a document, None for a document in another format. The values
come from the caller and override the file's."""


@dataclass(frozen=True, slots=True)
class Found:
    """``pointer``: the place of the definition in its document. Instead of a ``definition`` there may be
    another file that has it, or a ``problem``: why it is not available."""

    name: str | None
    pointer: Pointer
    definition: Json = None
    file: str | None = None
    problem: str | None = None
    substitutions: Mapping[str, Value] = field(default_factory=dict)
    express: bool = False
    manifest: bool = False
    spec: Mapping[str, Any] = field(default_factory=dict)


def member(value: Json, *names: str) -> Json:
    """The member at these names in nested objects; None if there is none."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def entries(value: Json) -> list[tuple[str, dict[str, Json]]]:
    """The members of an object that are objects."""
    if not isinstance(value, dict):
        return []
    return [(name, entry) for name, entry in value.items() if isinstance(entry, dict)]
