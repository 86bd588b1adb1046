"""What a service would not take of a task's Parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeGuard

from stepwright.asl.json_types import Json
from stepwright.aws.shapes.requests import moment_of
from stepwright.aws.shapes.spelling import (
    Spelling,
    is_document,
    is_plain_text,
    members_of,
    nearest,
    others_of,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """``field``: the names and indexes on the way to the value, or to the structure that lacks the member or has one too many.
    ``member``: that one, else None."""

    kind: str
    message: str
    field: tuple[str | int, ...]
    member: str | None = None


UNKNOWN: Final = "unknown"
MISSING: Final = "missing"
TYPE: Final = "type"


@dataclass(frozen=True, slots=True)
class Template:
    """Which parts of a value are computed when the task runs. ``name``: the member that a key stands for, ``computed``: whether
    its value is computed; ``expression``: whether a text is one."""

    name: Callable[[str], str]
    computed: Callable[[str], bool]
    expression: Callable[[str], bool]


WHOLE: Final = Template(lambda key: key, lambda _: False, lambda _: False)
"""Nothing is computed any more."""


def problems(shape: Any, value: Json, spelling: Spelling, template: Template = WHOLE) -> Iterator[Problem]:
    """Of a request."""
    return _Check(spelling, template).value(shape, value, ())


class _Check:
    def __init__(self, spelling: Spelling, template: Template) -> None:
        self._spelling = spelling
        self._template = template

    def value(self, shape: Any, value: Json, field: tuple[str | int, ...]) -> Iterator[Problem]:
        if (
            value is None
            or (isinstance(value, str) and self._template.expression(value))
            or is_document(shape)
        ):
            return
        kind = shape.type_name
        if is_plain_text(shape, value, self._spelling):
            return
        words, fits = _KINDS.get(kind, _ANY)
        if not fits(value):
            yield Problem(TYPE, f"must be {words}", field)
        elif kind == "structure":
            assert isinstance(value, dict)
            yield from self._structure(shape, value, field)
        elif kind == "list":
            assert isinstance(value, list)
            for index, item in enumerate(value):
                yield from self.value(shape.member, item, (*field, index))
        elif kind == "map":
            assert isinstance(value, dict)
            for key, item in value.items():
                if not self._template.computed(key):
                    yield from self.value(shape.value, item, (*field, key))

    def _structure(
        self, shape: Any, value: Mapping[str, Json], field: tuple[str | int, ...]
    ) -> Iterator[Problem]:
        members = members_of(shape, self._spelling)
        others = others_of(shape, self._spelling)
        given: set[str] = set()
        for key, item in value.items():
            name = self._template.name(key)
            member = members.get(name)
            given.add(member or others.get(name, ""))
            if member is not None:
                if not self._template.computed(key):
                    yield from self.value(shape.members[member], item, (*field, key))
            elif name not in others:
                yield Problem(UNKNOWN, _unknown(name, members), field, key)
        for name, member in members.items():
            if member in shape.required_members and member not in given:
                yield Problem(MISSING, f"The field '{name}' is required but was missing", field, name)


def _unknown(name: str, members: Mapping[str, str]) -> str:
    """As AWS has it, and what it may have been meant to be."""
    said = f"The field '{name}' is not supported by Step Functions"
    near = nearest(name, members)
    return said if near is None else f"{said}; did you mean '{near}'?"


def _is_number(value: Json) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Json) -> bool:
    if isinstance(value, str):
        return value.strip().lstrip("+-").isdecimal()
    return _is_number(value) and (isinstance(value, int) or value.is_integer())


def _is_numeric(value: Json) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return _is_number(value)


def _is_moment(value: Json) -> bool:
    return (isinstance(value, str) and moment_of(value) is not None) or _is_number(value)


_Fits = Callable[[Json], bool]

_ANY: Final[tuple[str, _Fits]] = ("any value", lambda _: True)
"""Texts and bytes take any JSON, as its text."""
_OBJECT: Final[tuple[str, _Fits]] = ("an object", lambda value: isinstance(value, dict))
_WHOLE_NUMBER: Final[tuple[str, _Fits]] = ("a whole number", _is_whole)
_NUMBER: Final[tuple[str, _Fits]] = ("a number", _is_numeric)
_KINDS: Final[Mapping[str, tuple[str, _Fits]]] = MappingProxyType(
    {
        "structure": _OBJECT,
        "map": _OBJECT,
        "list": ("an array", lambda value: isinstance(value, list)),
        "boolean": ("true or false", lambda value: isinstance(value, bool) or value in ("true", "false")),
        "integer": _WHOLE_NUMBER,
        "long": _WHOLE_NUMBER,
        "float": _NUMBER,
        "double": _NUMBER,
        "timestamp": ("a moment (ISO 8601)", _is_moment),
    }
)
