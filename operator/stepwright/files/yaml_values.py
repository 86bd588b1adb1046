"""YAML as JSON values, with the place of each.

Scalars follow YAML's JSON schema, not YAML 1.1: ``yes`` and ``2024-01-02`` are texts, ``1.0`` stays a float,
``012345678901`` (an account id) is not a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from stepwright.asl.definition import pointers
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.place import Place
from stepwright.files.unreadable import Unreadable

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PLAIN_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_BOOLEANS: Final = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_STANDARD_TAG: Final = "tag:yaml.org,2002:"
_TEXT_TAG: Final = _STANDARD_TAG + "str"
_KNOWN_TAGS: Final = frozenset(
    _STANDARD_TAG + name
    for name in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
)
"""YAML's own tags, and those that the loader, which knows YAML 1.1, gives to scalars."""
_CLOUDFORMATION: Final = frozenset(
    (
        *(
            "Ref",
            "Condition",
            "And",
            "Base64",
            "Cidr",
            "Equals",
            "FindInMap",
            "ForEach",
            "GetAtt",
            "GetAZs",
            "If",
        ),
        *(
            "ImportValue",
            "Join",
            "Length",
            "Not",
            "Or",
            "Select",
            "Split",
            "Sub",
            "ToJsonString",
            "Transform",
        ),
    )
)
"""Functions that CloudFormation spells as tags, too."""
_LONGEST_INDEX: Final = 10  # digits
_LONGEST_NUMBER: Final = 1000  # digits; Python refuses to read ints of more than 4,300
_BY_ALIASES: Final = 10_000
"""How many more values there may be than characters: aliases of aliases grow exponentially."""
_MOST_DUPLICATES: Final = 200
_MOST_LEVELS: Final = 1_000
"""More than can be read here, since readers recurse."""
_SAFE_LEVELS: Final = 5_000
"""What the loader can compose, by far."""


@dataclass(slots=True)
class _Spot:
    """Where a value is, and what is in it: pointers to all of them would be longer than any text. ``line`` and ``column`` count
    from 1 and are those of the key for members; ``block``: of a literal block, the line and the indentation of its first line."""

    line: int
    column: int
    inner: dict[str | int, _Spot] = field(default_factory=dict)
    block: tuple[int, int] | None = None

    def found(self, pointer: Pointer) -> tuple[_Spot, bool]:
        """The nearest one, and whether it is the pointer's own."""
        spot = self
        for token in pointers.tokens(pointer):
            inner = spot.inner.get(token) or (spot.inner.get(int(token)) if _is_index(token) else None)
            if inner is None:
                return spot, False
            spot = inner
        return spot, True


@dataclass(slots=True)
class Document:
    """One YAML document.

    ``functions``: where the first of CloudFormation's functions is that are written as tags; ``!Sub text`` is read as
    ``{"Fn::Sub": text}``.
    """

    value: Json
    duplicates: list[tuple[Pointer, str]]
    functions: list[tuple[Pointer, str]]
    _root: _Spot

    def line_and_column(self, pointer: Pointer) -> tuple[int, int]:
        """That of the nearest enclosing value if the pointer itself has none."""
        spot, _ = self._root.found(pointer)
        return spot.line, spot.column

    def block(self, pointer: Pointer) -> tuple[int, int] | None:
        """The line (from 1) and the indentation of a text's first line, if it is written as a literal block."""
        spot, is_own = self._root.found(pointer)
        return spot.block if is_own else None


def documents(text: str) -> Iterator[Document]:
    """All documents of a text, empty ones left out. Raises ``Unreadable``."""
    lines = text.splitlines()
    try:
        _check_depth(text, lines)
        for node in yaml.compose_all(text, Loader=_LOADER):
            if node is None:
                continue
            reader = _Reader(lines, len(text) + _BY_ALIASES)
            root = _spot(node)
            value = reader.value(node, Place(), root, ())
            yield Document(value, reader.duplicates, reader.functions, root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "not YAML"
        raise Unreadable(message, *((mark.line + 1, mark.column + 1) if mark else ())) from error
    except yaml.YAMLError as error:
        raise Unreadable(str(error).splitlines()[0]) from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error


def _check_depth(text: str, lines: list[str]) -> None:
    """Raises Unreadable. The loader composes by recursion in C, which ends the whole process where it goes too deep."""
    # A level needs a bracket, or a column of its line.
    levels = text.count("[") + text.count("{") + max(map(len, lines), default=0)
    if levels <= _SAFE_LEVELS:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _MOST_LEVELS:
                raise Unreadable("nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


@dataclass(slots=True)
class _Reader:
    lines: list[str]
    left: int
    """How many values there may still be."""
    duplicates: list[tuple[Pointer, str]] = field(default_factory=list)
    functions: list[tuple[Pointer, str]] = field(default_factory=list)

    def value(self, node: yaml.Node, place: Place, spot: _Spot, around: tuple[int, ...]) -> Json:
        """``around``: the nodes that contain this one, to notice one that contains itself."""
        self.left -= 1
        if self.left < 0:
            raise _unreadable("aliases make the document too large", node)
        if id(node) in around:
            raise _unreadable("an alias is inside the value that it names", node)
        function = self._function(node, place, spot)
        if function is None:
            return self._untagged(node, place, spot, around)
        inner = spot.inner[function] = _Spot(spot.line, spot.column)
        return {function: self._untagged(node, place.within(function), inner, around)}

    def _function(self, node: yaml.Node, place: Place, spot: _Spot) -> str | None:
        """CloudFormation's long spelling of a tag; None for what YAML itself knows."""
        tag = str(node.tag)
        if tag in _KNOWN_TAGS:
            return None
        if tag.removeprefix("!") not in _CLOUDFORMATION:
            shown = tag.replace(_STANDARD_TAG, "!!")
            raise Unreadable(f"the tag {shown} is not known; values have no tags", spot.line, spot.column)
        if not self.functions:
            self.functions.append((place.pointer(pointers.ROOT), tag))
        return tag[1:] if tag in ("!Ref", "!Condition") else f"Fn::{tag[1:]}"

    def _untagged(self, node: yaml.Node, place: Place, spot: _Spot, around: tuple[int, ...]) -> Json:
        match node:
            case yaml.ScalarNode():
                return self._scalar(node, spot)
            case yaml.SequenceNode():
                inside = (*around, id(node))
                items: list[Json] = []
                for index, item in enumerate(node.value):
                    inner = spot.inner[index] = _spot(item)
                    items.append(self.value(item, place.within(index), inner, inside))
                return items
            case yaml.MappingNode():
                return self._mapping(node, place, spot, (*around, id(node)))
        raise _unreadable("neither scalar nor sequence nor mapping", node)

    def _mapping(self, node: yaml.MappingNode, place: Place, spot: _Spot, around: tuple[int, ...]) -> Json:
        members: dict[str, Json] = {}
        merged: dict[str, Json] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _unreadable("a key must be a text", key_node)
            key = key_node.value
            if key == "<<" and _is_plain(key_node):
                merged |= self._merged(value_node, place, spot, around)
                continue
            if key in members and len(self.duplicates) < _MOST_DUPLICATES:
                self.duplicates.append((place.pointer(pointers.ROOT), key))
            inner = spot.inner[key] = _spot(key_node)
            members[key] = self.value(value_node, place.within(key), inner, around)
        return merged | members if merged else members

    def _merged(self, node: yaml.Node, place: Place, spot: _Spot, around: tuple[int, ...]) -> dict[str, Json]:
        """``<<``: the first in a list of mappings wins."""
        found: dict[str, Json] = {}
        for part in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(part, place, spot, around)
            if not isinstance(value, dict):
                raise _unreadable("'<<' merges mappings only", part)
            found = value | found
        return found

    def _scalar(self, node: yaml.ScalarNode, spot: _Spot) -> Json:
        text = str(node.value)
        if node.style == "|":
            spot.block = self._block_start(node)
        if not _is_plain(node):
            return text
        if text in _PLAIN_NULLS:
            return None
        if text in _PLAIN_BOOLEANS:
            return _PLAIN_BOOLEANS[text]
        if len(text) <= _LONGEST_NUMBER:
            if _INTEGER.fullmatch(text):
                return int(text)
            if _FLOAT.fullmatch(text):
                return float(text)
        return text

    def _block_start(self, node: yaml.ScalarNode) -> tuple[int, int]:
        """The line (from 1) and the indentation of a literal block's first line."""
        first = node.start_mark.line + 1
        for line in self.lines[first : node.end_mark.line + 1]:
            if line.strip():
                return first + 1, len(line) - len(line.lstrip(" "))
        return first + 1, 0


def _spot(node: yaml.Node) -> _Spot:
    return _Spot(node.start_mark.line + 1, node.start_mark.column + 1)


def _unreadable(message: str, node: yaml.Node) -> Unreadable:
    return Unreadable(message, node.start_mark.line + 1, node.start_mark.column + 1)


def _is_index(token: str) -> bool:
    return token.isdecimal() and len(token) < _LONGEST_INDEX


def _is_plain(node: yaml.ScalarNode) -> bool:
    """Neither quoted nor a block nor tagged as a text: its letters decide what it is.

    The loader knows only YAML 1.1; if it reads as a text what even 1.1 takes for something else, there was a
    tag.
    """
    tagged = node.tag == _TEXT_TAG and (
        node.value in _PLAIN_NULLS
        or node.value in _PLAIN_BOOLEANS
        or _INTEGER.fullmatch(node.value) is not None
    )
    return not node.style and not tagged
