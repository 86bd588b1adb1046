"""Inputs and results of tasks, made for one definition so that its executions go on: what it reads is there. Of services of AWS
only what their models have is, as Stepwright spells it.

Where it compares, values are those that it compares with and others beside them; what it asks to be present is there, or is
not. Dice decide, anew for each document: so loops end, and other branches come up.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.aws.shapes import Spelling, members_of
from stepwright.tasks import aws
from stepwright.tasks.aws import operations
from stepwright.tasks.aws.operations import NoOperation, Operation
from tests.data.reads import MOMENT, Place, Reads, paths

_OF_KIND: Final[Mapping[str, tuple[Json, ...]]] = {
    "number": (1, 2, 3),
    "moment": (MOMENT,),
    "base64": ("e30=",),
}
_DEEPEST: Final = 8
"""Structures of a service's model within each other."""
_MOST_WHOLES: Final = 20
"""How often all that is read at the top is repeated further down, within one document."""


class Plausible:
    def __init__(self, definition: Mapping[str, Any]) -> None:
        self._reads = Reads(definition)

    def input(self, dice: random.Random) -> Json:
        return _Document(self._reads, dice).whole(of_list=0.5)

    def items(self, dice: random.Random) -> Json:
        """Those that a Map reads."""
        return [_Document(self._reads, dice).whole(of_list=0)]

    def result(self, state: Mapping[str, Any], dice: random.Random) -> Json:
        """What the task of this state may answer: of a service of AWS what its model has; else what is read where ResultPath puts
        it, or what is read anywhere."""
        document = _Document(self._reads, dice)
        if (operation := _operation(state)) is not None:
            shape = operation.model.output_shape
            return {} if shape is None else document.of_service(shape, operation.spelling, self._reads.root)
        path = state.get("ResultPath")
        if isinstance(path, str) and path != "$" and "ResultSelector" not in state:
            place = self._reads.root.at(next(paths(path)))
            return document.whole(of_list=0) if place is None else document.value(place, 0)
        return document.whole(of_list=0.8 if state.get("Next") in self._reads.whole_lists else 0.1)


class _Document:
    """One that is being made. ``depth``: how often what is read at the top is repeated around a value."""

    def __init__(self, reads: Reads, dice: random.Random) -> None:
        self._root = reads.root
        self._texts = reads.texts
        self._dice = dice
        self._wholes = _MOST_WHOLES

    def whole(self, of_list: float) -> Json:
        """``of_list``: how probably it is a list, where the definition reads one."""
        if self._root.items is not None and self._dice.random() < of_list:
            return self._list(self._root.items, 0)
        return self._members(self._root, 0)

    def value(self, place: Place, depth: int) -> Json:
        if place.kind == "json":
            return json.dumps({**self._again(depth, 2), **self._members(place, depth + 1)})
        if place.items is not None or place.kind == "list":
            return self._list(place.items, depth)
        if place.members:
            return self._object(place, depth)
        if place.values or place.kind:
            return self._dice.choice(place.values or _OF_KIND[place.kind])
        if self._root.items is not None and self._dice.random() < 0.3:
            return self._list(self._root.items, depth)
        return self._object(place, depth) if self._dice.random() < 0.3 else self._dice.choice(self._texts)

    def of_service(self, shape: Any, spelling: Spelling, place: Place, depth: int = 0) -> Json:
        """Of a shape of a service's model what is read at the place, or anywhere by that name, spelled as tasks get it."""
        match shape.type_name:
            case "structure" if depth < _DEEPEST:
                members = members_of(shape, spelling)
                return {
                    name: self.of_service(shape.members[members[name]], spelling, inner, depth + 1)
                    for name, inner in {**self._root.members, **place.members}.items()
                    if name in members and self._is_there(inner)
                }
            case "map" if depth < _DEEPEST:
                return {
                    name: self.of_service(shape.value, spelling, inner, depth + 1)
                    for name, inner in (place.members or self._keys_for(shape.value, spelling)).items()
                    if self._is_there(inner)
                }
            case "list":
                item, count = place.items or Place(), self._dice.choice((1, 2))
                return [self.of_service(shape.member, spelling, item, depth + 1) for _ in range(count)]
            case "structure" | "map":
                return {}
            case "boolean":
                return self._dice.choice((True, False))
            case "integer" | "long" | "float" | "double":
                return self._dice.choice([one for one in place.values if type(one) is int] or (1, 2, 3))
            case "timestamp":
                return MOMENT if spelling.sdk else 1_704_067_200_000
            case "string" if shape.enum:
                words: list[Json] = [*(one for one in place.values if one in shape.enum), *shape.enum[:2]]
                return self._dice.choice(words)
        return self.value(place, 1)

    def _keys_for(self, shape: Any, spelling: Spelling) -> Mapping[str, Place]:
        """What is read anywhere that may be a value of this shape: the keys of a map are its owner's."""
        members = members_of(shape, spelling).keys() if shape.type_name == "structure" else set()
        return {
            name: place
            for name, place in self._root.members.items()
            if place.members and place.members.keys() <= members
        }

    def _is_there(self, place: Place) -> bool:
        return not place.optional or self._dice.random() < 0.6

    def _members(self, place: Place, depth: int) -> dict[str, Json]:
        return {
            name: self.value(inner, depth) for name, inner in place.members.items() if self._is_there(inner)
        }

    def _object(self, place: Place, depth: int) -> Json:
        """It may become the whole data of a state, so what is read of that is in it, too."""
        return {**self._again(depth, 1), **self._members(place, depth)}

    def _list(self, place: Place | None, depth: int) -> Json:
        return [self._item(place, depth) for _ in range(self._dice.choice((1, 2)))]

    def _item(self, place: Place | None, depth: int) -> Json:
        if place is not None and (place.values or place.items is not None or place.kind):
            return self.value(place, depth)
        whole = self._members(self._root, 1) if depth == 0 else self._again(depth, 3)
        return {**whole, **self._members(place or Place(), depth + 1)}

    def _again(self, depth: int, most: int) -> dict[str, Json]:
        """All that is read at the top, mostly: now and then nothing, so that documents stay small."""
        if depth >= most or self._wholes == 0 or self._dice.random() < 0.15:
            return {}
        self._wholes -= 1
        return self._members(self._root, depth + 1)


def _operation(state: Mapping[str, Any]) -> Operation | None:
    """Of the service whose answer is the task's result: not where that is a job's end, or the answer to a token."""
    resource = parse(state["Resource"])
    if resource.pattern or not aws.serves(resource):
        return None
    try:
        return operations.of(resource)
    except NoOperation:
        return None
