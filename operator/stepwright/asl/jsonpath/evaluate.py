"""A compiled path: found once per definition, walked once per visit."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from stepwright.asl import causes, weight
from stepwright.asl.data import Data
from stepwright.asl.errors import RUNTIME, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath.errors import InvalidPath, NothingFound, PathNotFound, TooCostly
from stepwright.asl.jsonpath.parse import is_path_definite, parse
from stepwright.asl.jsonpath.search import Search
from stepwright.asl.jsonpath.selectors import Function, Index, Property, Scan, Step, chain

DOCUMENT: Final = "$"
CONTEXT: Final = "$$"

_ROOT = re.compile(r"\$\$(?![^.\[])|\$(?=[.\[ ]|$)|\$(?P<name>[^\W\d]\w*)(?=[.\[]|$)")


class Path:
    """A path in the language: from the state's document, the context object or a variable.

    ``root`` is ``$``, ``$$`` or the name of a variable. ``definite``: it leads to one place at most, so it gives that
    value or raises ``PathNotFound``; any other path gives a list, empty where nothing fits.
    """

    __slots__ = ("_keys", "_walk", "definite", "is_identity", "multiplies", "root", "steps", "text")

    def __init__(self, text: str, root: str, steps: tuple[Step, ...]) -> None:
        self.text = text
        self.root = root
        self.steps = steps
        self.definite = is_path_definite(steps)
        self.multiplies = any(map(_may_repeat, steps))
        """Whether it may find the same place more than once, or one inside of another."""
        self.is_identity = text == DOCUMENT
        self._keys = _simple_keys(steps)
        self._walk = chain(steps)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Path({self.text!r})"

    def evaluate(self, data: Data) -> Json:
        """As AWS: an indefinite path whose beginning is missing gives an empty list."""
        root = self.root
        if root == DOCUMENT:
            document = data.document
        elif root == CONTEXT:
            document = data.context
        elif root in data.variables:
            document = data.variables[root]
        else:
            raise PathNotFound(self.text, f"There is no variable ${root}", data.document)
        try:
            return self.find(document)
        except PathNotFound:
            if not self.definite:
                return []
            raise

    def find(self, document: Json) -> Json:
        """As Jayway: the value, or a list for an indefinite path; raises ``PathNotFound``."""
        if self._keys is not None:
            node = document
            try:
                for key in self._keys:
                    # A string has indexes, too, but not in JSON.
                    if type(node) is str:
                        break
                    node = node[key]  # type: ignore[index]  # whatever does not fit raises
                else:
                    return node
            except (KeyError, IndexError, TypeError):
                pass
        found: list[Json] = []
        try:
            self._walk(document, Search(document), found)
            if self.multiplies and weight.exceeds(found):
                raise TooCostly
        except NothingFound as error:
            raise PathNotFound(self.text, error.reason, document) from None
        except TooCostly:
            raise StateError(RUNTIME, causes.path_too_costly(self.text)) from None
        if not self.definite:
            return found
        if not found:
            raise PathNotFound(self.text, f"No results for path: {self._normal_form()}", document)
        return found[0]

    def _normal_form(self) -> str:
        return "$" + "".join(step.fragment for step in self.steps if isinstance(step, Property | Index))


def _may_repeat(step: Step) -> bool:
    match step:
        case Property(names):
            return len(names) > 1
        case Index(indexes):
            return len(indexes) > 1
        case Scan() | Function():
            return True
        case _:
            return False


def _simple_keys(steps: tuple[Step, ...]) -> tuple[str | int, ...] | None:
    """The keys and indexes of a path that is nothing else: walked in a plain loop."""
    keys: list[str | int] = []
    for step in steps:
        if isinstance(step, Property) and len(step.names) == 1:
            keys.append(step.names[0])
        elif isinstance(step, Index) and len(step.indexes) == 1:
            keys.append(step.indexes[0])
        else:
            return None
    return tuple(keys)


@lru_cache(maxsize=4096)
def compile(text: str) -> Path:
    """``$.a``, ``$$.Execution.Id`` or ``$variable.a``; raises ``InvalidPath``."""
    found = _ROOT.match(text)
    if found is None:
        raise InvalidPath("a path starts with '$', '$$' or '$' and the name of a variable", 0)
    root = found["name"] or found[0]
    offset = len(found[0]) - 1
    try:
        steps = parse("$" + text[found.end() :], bare_words=True)
    except InvalidPath as error:
        raise InvalidPath(error.message, error.position + offset) from None
    return Path(text, root, steps)


def compile_jayway(text: str) -> Path:
    """A path as Jayway takes it, which knows neither context nor variables; ``a.b`` and ``@.a`` are paths there."""
    return Path(text, DOCUMENT, parse(text))
