"""``${Name}``: what CloudFormation, SAM and ``definitionSubstitutions`` replace before a definition is created."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stepwright.asl.json_types import Json
from stepwright.asl.place import Place

_PLACEHOLDER = re.compile(r"""\$\{[A-Za-z_][\w.:\[\]*"'-]*\}""")
"""CloudFormation's names (``Fn.Arn``, ``AWS::Region``) and Terraform's. Not JSONata's ``${"key": value}``."""

_MOST: Final = 100


def in_text(value: Json) -> bool:
    """Whether a text contains one."""
    return isinstance(value, str) and "${" in value and _PLACEHOLDER.search(value) is not None


def is_one(value: Json) -> bool:
    """Whether a text is just one placeholder, which may become a number."""
    return isinstance(value, str) and _PLACEHOLDER.fullmatch(value) is not None


def left(value: Json) -> Iterator[tuple[str, Place]]:
    """Those in a value, each with its first place; at most as many as anybody would read."""
    seen: set[str] = set()
    waiting: list[tuple[Json, Place]] = [(value, Place())]
    while waiting:
        node, place = waiting.pop()
        if isinstance(node, dict):
            waiting.extend((member, place.within(name)) for name, member in reversed(node.items()))
        elif isinstance(node, list):
            waiting.extend((node[index], place.within(index)) for index in reversed(range(len(node))))
        elif isinstance(node, str) and in_text(node):
            for name in _PLACEHOLDER.findall(node):
                if name not in seen and len(seen) < _MOST:
                    seen.add(name)
                    yield name, place
