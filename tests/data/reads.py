"""What a definition reads of its data: every path in it, as a tree, with what is known of the values there.

A path is in the tree whole and by each of its ends (``$.ship.Payload.id``: also ``Payload.id`` and ``id``), since
ResultPath, ResultSelector and OutputPath move what tasks answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from stepwright.asl.json_types import Json

MOMENT: Final = "2024-01-01T00:00:00Z"

_PATH: Final = re.compile(
    r"(?P<context>\$?)\$(?P<variable>[A-Za-z_]\w*)?"
    r"""(?P<steps>(?:\.[\w-]+|\.?\[\s*(?:'[^']*'|"[^"]*"|[-\d:]+|\*|\?\([^)]*\))\s*\])*)"""
)
_STEP: Final = re.compile(
    r"""\.(?P<dotted>[\w-]+)|\[\s*(?:['"](?P<quoted>[^'"]*)['"]|(?P<index>[-\d:]+|\*)"""
    r"""|\?\(\s*@\.(?P<tested>\w+)\s*==\s*'?(?P<constant>[^')]*)'?\s*\))"""
)
_INPUTS_IN_CONTEXT: Final = (["Execution", "Input"], ["Map", "Item", "Value"])

_CALLS: Final = {
    "json": r"(?:States\.StringToJson|\$parse)\(\s*(?P<path>\$[^,()]*)",
    "base64": r"States\.Base64Decode\(\s*(?P<path>\$[^,()]*)",
    "number": r"(?:States\.(?:MathAdd|ArrayRange)|\$number)\(\s*(?P<path>\$[^,()]*)|\{%.*?(?P<other>\$[\w.]+)\s*[+*]",
    "list": r"States\.Array(?:Length|GetItem|Contains|Partition|Unique)\(\s*(?P<path>\$[^,()]*)",
}
"""What the value at a path must be, by the call that takes it."""
_FIELDS: Final = {
    "ItemsPath": "list",
    "Items": "list",
    "SecondsPath": "number",
    "TimeoutSecondsPath": "number",
    "HeartbeatSecondsPath": "number",
    "MaxConcurrencyPath": "number",
    "MaxItemsPath": "number",
    "TimestampPath": "moment",
}
_TEMPLATE: Final = re.compile(r"States\.Format\((?P<path>\$[^,()]*),")
_SPLIT: Final = re.compile(r"States\.StringSplit\((?P<path>\$[^,]*),\s*'(?P<by>[^']*)'")
_EQUAL: Final = re.compile(r"""(?P<path>\$[\w.\[\]]+)\s*!?=\s*['"](?P<constant>[^'"]*)['"]""")


@dataclass(frozen=True, slots=True)
class Items:
    """A step of a path into a list. ``tested``: a member that its filter compares with a constant."""

    tested: str = ""
    constant: str = ""


Path: TypeAlias = list[str | Items]


@dataclass(slots=True)
class Place:
    """What is read at one path. ``kind``: json (a text), base64, number, list, moment, or empty. ``optional``: it is asked
    whether it is there."""

    members: dict[str, Place] = field(default_factory=dict)
    items: Place | None = None
    values: list[Json] = field(default_factory=list)
    kind: str = ""
    optional: bool = False

    def list_items(self) -> Place:
        self.items = self.items or Place()
        return self.items

    def at(self, path: Path) -> Place | None:
        place: Place | None = self
        for step in path:
            place = (
                None if place is None else place.members.get(step) if isinstance(step, str) else place.items
            )
        return place


class Reads:
    """``whole_lists``: states whose whole input is a list. ``texts``: what a text may be of which nothing is known."""

    def __init__(self, definition: Mapping[str, Any]) -> None:
        self.root = Place()
        self.whole_lists: set[str] = set()
        self.texts: list[Json] = ["a"]
        self._object(definition)

    def _object(self, given: Mapping[str, Any]) -> None:
        if isinstance(given.get("Variable"), str):
            self._rule(given)
        for name, value in given.items():
            if isinstance(value, dict) and _takes_list(value):
                self.whole_lists.add(name)
                self.root.list_items()
            self._value(name, value)

    def _value(self, name: str, value: Any) -> None:
        if isinstance(value, dict):
            self._object(value)
        elif isinstance(value, list):
            for inner in value:
                self._value(name, inner)
        elif isinstance(value, str) and name not in ("ResultPath", "Comment"):
            self._text(name, value)

    def _text(self, name: str, text: str) -> None:
        for place in self._places(text):
            place.kind = place.kind or _FIELDS.get(name, "")
        for kind, call in _CALLS.items():
            for found in re.finditer(call, text):
                for place in self._places(found["path"] or found["other"]):
                    place.kind = kind
        for pattern in (_TEMPLATE, _SPLIT, _EQUAL):
            for found in pattern.finditer(text):
                values = _texts(pattern, found)
                if pattern is _TEMPLATE:
                    self.texts += values
                for place in self._places(found["path"]):
                    place.values += values

    def _rule(self, rule: Mapping[str, Any]) -> None:
        for comparison, value in rule.items():
            for place in self._places(rule["Variable"]):
                place.values += _compared(comparison, value)
                place.optional |= comparison == "IsPresent"
            if comparison.startswith(("Numeric", "Timestamp")) and comparison.endswith("Path"):
                for place in self._places(value):
                    place.values += _compared(comparison, value)

    def _places(self, text: str) -> Iterator[Place]:
        """Of each path in the text, and of each of its ends."""
        for path in paths(text):
            if isinstance(path[0], Items):
                self.root.list_items()
            for begin, first in enumerate(path):
                if isinstance(first, str):
                    yield self._place(path[begin:])

    def _place(self, path: Path) -> Place:
        place = self.root
        for step in path:
            if isinstance(step, str):
                place = place.members.setdefault(step, Place())
                continue
            place = place.list_items()
            if step.tested:
                place.members.setdefault(step.tested, Place()).values.append(step.constant)
        return place


def paths(text: str) -> Iterator[Path]:
    """Those in a path, an intrinsic function or an expression that lead into the state's data."""
    for found in _PATH.finditer(text):
        steps = [_step(step) for step in _STEP.finditer(found["steps"])]
        if found["context"]:
            steps = next(
                (steps[len(start) :] for start in _INPUTS_IN_CONTEXT if steps[: len(start)] == start), []
            )
        elif found["variable"] == "states":  # $states.input, $states.result, $states.context
            steps = [] if steps[:1] == ["context"] else steps[1:]
        elif found["variable"]:
            steps = [found["variable"], *steps]
        if steps:
            yield steps


def _step(found: re.Match[str]) -> str | Items:
    if found["index"] or found["tested"]:
        return Items(found["tested"] or "", found["constant"] or "")
    return found["dotted"] or found["quoted"]


def _takes_list(state: Mapping[str, Any]) -> bool:
    if state.get("Type") == "Map":
        return state.get("ItemsPath", "$") == "$" and not state.keys() & {"ItemReader", "Items"}
    return any(isinstance(path[0], Items) for path in paths(str(state.get("Parameters"))))


def _texts(pattern: re.Pattern[str], found: re.Match[str]) -> list[Json]:
    if pattern is _TEMPLATE:
        return ["{}"]
    return [found["by"].join("abcdefghij")] if pattern is _SPLIT else [found["constant"], "other"]


def _compared(comparison: str, value: Any) -> list[Json]:
    """Values for which a comparison holds, and for which it does not."""
    if comparison.startswith("Numeric"):
        return [1, 2] if comparison.endswith("Path") else [value - 1, value, value + 1]
    if comparison.startswith("Timestamp"):
        return [MOMENT]
    of_kind: dict[str, list[Json]] = {
        "BooleanEquals": [True, False],
        "IsNull": [None, "a"],
        "IsNumeric": [1, "a"],
        "IsString": ["a", 1],
        "IsBoolean": [True, "a"],
    }
    if comparison in ("StringEquals", "StringMatches"):
        return [value.replace("*", "x"), "other"]
    return of_kind.get(comparison, [])
