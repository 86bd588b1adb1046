"""Reference paths: where a ResultPath puts a result. ``$``, ``$.a.b``, ``$['a'][0]``, and nothing that could mean
more than one place."""

from __future__ import annotations

from typing import Final

from stepwright.asl import jsonpath, remembering
from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import RESULT_PATH_MATCH_FAILURE, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath import Index, InvalidPath, Property

MAX_DEPTH: Final = 100


class ReferencePath:
    """A compiled reference path."""

    __slots__ = ("_keys", "is_identity", "text")

    def __init__(self, text: str, keys: tuple[str | int, ...]) -> None:
        self.text = text
        self._keys = keys
        self.is_identity = not keys

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"ReferencePath({self.text!r})"

    def put(self, document: Json, result: Json) -> Json:
        """A new document with the result in it: values on the way are copied, the rest is shared.

        Missing objects on the way are created. Raises States.ResultPathMatchFailure if something other than
        an object is in the way, or if an array has no item of that index.
        """
        if not self._keys:
            return result
        root: list[Json] = [document]
        holder: list[Json] | dict[str, Json] = root
        place: str | int = 0
        for key in self._keys:
            copy = self._copy(holder[place], key, document)  # type: ignore[index]  # a key fits its holder
            holder[place] = copy  # type: ignore[index]  # as above
            holder, place = copy, key
        holder[place] = result  # type: ignore[index]  # as above
        return root[0]

    def _copy(self, node: Json, key: str | int, document: Json) -> list[Json] | dict[str, Json]:
        """A copy of a node on the way, sure to have ``key``."""
        if isinstance(key, str) and isinstance(node, dict):
            copy = dict(node)
            copy.setdefault(key, {})
            return copy
        if isinstance(key, int) and isinstance(node, list) and 0 <= key < len(node):
            return list(node)
        raise StateError(RESULT_PATH_MATCH_FAILURE, causes.result_path_not_applicable(self.text, document))


@remembering.short_texts(4096)
def compile(text: str) -> ReferencePath:
    """Raises ``InvalidPath`` for what is not a path, and for a path that is not a *reference* path."""
    path = jsonpath.compile(text)
    if path.root != jsonpath.DOCUMENT:
        raise InvalidPath(
            "a reference path starts with '$': neither the context object nor a variable can be written"
        )
    if path.function is not None:
        raise InvalidPath(f"there are no functions: '{path.function}' would be a member's name")
    keys: list[str | int] = []
    for step in path.steps:
        if isinstance(step, Property) and len(step.names) == 1:
            keys.append(step.names[0])
        elif isinstance(step, Index) and len(step.indexes) == 1:
            keys.append(step.indexes[0])
        else:
            raise InvalidPath(
                "a reference path names one place: no '*', '..', filter, slice, script or list of names"
            )
    if len(keys) > MAX_DEPTH:
        raise InvalidPath(f"a reference path of {len(keys)} steps; {MAX_DEPTH} are allowed")
    return ReferencePath(text, tuple(keys))
