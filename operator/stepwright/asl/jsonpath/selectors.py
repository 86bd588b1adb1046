"""The steps of a path, and how each walks on from a node.

A step is plain data. ``chain`` turns a list of steps into one function by giving each step's *walker* the function of
the step after it: ``walk(node, search, found)`` appends to ``found`` every value that the rest of the path reaches.

What a walker does where it does not fit is Jayway's, down to its oddities (json-path 2.0.0 over Jackson's JsonNode):
an index beyond the list gives null, a name looked for in no object ends the path, ``..`` hands the items of a list on
past the step that follows it. Only a wildcard over a list goes on where an item has no such place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from stepwright.asl.failure import causes
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath.errors import Inapplicable, NothingFound
from stepwright.asl.jsonpath.search import Search

Walk: TypeAlias = Callable[[Json, Search, list[Json]], None]
Accepts: TypeAlias = Callable[[Json, Search], bool]


@dataclass(frozen=True, slots=True)
class Property:
    """``.name``, ``['name']``, or several names, which give one object with those that exist."""

    names: tuple[str, ...]

    @property
    def fragment(self) -> str:
        return "[" + ", ".join(f"'{name}'" for name in self.names) + "]"


@dataclass(frozen=True, slots=True)
class Index:
    """``[0]``, ``[0,2]``. Beyond the list, which is all below 0, lies null."""

    indexes: tuple[int, ...]

    @property
    def fragment(self) -> str:
        return "[" + ",".join(str(index) for index in self.indexes) + "]"


@dataclass(frozen=True, slots=True)
class FromEnd:
    """``[(@.length-1)]``. ``offset`` is added to the length."""

    offset: int

    @property
    def fragment(self) -> str:
        return f"[@.size(){self.offset}]"


@dataclass(frozen=True, slots=True)
class Slice:
    """``[1:3]``, ``[1:]``, ``[:3]``. A third number is read and ignored, as in Jayway."""

    start: int | None
    stop: int | None

    @property
    def fragment(self) -> str:
        return f"[{'' if self.start is None else self.start}:{'' if self.stop is None else self.stop}]"

    def chosen(self, length: int) -> range:
        """Of a list of that length. Only a slice with one end counts that end from the list's."""
        start, stop = self.start, self.stop
        if stop is None:
            assert start is not None
            return range(max(0, start + length if start < 0 else start), length)
        if start is None:
            return range(min(length, stop + length if stop < 0 else stop))
        return range(start, min(length, stop)) if length else range(0)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*`` or ``[*]``."""

    fragment = "[*]"


@dataclass(frozen=True, slots=True)
class Scan:
    """``..``: the step after it is tried at every node below."""

    fragment = ".."


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(...)]``."""

    accepts: Accepts

    fragment = "[?]"


Step: TypeAlias = Property | Index | FromEnd | Slice | Wildcard | Scan | Filter


def is_definite(step: Step) -> bool:
    """Whether a step leads to one place at most."""
    match step:
        case Property() | FromEnd():
            return True
        case Index(indexes):
            return len(indexes) == 1
        case _:
            return False


def chain(steps: Sequence[Step]) -> Walk:
    """One function for all steps."""
    walks: list[Walk] = [_arrive]  # of the last step, of the last two, ...
    definite_from = len(steps)
    for position in range(len(steps) - 1, -1, -1):
        if definite_from == position + 1 and is_definite(steps[position]):
            definite_from = position
        walks.append(_walker(_Place(steps, position, definite_from), walks))
    return walks[-1]


@dataclass(frozen=True)
class _Place:
    """Where in its path a step stands."""

    steps: Sequence[Step]
    position: int
    definite_from: int
    """From which step on, at or after this one, all lead to one place at most."""

    @cached_property
    def where(self) -> str:
        """The path so far, as reasons name it."""
        return "$" + "".join(step.fragment for step in self.steps[: self.position])

    @cached_property
    def rest(self) -> str:
        """The path from this step on."""
        return "".join(step.fragment for step in self.steps[self.position :])

    @property
    def leaf(self) -> bool:
        return self.position == len(self.steps) - 1

    @property
    def all_definite(self) -> bool:
        """The step, the one before it and all after it lead to one place at most."""
        before = self.position - 1
        return self.definite_from == self.position and (before < 0 or is_definite(self.steps[before]))

    @property
    def from_property(self) -> bool:
        return self.position > 0 and isinstance(self.steps[self.position - 1], Property)


def _arrive(node: Json, _search: Search, found: list[Json]) -> None:
    found.append(node)


def _walker(place: _Place, walks: Sequence[Walk]) -> Walk:
    onward = walks[-1]
    steps, position = place.steps, place.position
    match step := steps[position]:
        case Property((name,)):
            return _property(name, onward, place)
        case Property(names):
            return _properties(names, place)
        case Index((index,)):
            return _index(index, onward, place)
        case Index(indexes):
            return _several(lambda _length: indexes, onward, place)
        case FromEnd(offset):
            return _from_end(offset, onward, place)
        case Slice():
            return _several(step.chosen, onward, place)
        case Wildcard():
            return _wildcard(onward)
        case Scan():
            return _scan(steps[position + 1], onward, None if len(walks) < 3 else walks[-2])
        case Filter(accepts):
            return _filter(accepts, onward, place)


def _property(name: str, onward: Walk, place: _Place) -> Walk:
    strict = place.leaf or place.all_definite

    def missing() -> str:
        return f"{'No results for' if place.leaf else 'Missing property in'} path{':' * place.leaf} {place.where}['{name}']"

    def no_object() -> str:
        return f"Property ['{name}'] not found in path {place.where}"

    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is not dict:
            raise NothingFound(no_object)
        if name in node:
            onward(node[name], search, found)
        elif strict:
            raise NothingFound(missing)

    return walk


def _properties(names: tuple[str, ...], place: _Place) -> Walk:
    fragment = Property(names).fragment
    leaf = place.leaf

    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is not dict:
            raise NothingFound(lambda: f"Property {fragment} not found in path {place.where}")
        if not leaf:
            raise Inapplicable(
                lambda: f"Multi properties can only be used as path leafs: {place.where}{fragment}"
            )
        search.spend(len(names))
        found.append({name: node[name] for name in names if name in node})

    return walk


def _array(node: Json, search: Search, place: _Place) -> list[Json]:
    if type(node) is list:
        return node
    if node is None and (place.from_property or search.beyond):
        raise NothingFound(lambda: f"The path {place.where} is null")
    raise Inapplicable(
        lambda: (
            f"Filter: {place.rest} can only be applied to arrays. Current context is: {causes.plain(node)}"
        )
    )


def _item(items: list[Json], index: int, search: Search) -> Json:
    if 0 <= index < len(items):
        return items[index]
    search.beyond = True
    return None


def _index(index: int, onward: Walk, place: _Place) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        items = _array(node, search, place)
        onward(_item(items, index, search), search, found)

    return walk


def _from_end(offset: int, onward: Walk, place: _Place) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        items = _array(node, search, place)
        onward(_item(items, len(items) + offset, search), search, found)

    return walk


def _several(chosen: Callable[[int], Sequence[int]], onward: Walk, place: _Place) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        items = _array(node, search, place)
        indexes = chosen(len(items))
        search.spend(len(indexes))
        length = len(items)
        for index in indexes:
            onward(items[index] if 0 <= index < length else _item(items, index, search), search, found)

    return walk


def _wildcard(onward: Walk) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is list:
            search.spend(len(node))
            for item in node:
                try:
                    onward(item, search, found)
                except NothingFound:
                    continue
        elif type(node) is dict:
            search.spend(len(node))
            for item in node.values():
                onward(item, search, found)

    return walk


def _scan(target: Step, onward: Walk, past_target: Walk | None) -> Walk:
    """Every list and object below a node, the node first. By hand instead of by recursion: documents may be deep.

    ``past_target`` is None if the path ends with the step after ``..``."""
    matches = _matches(target)
    name = target.names[0] if isinstance(target, Property) and len(target.names) == 1 else None

    def walk(node: Json, search: Search, found: list[Json]) -> None:
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if type(current) is dict:
                search.spend(1 + len(current))
                if matches(current, search) if name is None else name in current:
                    onward(current, search, found)
                waiting.extend(value for value in reversed(current.values()) if type(value) in _CONTAINERS)
            elif type(current) is list:
                search.spend(1 + len(current))
                if name is None and matches(current, search):
                    if past_target is None:
                        onward(current, search, found)
                    else:
                        for item in current:
                            past_target(item, search, found)
                waiting.extend(value for value in reversed(current) if type(value) in _CONTAINERS)

    return walk


_CONTAINERS = (dict, list)


def _matches(target: Step) -> Accepts:
    """At which nodes ``..`` tries the step after it."""
    match target:
        case Property(names):
            return lambda node, _search: type(node) is dict and all(name in node for name in names)
        case Index() | FromEnd() | Slice():
            return lambda node, _search: type(node) is list
        case Filter(accepts):
            return accepts
        case Wildcard():
            return lambda _node, _search: True
        case Scan():
            return lambda _node, _search: False


def _filter(accepts: Accepts, onward: Walk, place: _Place) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is list:
            search.spend(len(node))
            for item in node:
                if accepts(item, search):
                    onward(item, search, found)
        elif type(node) is dict:
            if accepts(node, search):
                onward(node, search, found)
        else:
            raise Inapplicable(
                lambda: (
                    f"Filter: {place.rest} can not be applied to primitives. Current context is: {causes.plain(node)}"
                )
            )

    return walk
