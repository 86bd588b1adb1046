"""Payload templates: Parameters, ResultSelector, ItemSelector and, in JSONPath states, Assign.

A key that ends in ``.$`` holds a path or an intrinsic function, whose result is the value of the key without
``.$``. Objects inside objects and inside arrays are templates, too; everything else is taken literally.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from stepwright.asl.data import Data
from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, RUNTIME, StateError
from stepwright.asl.fields import path_expression
from stepwright.asl.intrinsics import InvalidIntrinsic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.jsonpath import InvalidPath, Path, PathNotFound
from stepwright.asl.place import Place
from stepwright.asl.text import weight
from stepwright.asl.text.payload import Payload

SUFFIX = ".$"

_NODES_PER_UNIT = 4

_MOST_PROBLEMS = 200
"""The most problems reported for one template."""

_FEW = 8
"""Paths that each find a part of the document once: together they cannot give more than this many
documents."""


class InvalidTemplate(ValueError):  # noqa: N818 - it is a finding about the user's text
    """The problems of a template, each with the pointer of the object that holds the field."""

    def __init__(self, problems: Sequence[tuple[Pointer, str]]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{message} at {pointer or '/'}" for pointer, message in self.problems))


class Template:
    """A compiled template. ``paths`` are all paths in it; ``constant`` is its value if it has neither paths
    nor functions. Raises ``StateError``."""

    __slots__ = ("_cost", "_multiplies", "_node", "constant", "paths")

    def __init__(self, node: _Node, paths: tuple[Path, ...], cost: int) -> None:
        self._node = node
        self._cost = cost
        self.paths = paths
        self._multiplies = len(paths) > _FEW or any(path.multiplies for path in paths)
        self.constant = Payload(node.value) if isinstance(node, _Constant) else None

    def evaluate(self, data: Data) -> Json:
        meter = data.meter
        meter.left -= self._cost
        if meter.left < 0:
            meter.run_out()
        value = self._node.evaluate(data)
        if self._multiplies:
            too_large, cost = weight.excess(value)
            data.meter.spend(cost)
            if too_large:
                raise StateError(DATA_LIMIT_EXCEEDED, causes.value_too_large())
        return value


def compile(template: Json, pointer: Pointer) -> Template:
    """``pointer`` is the template's place in its definition; raises ``InvalidTemplate``."""
    compiler = _Compiler(pointer)
    node = compiler.node(template, Place())
    if compiler.problems:
        raise InvalidTemplate(compiler.problems)
    return Template(node, tuple(compiler.paths), compiler.nodes // _NODES_PER_UNIT)


class _Constant:
    __slots__ = ("value",)

    def __init__(self, value: Json) -> None:
        self.value = value

    def evaluate(self, _data: Data) -> Json:
        return self.value


class _Field:
    """The value of a key that ends in ``.$``."""

    __slots__ = ("_expression", "_key")

    def __init__(self, key: str, expression: path_expression.PathExpression) -> None:
        self._key = key
        self._expression = expression

    def evaluate(self, data: Data) -> Json:
        try:
            return self._expression.evaluate(data)
        except PathNotFound as error:
            cause = causes.path_not_found_for_field(error.path_text, self._key, data.document)
            raise StateError(RUNTIME, cause) from None


class _Object:
    __slots__ = ("_fields",)

    def __init__(self, fields: Sequence[tuple[str, _Node]]) -> None:
        self._fields = tuple(fields)

    def evaluate(self, data: Data) -> Json:
        return {key: node.evaluate(data) for key, node in self._fields}


class _Array:
    __slots__ = ("_items",)

    def __init__(self, items: Sequence[_Node]) -> None:
        self._items = tuple(items)

    def evaluate(self, data: Data) -> Json:
        return [node.evaluate(data) for node in self._items]


_Node: TypeAlias = _Constant | _Field | _Object | _Array


class _Compiler:
    def __init__(self, pointer: Pointer) -> None:
        self._pointer = pointer
        self.problems: list[tuple[Pointer, str]] = []
        self.nodes = 0
        self.paths: list[Path] = []

    def node(self, template: Json, place: Place) -> _Node:
        self.nodes += 1
        if isinstance(template, dict):
            fields = [self._field(key, value, place) for key, value in template.items()]
            if all(isinstance(node, _Constant) for _, node in fields):
                return _Constant(template)
            return _Object(fields)
        if isinstance(template, list):
            items = [self.node(item, place.within(index)) for index, item in enumerate(template)]
            if all(isinstance(node, _Constant) for node in items):
                return _Constant(template)
            return _Array(items)
        return _Constant(template)

    def _field(self, key: str, value: Json, place: Place) -> tuple[str, _Node]:
        if not key.endswith(SUFFIX):
            return key, self.node(value, place.within(key))
        if isinstance(value, str):
            try:
                expression = path_expression.compile(value)
            except (InvalidPath, InvalidIntrinsic):
                pass
            else:
                self.paths.extend(path_expression.paths(expression))
                return key.removesuffix(SUFFIX), _Field(key, expression)
        # AWS's sentence, and AWS's pointer: the object, not the field.
        message = (
            f"The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call"
        )
        self.problems.append((place.pointer(self._pointer), message))
        if len(self.problems) > _MOST_PROBLEMS:
            raise InvalidTemplate(self.problems)
        return key, _Constant(None)
