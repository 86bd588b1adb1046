"""Which parts of an object become a result: ``select: [metadata.name, spec.containers.image]``.

A path names members from the object's root; a list on the way is gone through. ``metadata.annotations["example.com/owner"]`` names
a member with dots.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

from stepwright.asl.json_types import Json

_STEP: Final = re.compile(r"""\.?([^.\[\]"']+)|\[(?:"([^"]+)"|'([^']+)')\]|\[\*\]""")
MOST_PATHS: Final = 64

Tree: TypeAlias = dict[str, "Tree | None"]
"""What is kept, member by member; None: everything below."""


class BadPath(Exception):  # noqa: N818 - it is a finding about the user's text
    """It is not a path; the sentence says so."""


def problem(paths: Sequence[str]) -> str | None:
    """What is wrong with them, after their name."""
    if len(paths) > MOST_PATHS:
        return f"must have at most {MOST_PATHS} paths"
    try:
        for path in paths:
            members(path)
    except BadPath as error:
        return str(error)
    return None


@lru_cache(maxsize=1024)
def members(path: str) -> tuple[str, ...]:
    """The members that a path names, one below the other. Raises BadPath."""
    rest = path.removeprefix("$")
    names: list[str] = []
    at = 0
    while at < len(rest):
        found = _STEP.match(rest, at)
        if found is None:
            raise BadPath(
                f"""has {path!r}, which is not a path such as status.phase or metadata.labels["a.b/c"]"""
            )
        name = found[1] or found[2] or found[3]
        if name is not None:
            names.append(name)
        at = found.end()
    if not names:
        raise BadPath(f"has {path!r}, which names no member")
    return tuple(names)


def tree(paths: Iterable[str]) -> Tree:
    """Raises BadPath."""
    root: Tree = {}
    for path in paths:
        *way, last = members(path)
        at = root
        for name in way:
            below = at.setdefault(name, {})
            if below is None:
                break
            at = below
        else:
            at[last] = None
    return root


def kept(value: dict[str, Any], of: Tree) -> dict[str, Json]:
    """What these paths leave of an object. What is not there is left out."""
    found: dict[str, Json] = {}
    for name, below in of.items():
        if name in value:
            if below is None:
                found[name] = value[name]
            elif isinstance(value[name], dict):
                found[name] = kept(value[name], below)
            elif isinstance(value[name], list):
                found[name] = [kept(item, below) for item in value[name] if isinstance(item, dict)]
    return found
