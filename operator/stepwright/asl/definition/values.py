"""Plain values of an object of the definition, and which fields it has: each method returns the value, or None after
noting the problem."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stepwright.asl.definition import placeholders
from stepwright.asl.definition.pointers import child
from stepwright.asl.definition.problems import NO_PATH, Problems
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import QueryLanguage


@dataclass(frozen=True, slots=True)
class Values:
    """An object, its place and its query language."""

    raw: Mapping[str, Json]
    pointer: Pointer
    language: QueryLanguage
    problems: Problems

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def at(self, name: str) -> Pointer:
        return child(self.pointer, name)

    def text(self, name: str, *, literal: bool = True, usual: Sequence[str] = ()) -> str | None:  # noqa: ARG002
        """``literal``: it is used as written, so one that looks like a path is probably a mistake. ``usual``: what most
        people choose from."""
        value = self.raw.get(name)
        if isinstance(value, str):
            if literal and self.language == "JSONPath" and looks_like_path(value):
                self.problems.warn(
                    NO_PATH,
                    self.at(name),
                    f"The value of '{name}' looks like a path but is taken as written; use '{name}Path'",
                )
            return value
        if name in self.raw:
            self.problems.wrong_type(self.at(name), "String", value)
        return None

    def state_name(self, name: str) -> str | None:
        """Of a state in the same scope."""
        return self.text(name, literal=False)

    def as_written(self, name: str, *, usual: Sequence[str] = ()) -> Json:  # noqa: ARG002
        """Any value, without expressions. ``usual``: what most people choose from."""
        return self.raw.get(name)

    def comment(self) -> str | None:
        return self.text("Comment", literal=False)

    def boolean(self, name: str) -> bool | None:
        value = self.raw.get(name)
        if isinstance(value, bool):
            return value
        if name in self.raw:
            self.problems.wrong_type(self.at(name), "Boolean", value)
        return None

    def one_of(self, name: str, values: Sequence[str]) -> str | None:
        value = self.raw.get(name)
        if isinstance(value, str) and value in values:
            return value
        if name in self.raw:
            self.problems.not_one_of(self.at(name), name, values)
        return None

    def object(self, name: str) -> dict[str, Json] | None:
        value = self.raw.get(name)
        if isinstance(value, dict):
            return value
        if name in self.raw:
            self.problems.wrong_type(self.at(name), "Object", value)
        return None

    def array(self, name: str, *, empty: bool = False) -> list[Json]:
        value = self.raw.get(name)
        if isinstance(value, list):
            if not value and not empty:
                self.problems.error(self.at(name), "Value cannot be empty")
            return value
        if name in self.raw:
            self.problems.wrong_type(self.at(name), "Array", value)
        return []

    def objects(self, name: str, *, empty: bool = False) -> Iterator[tuple[int, dict[str, Json]]]:
        """The objects of an array with their indexes."""
        for index, item in enumerate(self.array(name, empty=empty)):
            if isinstance(item, dict):
                yield index, item
            else:
                self.problems.wrong_type(child(self.pointer, name, index), "Object", item)

    def number(self, name: str, minimum: float, maximum: float = math.inf) -> float | None:
        value = self.raw.get(name)
        if name not in self.raw:
            return None
        if isinstance(value, str) and placeholders.is_one(value):
            self.problems.placeholder(self.at(name), value)
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problems.wrong_type(self.at(name), "Number", value)
            return None
        # Compared without conversion: an int may be larger than a float can hold.
        if not minimum <= value <= maximum:
            self._out_of_bounds(name, minimum, maximum)
            return None
        if value > sys.float_info.max:
            self.problems.error(self.at(name), f"The value of '{name}' is too large")
            return None
        return float(value)

    def integer(self, name: str, minimum: int, maximum: int) -> int | None:
        value = self.raw.get(name)
        if name not in self.raw:
            return None
        if isinstance(value, str) and placeholders.is_one(value):
            self.problems.placeholder(self.at(name), value)
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            self.problems.wrong_type(self.at(name), "Integer", value)
            return None
        if not minimum <= value <= maximum:
            self._out_of_bounds(name, minimum, maximum)
            return None
        return value

    def _out_of_bounds(self, name: str, minimum: float, maximum: float) -> None:
        bounds = (
            f"at least {minimum:g}" if math.isinf(maximum) else f"between {minimum:.12g} and {maximum:.12g}"
        )
        self.problems.error(self.at(name), f"The value of '{name}' should be {bounds}")

    # Which fields there are

    def require(self, name: str) -> None:
        if name not in self.raw:
            self.problems.missing(self.pointer, [name])

    def only_one(self, *names: str, required: bool = False) -> None:
        """Of these fields at most one may be there, and exactly one if that is ``required``. A false one says nothing."""
        given = [name for name in names if self.raw.get(name, False) is not False]
        if len(given) > 1:
            self.problems.exclusive(self.pointer, given)
        elif required and not given:
            jsonpath_only = () if self.language == "JSONPath" else _path_forms(names)
            self.problems.none_of(self.pointer, [name for name in names if name not in jsonpath_only])


def _path_forms(names: Sequence[str]) -> list[str]:
    """Those that give a path in place of another's value."""
    return [f"{name}Path" for name in names if f"{name}Path" in names]


def looks_like_path(value: Json) -> bool:
    """Whether its author most likely meant a path or a call."""
    return isinstance(value, str) and (value.startswith(("$.", "$$.", "$[")) or _is_call(value))


def _is_call(text: str) -> bool:
    return text.startswith("States.") and text.endswith(")") and "(" in text
