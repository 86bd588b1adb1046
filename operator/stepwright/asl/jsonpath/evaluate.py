"""A compiled path: compiled once per definition, walked once per visit."""

from __future__ import annotations

import re
from typing import Final

from stepwright.asl import remembering
from stepwright.asl.data import Data
from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import RUNTIME, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath.errors import InvalidPath, PathNotFound, Stopped, TooCostly
from stepwright.asl.jsonpath.parse import called_function, is_path_definite, parse
from stepwright.asl.jsonpath.search import Search
from stepwright.asl.jsonpath.selectors import Index, Property, Scan, Step, chain
from stepwright.asl.meter import Meter
from stepwright.asl.text import weight

DOCUMENT: Final = "$"
CONTEXT: Final = "$$"

_STEPS_PER_UNIT: Final = 8

_ROOT = re.compile(r"\$\$(?![^.\[])|\$(?=[.\[ ]|$)|\$(?P<name>[^\W\d]\w*)(?=[.\[]|$)")


class Path:
    """A path in the language: from the state's document, the context object or a variable.

    ``root`` is ``$``, ``$$`` or the name of a variable. ``definite``: it leads to one place at most and gives that
    value; any other path gives a list, empty if nothing fits. Both may find that there is no way:
    ``PathNotFound``.
    """

    __slots__ = (
        "_cost",
        "_keys",
        "_walk",
        "definite",
        "function",
        "is_identity",
        "multiplies",
        "root",
        "steps",
        "text",
    )

    def __init__(self, text: str, root: str, steps: tuple[Step, ...]) -> None:
        self.text = text
        self.root = root
        self.steps = steps
        self.definite = is_path_definite(steps)
        self.function = called_function(steps)
        """A member that looks like a call, as other dialects have: ``length()``."""
        self.multiplies = any(map(_may_repeat, steps))
        """Whether it may find the same place more than once, or one place inside another."""
        self.is_identity = text == DOCUMENT
        self._cost = 1 + len(steps) // _STEPS_PER_UNIT
        self._keys = _simple_keys(steps)
        self._walk = chain(steps)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Path({self.text!r})"

    def evaluate(self, data: Data) -> Json:
        """The value; null for an index that lies beyond its list. AWS does not apply paths to a null
        input."""
        if self.root == DOCUMENT:
            document = data.document
            if document is None:
                raise StateError(RUNTIME, causes.no_document_for_path())
        else:
            document = self._document(data)
        meter = data.meter
        meter.left -= self._cost
        return self.find(document, meter)

    def present(self, data: Data) -> Json:
        """The value, as a Choice rule sees it: an item beyond a list is not present."""
        document = data.document if self.root == DOCUMENT else self._document(data)
        meter = data.meter
        meter.left -= self._cost
        value = self.find(document, meter)
        if value is None and self.definite:
            search = Search(document, meter)
            self._walk(document, search, [])
            if search.beyond:
                raise PathNotFound(self.text, f"No results for path: {self._normal_form()}", document)
        return value

    def _document(self, data: Data) -> Json:
        """The document for any root but ``$``."""
        root = self.root
        if root == CONTEXT:
            return data.context
        if root in data.variables:
            return data.variables[root]
        raise PathNotFound(self.text, f"There is no variable ${root}", data.document)

    def find(self, document: Json, meter: Meter | None = None) -> Json:
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
        search = Search(document, meter or Meter())
        try:
            self._walk(document, search, found)
            if self.multiplies:
                too_large, cost = weight.excess(found)
                search.spend(cost)
                if too_large:
                    raise TooCostly
        except Stopped as stopped:
            raise PathNotFound(self.text, stopped.reason, document) from None
        except (TooCostly, RecursionError):
            # Each step takes a level of the stack, and a path may have thousands.
            raise StateError(RUNTIME, causes.path_too_costly(self.text)) from None
        finally:
            search.settle()
        return found[0] if self.definite else found

    def _normal_form(self) -> str:
        return "$" + "".join(step.fragment for step in self.steps)


def _may_repeat(step: Step) -> bool:
    match step:
        case Property(names):
            return len(names) > 1
        case Index(indexes):
            return len(indexes) > 1
        case Scan():
            return True
        case _:
            return False


def _simple_keys(steps: tuple[Step, ...]) -> tuple[str | int, ...] | None:
    """The keys and indexes of a path that has nothing else: it is walked in a plain loop."""
    keys: list[str | int] = []
    for step in steps:
        if isinstance(step, Property) and len(step.names) == 1:
            keys.append(step.names[0])
        elif isinstance(step, Index) and len(step.indexes) == 1 and step.indexes[0] >= 0:
            keys.append(step.indexes[0])
        else:
            return None
    return tuple(keys)


@remembering.short_texts(4096)
def compile(text: str) -> Path:
    """``$.a``, ``$$.Execution.Id`` or ``$variable.a``; raises ``InvalidPath``."""
    found = _ROOT.match(text)
    if found is None:
        raise InvalidPath("a path starts with '$', '$$' or '$' and the name of a variable", 0)
    root = found["name"] or found[0]
    offset = len(found[0]) - 1
    try:
        steps = parse("$" + text[found.end() :])
    except InvalidPath as error:
        raise InvalidPath(error.message, error.position + offset) from None
    except RecursionError:
        raise InvalidPath("the filters of the path nest too deeply") from None
    return Path(text, root, steps)


def compile_jayway(text: str) -> Path:
    """A path as Jayway accepts it, without context and variables; ``a.b`` and ``@.a`` are paths there."""
    return Path(text, DOCUMENT, parse(text))
