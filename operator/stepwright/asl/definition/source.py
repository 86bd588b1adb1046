"""Places in the text of a definition: where each JSON pointer stands, keys that come twice; and how deep a value nests.

A reader of its own beside ``jsontext``, because those need what a parsed value has lost. It trusts that the text is
JSON; on anything else it stops early.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from stepwright.asl.definition.pointers import ROOT, child
from stepwright.asl.json_types import Json, Pointer

_TOKENS = re.compile(r'[ \t\r\n]*("(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+)', re.DOTALL)


@dataclass(slots=True)
class Places:
    """``offsets``: of the key for members, of the value for items. ``duplicates``: pointers of repeated keys."""

    text: str
    offsets: dict[Pointer, int] = field(default_factory=dict)
    duplicates: list[tuple[Pointer, str]] = field(default_factory=list)

    def line_and_column(self, pointer: Pointer) -> tuple[int, int]:
        """Both from 1; of the nearest place around where the pointer itself has none."""
        while pointer not in self.offsets and pointer:
            pointer = Pointer(pointer.rpartition("/")[0])
        offset = self.offsets.get(pointer, 0)
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, offset) + 1, offset - line_start + 1


def depth_of_value(value: Json, enough: int) -> int:
    """How many objects and arrays stand in each other at most, counted up to just beyond ``enough``; needs no stack."""
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


@dataclass(slots=True)
class _Container:
    pointer: Pointer
    is_object: bool
    index: int = 0
    key: Pointer | None = None  # of the member whose value comes next


def places(text: str) -> Places:
    """Where everything in a JSON text stands."""
    found = Places(text)
    stack: list[_Container] = []
    for found_token in _TOKENS.finditer(text):
        token, offset = found_token.group(1), found_token.start(1)
        top = stack[-1] if stack else None
        match token:
            case "]" | "}":
                if stack:
                    stack.pop()
                continue
            case ",":
                if top is not None:
                    top.key = None
                    top.index += 1
                continue
            case ":":
                continue
        if top is None:
            pointer = ROOT
        elif not top.is_object:
            pointer = child(top.pointer, top.index)
        elif top.key is None and token.startswith('"'):
            name = _unquoted(token)
            top.key = child(top.pointer, name)
            if top.key in found.offsets:
                found.duplicates.append((top.pointer, name))
            found.offsets[top.key] = offset
            continue
        else:
            pointer = top.key or top.pointer
        found.offsets.setdefault(pointer, offset)
        if token in {"{", "["}:
            stack.append(_Container(pointer, is_object=token.startswith("{")))
    return found


def _unquoted(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    try:
        name = json.loads(token)
    except ValueError:
        return token[1:-1]
    return str(name)
