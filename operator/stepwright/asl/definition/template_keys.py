"""The keys of a payload template in JSONPath, apart from the expressions behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepwright.asl.definition.problems import NO_DOLLAR, Problems
from stepwright.asl.definition.values import looks_like_path
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.place import Place


def check(template: Json, pointer: Pointer, problems: Problems) -> None:
    """``pointer``: of the field that the template is in."""
    for fields, place in _objects(template):
        for key, member in fields.items():
            plain = key.removesuffix(".$")
            if plain != key and plain in fields:
                message = f"The fields '{plain}' and '{key}' give the same field"
                problems.error(place.pointer(pointer), message, member=key)
            elif plain == key and looks_like_path(member):
                message = f"The value of '{key}' looks like a path but is taken as written; use '{key}.$'"
                problems.warn(NO_DOLLAR, place.pointer(pointer), message, member=key)


def _objects(template: Json) -> Iterator[tuple[Mapping[str, Json], Place]]:
    """All that are in it, at any depth."""
    waiting = [(template, Place())]
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, list):
            waiting.extend((item, place.within(index)) for index, item in enumerate(value))
        elif isinstance(value, dict):
            yield value, place
            waiting.extend(
                (member, place.within(key))
                for key, member in value.items()
                if isinstance(member, dict | list)
            )
