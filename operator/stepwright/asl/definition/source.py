"""Places in the text of a definition: the place of each JSON pointer, duplicate keys; and how deep a value
nests.

This is a separate reader from ``jsontext``, because places are lost in a parsed value. It assumes that the
text is JSON; on anything else it stops early. It reads each character once and keeps no pointers, only the
contents of each object and array: with long nested names, the pointers would be longer than any text.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from stepwright.asl.definition import pointers
from stepwright.asl.json_types import Json, Pointer

_TOKENS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}:,]|[^\s\[\]{}:,"]+', re.DOTALL)

_LONGEST_INDEX = 10  # digits

MOST_DUPLICATES = 200
"""How many repeated keys are listed."""

_Token: TypeAlias = str | int


@dataclass(slots=True)
class _Container:
    """An object or array. ``offsets``: of the key for members, of the value for items; ``inner``: which of them are
    containers themselves."""

    is_object: bool
    token: _Token = ""
    offsets: dict[_Token, int] = field(default_factory=dict)
    inner: dict[_Token, _Container] = field(default_factory=dict)
    index: int = 0
    key: str | None = None
    """The name of the member whose value comes next."""


@dataclass(slots=True)
class Places:
    """``duplicates``: pointers of the objects with a repeated key, and the key, the first of them;
    ``more_duplicates``: how many are not listed."""

    lines: list[int]
    start: int = 0
    duplicates: list[tuple[Pointer, str]] = field(default_factory=list)
    more_duplicates: int = 0
    root: _Container | None = None

    def line_and_column(self, pointer: Pointer) -> tuple[int, int]:
        """Both from 1; those of the nearest enclosing value if the pointer itself has none."""
        offset = self._offset(pointer)
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1

    def _offset(self, pointer: Pointer) -> int:
        offset, container = self.start, self.root
        for name in pointers.tokens(pointer):
            if container is None:
                break
            token: _Token = name if container.is_object else _index(name)
            if token not in container.offsets:
                break
            offset = container.offsets[token]
            container = container.inner.get(token)
        return offset


def depth_of_value(value: Json, enough: int) -> int:
    """The deepest nesting of objects and arrays, counted up to just beyond ``enough``; needs no stack."""
    level: list[Json] = [value]
    depth = 0
    while depth <= enough:
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            break
        depth += 1
        level = []
        for container in containers:
            level.extend(container.values() if isinstance(container, dict) else container)
    return depth


def has_duplicate_keys(text: str) -> bool:
    """Whether an object of a JSON text has a key twice: quicker to find out than where."""
    found = False

    def members(pairs: list[tuple[str, None]]) -> None:
        nonlocal found
        found = found or len(dict(pairs)) != len(pairs)

    json.loads(text, object_pairs_hook=members)
    return found


def places(text: str) -> Places:
    """The place of everything in a JSON text."""
    found = Places(_line_starts(text))
    # None of them refers to its parent: that would be a circle, which only the garbage collector frees.
    around: list[_Container] = []
    top: _Container | None = None
    for found_token in _TOKENS.finditer(text):
        token, offset = found_token[0], found_token.start()
        match token:
            case "]" | "}":
                if around:
                    around.pop()
                    top = around[-1] if around else None
                continue
            case ",":
                if top is not None:
                    top.key = None
                    top.index += 1
                continue
            case ":":
                continue
        where: _Token = ""
        if top is None:
            found.start = found.start or offset
        elif not top.is_object:
            where = top.index
            top.offsets[where] = offset
        elif top.key is None:
            _begin_member(found, around, _unquoted(token), offset)
            continue
        else:
            where = top.key
        if token in {"{", "["}:
            inner = _Container(token.startswith("{"), where)
            if top is None:
                found.root = found.root or inner
            else:
                top.inner[where] = inner
            around.append(inner)
            top = inner
    return found


def _begin_member(found: Places, around: Sequence[_Container], name: str, offset: int) -> None:
    container = around[-1]
    container.key = name
    if name in container.offsets:
        if len(found.duplicates) < MOST_DUPLICATES:
            found.duplicates.append((_pointer(around), name))
        else:
            found.more_duplicates += 1
        container.inner.pop(name, None)  # the last one counts
    container.offsets[name] = offset


def _pointer(around: Sequence[_Container]) -> Pointer:
    """The pointer of the innermost of these, each of which is inside the one before."""
    return pointers.child(pointers.ROOT, *(container.token for container in around[1:]))


def _index(name: str) -> int:
    return int(name) if name.isdecimal() and len(name) < _LONGEST_INDEX else -1


def _line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]


def _unquoted(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        name = json.loads(token)
    except ValueError:
        return token[1:-1]
    return str(name)
