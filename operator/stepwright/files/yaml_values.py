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

from stepwright.asl.json_types import Json, Pointer
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
_LONGEST_NUMBER: Final = 1000  # digits; Python refuses to read ints of more than 4,300
_MOST_VALUES: Final = 1_000_000
"""Aliases of aliases grow exponentially; a definition of the largest size has fewer values than this."""


@dataclass(slots=True)
class Document:
    """One YAML document. Places count from 1, of the key for members; ``blocks``: texts written as literal blocks.

    ``functions``: where CloudFormation's functions are written as tags; ``!Sub text`` is read as
    ``{"Fn::Sub": text}``.
    """

    value: Json
    places: dict[Pointer, tuple[int, int]]
    duplicates: list[tuple[Pointer, str]]
    blocks: dict[Pointer, tuple[int, int]]
    functions: list[tuple[Pointer, str]]

    def line_and_column(self, pointer: Pointer) -> tuple[int, int]:
        """That of the nearest enclosing value if the pointer itself has none."""
        while pointer not in self.places and pointer:
            pointer = Pointer(pointer.rpartition("/")[0])
        return self.places.get(pointer, (1, 1))


def documents(text: str) -> Iterator[Document]:
    """All documents of a text, empty ones left out. Raises ``Unreadable``."""
    lines = text.splitlines()
    try:
        for node in yaml.compose_all(text, Loader=_LOADER):
            if node is None:
                continue
            reader = _Reader(lines)
            value = reader.value(node, Pointer(""), ())
            yield Document(value, reader.places, reader.duplicates, reader.blocks, reader.functions)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = error.problem or error.context or "not YAML"
        raise Unreadable(message, *((mark.line + 1, mark.column + 1) if mark else ())) from error
    except yaml.YAMLError as error:
        raise Unreadable(str(error).splitlines()[0]) from error
    except RecursionError as error:
        raise Unreadable("nested too deeply") from error


@dataclass(slots=True)
class _Reader:
    lines: list[str]
    places: dict[Pointer, tuple[int, int]] = field(default_factory=dict)
    duplicates: list[tuple[Pointer, str]] = field(default_factory=list)
    blocks: dict[Pointer, tuple[int, int]] = field(default_factory=dict)
    functions: list[tuple[Pointer, str]] = field(default_factory=list)
    count: int = 0

    def value(self, node: yaml.Node, pointer: Pointer, around: tuple[int, ...]) -> Json:
        """``around``: the nodes that contain this one, to notice one that contains itself."""
        mark = node.start_mark
        self.places.setdefault(pointer, (mark.line + 1, mark.column + 1))
        self.count += 1
        if self.count > _MOST_VALUES:
            raise Unreadable("aliases make the document too large", mark.line + 1, mark.column + 1)
        if id(node) in around:
            raise Unreadable("an alias is inside the value that it names", mark.line + 1, mark.column + 1)
        function = self._function(node, pointer)
        if function is None:
            return self._untagged(node, pointer, around)
        return {function: self._untagged(node, Pointer(f"{pointer}/{function}"), around)}

    def _function(self, node: yaml.Node, pointer: Pointer) -> str | None:
        """CloudFormation's long spelling of a tag; None for what YAML itself knows."""
        tag = str(node.tag)
        if tag in _KNOWN_TAGS:
            return None
        if tag.removeprefix("!") not in _CLOUDFORMATION:
            line, column = self.places[pointer]
            shown = tag.replace(_STANDARD_TAG, "!!")
            raise Unreadable(f"the tag {shown} is not known; values have no tags", line, column)
        self.functions.append((pointer, tag))
        return tag[1:] if tag in ("!Ref", "!Condition") else f"Fn::{tag[1:]}"

    def _untagged(self, node: yaml.Node, pointer: Pointer, around: tuple[int, ...]) -> Json:
        mark = node.start_mark
        match node:
            case yaml.ScalarNode():
                return self._scalar(node, pointer)
            case yaml.SequenceNode():
                inside = (*around, id(node))
                return [
                    self.value(item, Pointer(f"{pointer}/{index}"), inside)
                    for index, item in enumerate(node.value)
                ]
            case yaml.MappingNode():
                return self._mapping(node, pointer, (*around, id(node)))
        raise Unreadable("neither scalar nor sequence nor mapping", mark.line + 1, mark.column + 1)

    def _mapping(self, node: yaml.MappingNode, pointer: Pointer, around: tuple[int, ...]) -> Json:
        members: dict[str, Json] = {}
        merged: dict[str, Json] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                raise Unreadable("a key must be a text", mark.line + 1, mark.column + 1)
            key = key_node.value
            if key == "<<" and _is_plain(key_node):
                merged |= self._merged(value_node, pointer, around)
                continue
            where = Pointer(f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
            if key in members:
                self.duplicates.append((pointer, key))
            self.places[where] = (mark.line + 1, mark.column + 1)
            members[key] = self.value(value_node, where, around)
        return merged | members if merged else members

    def _merged(self, node: yaml.Node, pointer: Pointer, around: tuple[int, ...]) -> dict[str, Json]:
        """``<<``: the first in a list of mappings wins."""
        found: dict[str, Json] = {}
        for part in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(part, pointer, around)
            if not isinstance(value, dict):
                raise Unreadable(
                    "'<<' merges mappings only", part.start_mark.line + 1, part.start_mark.column + 1
                )
            found = value | found
        return found

    def _scalar(self, node: yaml.ScalarNode, pointer: Pointer) -> Json:
        text = str(node.value)
        if node.style == "|":
            self.blocks[pointer] = self._block_start(node)
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
