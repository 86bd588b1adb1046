"""The steps of a path, and how each walks on from a node.

A step is plain data. ``chain`` turns a list of steps into one function by giving each step's *walker* the function of
the step after it: ``walk(node, search, found)`` appends to ``found`` every value that the rest of the path reaches.
A walker raises ``NothingFound`` only while everything before it is definite, as Jayway does; after a wildcard, a
slice, a filter or ``..`` what does not fit is left out silently. So where a walk stopped is known when compiling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from stepwright.asl import java_text
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath import functions
from stepwright.asl.jsonpath.errors import NothingFound
from stepwright.asl.jsonpath.search import Search

Walk: TypeAlias = Callable[[Json, Search, list[Json]], None]
Accepts: TypeAlias = Callable[[Json, Search], bool]


@dataclass(frozen=True, slots=True)
class Property:
    """``.name``, ``['name']``, or several names, which give one object with those that exist."""

    names: tuple[str, ...]

    @property
    def fragment(self) -> str:
        return "[" + ",".join(f"'{name}'" for name in self.names) + "]"


@dataclass(frozen=True, slots=True)
class Index:
    """``[0]``, ``[-1]``, ``[0,2]``."""

    indexes: tuple[int, ...]

    @property
    def fragment(self) -> str:
        return "[" + ",".join(str(index) for index in self.indexes) + "]"


@dataclass(frozen=True, slots=True)
class Slice:
    """``[1:3]``, ``[1:]``, ``[:3]``. A third number is read and ignored, as in Jayway."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``*`` or ``[*]``."""


@dataclass(frozen=True, slots=True)
class Scan:
    """``..``: the step after it is tried at every node below."""


@dataclass(frozen=True, slots=True)
class Filter:
    """``[?(...)]``."""

    accepts: Accepts


@dataclass(frozen=True, slots=True)
class Function:
    """``.length()`` and the like."""

    name: str
    arguments: tuple[Json | Callable[[Json, Search], Json], ...]

    def call(self, node: Json, search: Search) -> Json:
        values = [value(node, search) if callable(value) else value for value in self.arguments]
        search.spend(sum(len(value) for value in (node, *values) if isinstance(value, list)))
        return functions.FUNCTIONS[self.name](node, values)


Step: TypeAlias = Property | Index | Slice | Wildcard | Scan | Filter | Function


def is_definite(step: Step, *, leaf: bool) -> bool:
    """Whether a step leads to one place at most."""
    match step:
        case Property(names):
            return leaf or len(names) == 1
        case Index(indexes):
            return len(indexes) == 1
        case Function():
            return True
        case _:
            return False


def chain(steps: Sequence[Step]) -> Walk:
    """One function for all steps."""
    definite = [True]
    where = ["$"]
    for position, step in enumerate(steps):
        leaf = position == len(steps) - 1
        definite.append(definite[-1] and is_definite(step, leaf=leaf))
        where.append(where[-1] + step.fragment if isinstance(step, Property | Index) else where[-1])
    walk: Walk = _arrive
    for position in range(len(steps) - 1, -1, -1):
        place = _Place(
            leaf=position == len(steps) - 1,
            strict=definite[position],
            after_scan=position > 0 and isinstance(steps[position - 1], Scan),
            where=where[position],
        )
        walk = _walker(steps[position], walk, place)
    return walk


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in its path a step stands."""

    leaf: bool
    strict: bool  # all before it is definite: what is missing is an error
    after_scan: bool
    where: str


def _arrive(node: Json, _search: Search, found: list[Json]) -> None:
    found.append(node)


def _walker(step: Step, onward: Walk, place: _Place) -> Walk:
    match step:
        case Property((name,)):
            return _property(name, onward, place)
        case Property(names):
            return _properties(names, onward, place)
        case Index(indexes):
            return _indexes(step, indexes, onward, place)
        case Slice():
            return _slice(step, onward, place)
        case Wildcard():
            return _wildcard(onward)
        case Scan():
            return _scan(onward)
        case Filter(accepts):
            return _filter(accepts, onward, place)
        case Function():
            return _function(step, onward)


def _property(name: str, onward: Walk, place: _Place) -> Walk:
    here = f"{place.where}['{name}']"
    missing = f"No results for path: {here}" if place.leaf else f"Missing property in path {here}"

    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is dict:
            if name in node:
                onward(node[name], search, found)
            elif place.strict:
                raise NothingFound(missing)
        elif place.strict:
            raise NothingFound(_not_an_object(f"['{name}']", place.where, node))

    return walk


def _properties(names: tuple[str, ...], onward: Walk, place: _Place) -> Walk:
    fragment = Property(names).fragment

    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is not dict:
            if place.strict:
                raise NothingFound(_not_an_object(fragment, place.where, node))
        elif place.leaf:
            search.spend(len(names))
            if not place.after_scan or all(name in node for name in names):
                found.append({name: node[name] for name in names if name in node})
        else:
            search.spend(len(names))
            for name in names:
                if name in node:
                    onward(node[name], search, found)

    return walk


def _not_an_object(fragment: str, where: str, node: Json) -> str:
    return (
        f"Expected to find an object with property {fragment} in path {where} but found '{_JAVA[type(node)]}'. This is "
        "not a json object according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JsonSmartJsonProvider'."
    )


_JAVA: dict[type, str] = {
    type(None): "null",
    bool: "java.lang.Boolean",
    int: "java.lang.Integer",
    float: "java.lang.Double",
    str: "java.lang.String",
    list: "net.minidev.json.JSONArray",
    dict: "java.util.LinkedHashMap",
}


def _array(node: Json, place: _Place, fragment: str) -> list[Json] | None:
    if type(node) is list:
        return node
    if not place.strict:
        return None
    if node is None:
        raise NothingFound(f"The path {place.where} is null")
    raise NothingFound(
        f"Filter: {fragment} can only be applied to arrays. Current context is: {java_text.of_value(node)}"
    )


def _indexes(step: Index, indexes: tuple[int, ...], onward: Walk, place: _Place) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        items = _array(node, place, step.fragment)
        if items is not None:
            search.spend(len(indexes))
            for index in indexes:
                if -len(items) <= index < len(items):
                    onward(items[index], search, found)

    return walk


def _slice(step: Slice, onward: Walk, place: _Place) -> Walk:
    start, stop = step.start, step.stop
    fragment = f"[{'' if start is None else start}:{'' if stop is None else stop}]"

    def indexes(length: int) -> range:
        if start is None:
            end = stop if stop is not None else length
            return range(min(length, end + length if end < 0 else end))
        if stop is None:
            return range(max(0, start + length if start < 0 else start), length)
        return range(start, min(length, stop))  # a negative number counts from the end, item by item

    def walk(node: Json, search: Search, found: list[Json]) -> None:
        items = _array(node, place, fragment)
        if items is not None:
            length = len(items)
            chosen = indexes(length)
            search.spend(len(chosen))
            for index in chosen:
                if -length <= index < length:
                    onward(items[index], search, found)

    return walk


def _wildcard(onward: Walk) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is list:
            search.spend(len(node))
            for item in node:
                onward(item, search, found)
        elif type(node) is dict:
            search.spend(len(node))
            for item in node.values():
                onward(item, search, found)

    return walk


def _scan(onward: Walk) -> Walk:
    """Every array and object below a node, the node first. By hand instead of by recursion: documents may be deep."""

    def walk(node: Json, search: Search, found: list[Json]) -> None:
        waiting = [node]
        while waiting:
            current = waiting.pop()
            if type(current) is dict:
                search.spend(1 + len(current))
                onward(current, search, found)
                waiting.extend(value for value in reversed(current.values()) if type(value) in _CONTAINERS)
            elif type(current) is list:
                search.spend(1 + len(current))
                onward(current, search, found)
                waiting.extend(value for value in reversed(current) if type(value) in _CONTAINERS)

    return walk


_CONTAINERS = (dict, list)


def _filter(accepts: Accepts, onward: Walk, place: _Place) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        if type(node) is list:
            if place.after_scan and not accepts(node, search):  # its items come by themselves
                return
            search.spend(len(node))
            for item in node:
                if accepts(item, search):
                    onward(item, search, found)
        elif type(node) is dict:
            if accepts(node, search):
                onward(node, search, found)
        elif place.strict:
            raise NothingFound(
                "Filter can not be applied to primitives. Current context is: " + java_text.of_value(node)
            )

    return walk


def _function(step: Function, onward: Walk) -> Walk:
    def walk(node: Json, search: Search, found: list[Json]) -> None:
        onward(step.call(node, search), search, found)

    return walk
