"""Reading an object of the definition field by field: each method returns the value, or None after noting the
problem."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from stepwright.asl import intrinsics, jsonpath
from stepwright.asl.choice_rules import InvalidRule
from stepwright.asl.data import Expression, Selection
from stepwright.asl.definition import languages, limits, placeholders
from stepwright.asl.definition.pointers import child
from stepwright.asl.definition.problems import NO_DOLLAR, NO_PATH, PATH_DIALECT, VARIABLE_NAME, Problems
from stepwright.asl.fields import jsonata_fields, reference_path
from stepwright.asl.fields.jsonata_fields import InvalidQuery
from stepwright.asl.fields.payload_template import InvalidTemplate
from stepwright.asl.intrinsics import InvalidIntrinsic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.jsonpath import InvalidPath
from stepwright.asl.machine import QueryLanguage, Rule, Target
from stepwright.asl.place import Place

IDENTITY: Final[Selection] = jsonpath.compile("$")
WHOLE: Final[Target] = reference_path.compile("$")

_HAVE_RESULTS: Final = ("Task", "Parallel", "Map")

# A template's problem is at the object, as AWS has it; the sentence names the field.
_NAMED_FIELD: Final = re.compile(r"The value for the field '(.+)' must be ", re.DOTALL)


@dataclass(slots=True)
class Nested:
    """A scope inside a state, still to be read."""

    raw: dict[str, Json]
    pointer: Pointer
    role: Literal["branch", "processor"]


@dataclass(frozen=True, slots=True)
class Fields:
    """An object, its place and its query language. ``nested`` collects the scopes inside states."""

    raw: Mapping[str, Json]
    pointer: Pointer
    language: QueryLanguage
    problems: Problems
    nested: list[Nested] = field(default_factory=list)
    location: str = ""
    """The place in the state, as errors at run time name it: ``Choices[0]``; empty for the state itself."""

    def __contains__(self, name: str) -> bool:
        return name in self.raw

    def at(self, name: str) -> Pointer:
        return child(self.pointer, name)

    def within(self, raw: dict[str, Json], *tokens: str | int) -> Fields:
        """The fields of an object further down."""
        location = self.location
        for token in tokens:
            location += f"[{token}]" if isinstance(token, int) else f"/{token}" if location else token
        return Fields(raw, child(self.pointer, *tokens), self.language, self.problems, self.nested, location)

    def _offered(self, name: str) -> str | None:
        """Output and Assign see the state's result."""
        if name not in ("Output", "Assign"):
            return None
        if self.location.startswith("Catch["):
            return "errorOutput"
        return "result" if not self.location and self.raw.get("Type") in _HAVE_RESULTS else None

    def location_of(self, name: str) -> str:
        return f"{self.location}/{name}" if self.location else name

    # Plain values

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

    # Expressions

    def is_expression(self, name: str) -> bool:
        """Whether a JSONata expression stands where there may be a plain value, too."""
        return self.language == "JSONata" and languages.is_jsonata_expression(self.raw.get(name))

    def selection(self, name: str) -> Selection | None:
        """InputPath or OutputPath: ``$`` if it is missing, None for null."""
        if name in self.raw and self.raw[name] is None:
            return None
        path = self.path(name)
        return path if isinstance(path, jsonpath.Path) else IDENTITY

    def path(self, name: str, *, calls: bool = False) -> Expression | None:
        """A JSONPath; with ``calls`` also an intrinsic function. None if the field is missing."""
        if name not in self.raw:
            return None
        text = self.raw[name]
        if not isinstance(text, str):
            self.problems.wrong_type(self.at(name), "String", text)
            return None
        try:
            if calls and text.startswith("States."):
                return intrinsics.compile(text)
            path = jsonpath.compile(text)
            self._warn_of_functions(self.at(name), path)
            return path
        except InvalidPath as error:
            kinds = "JSONPath or a valid intrinsic function call" if calls else "JSONPath"
            self.problems.error(
                self.at(name), f"The value for the field '{name}' must be a valid {kinds}; {error.message}"
            )
        except InvalidIntrinsic as error:
            self.problems.error(
                self.at(name),
                f"The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call;"
                f" {error.message}",
            )
        return None

    def _warn_of_functions(self, where: Pointer, path: jsonpath.Path) -> None:
        """Other dialects of JSONPath have functions; here they find nothing, which is never intended."""
        if path.function is not None:
            self.problems.warn(
                PATH_DIALECT,
                where,
                f"JSONPath has no functions on AWS: '{path}' looks for a member named '{path.function}'; an intrinsic"
                " function or JSONata counts and computes",
            )

    def target(self, name: str) -> Target | None:
        """A ResultPath: ``$`` if it is missing, None for null."""
        if name not in self.raw:
            return WHOLE
        text = self.raw[name]
        if text is None:
            return None
        if not isinstance(text, str):
            self.problems.wrong_type(self.at(name), "String", text)
            return WHOLE
        try:
            return reference_path.compile(text)
        except InvalidPath as error:
            self.problems.error(self.at(name), f"Value is not a Reference Path; {error.message}")
            return WHOLE

    def template(self, name: str) -> Expression | None:
        """Any value that may hold expressions, in the state's language."""
        if name not in self.raw:
            return None
        if self.language == "JSONPath":
            self._check_keys(self.raw[name], self.at(name))
        elif self.problems.tokens > jsonata_fields.MAX_TOKENS:
            return None
        try:
            compiled = languages.COMPILERS[self.language].template(
                self.raw[name], self.at(name), self.location_of(name), self._offered(name)
            )
            self._count(name, compiled)
            for path in getattr(compiled, "paths", ()):
                self._warn_of_functions(self.at(name), path)
            return compiled
        except InvalidQuery as error:
            self._add_found(error)
            return None
        except InvalidTemplate as error:
            for pointer, message in error.problems:
                named = _NAMED_FIELD.match(message)
                self.problems.error(pointer, message, member=named[1] if named else None)
            return None

    def _count(self, name: str, compiled: Expression) -> None:
        """The cost of compiling a definition is bounded, whichever fields its expressions are in."""
        if isinstance(compiled, jsonata_fields.Query):
            self.problems.tokens += compiled.tokens
            if self.problems.tokens > jsonata_fields.MAX_TOKENS:
                self.problems.error(
                    self.at(name), jsonata_fields.too_many_tokens(), code=jsonata_fields.INVALID
                )

    @property
    def arguments(self) -> str:
        """The name of the field with a task's arguments."""
        return "Arguments" if self.language == "JSONata" else "Parameters"

    def _check_keys(self, template: Json, pointer: Pointer) -> None:
        """Checks the objects of a template, apart from the expressions in them."""
        waiting = [(template, Place())]
        while waiting:
            value, place = waiting.pop()
            if isinstance(value, list):
                waiting.extend((item, place.within(index)) for index, item in enumerate(value))
            elif isinstance(value, dict):
                for key, member in value.items():
                    if isinstance(member, dict | list):
                        waiting.append((member, place.within(key)))
                    self._check_key(key, member, value, pointer, place)

    def _check_key(
        self, key: str, member: Json, fields: Mapping[str, Json], field: Pointer, place: Place
    ) -> None:
        plain = key.removesuffix(".$")
        if plain != key and plain in fields:
            where = place.pointer(field)
            self.problems.error(where, f"The fields '{plain}' and '{key}' give the same field", member=key)
        elif plain == key and looks_like_path(member):
            self.problems.warn(
                NO_DOLLAR,
                place.pointer(field),
                f"The value of '{key}' looks like a path but is taken as written; use '{key}.$'",
                member=key,
            )

    def assignment(self) -> Expression | None:
        """Assign: an object whose names are variables."""
        if "Assign" not in self.raw:
            return None
        names = self.object("Assign")
        if names is None:
            return None
        for key in names:
            variable = key.removesuffix(".$") if self.language == "JSONPath" else key
            if not variable or len(variable) > limits.VARIABLE_NAME_CHARACTERS or variable == "states":
                self.problems.error(
                    self.at("Assign"),
                    f"'{variable}' cannot be the name of a variable; it needs 1 to {limits.VARIABLE_NAME_CHARACTERS}"
                    " characters and 'states' is reserved",
                    member=key,
                )
            elif not variable.isidentifier():
                self.problems.warn(
                    VARIABLE_NAME,
                    self.at("Assign"),
                    f"'{variable}' is not an identifier, so expressions may not be able to read the variable",
                    member=key,
                )
        return self.template("Assign")

    def rule(self, raw: dict[str, Json]) -> Rule | None:
        """The condition in ``raw``, a part of this object."""
        try:
            return languages.COMPILERS[self.language].rule(raw, self.pointer, self.location)
        except InvalidRule as error:
            for pointer, message in error.problems:
                self.problems.error(pointer, message)
        except InvalidQuery as error:
            self._add_found(error)
        return None

    def integer_or_expression(self, name: str, minimum: int, maximum: int) -> int | Expression | None:
        """A literal, its ...Path form, or in JSONata an expression."""
        if self.is_expression(name):
            return self.template(name)
        literal = self.integer(name, minimum, maximum)
        return self._path_form(name) if f"{name}Path" in self.raw else literal

    def number_or_expression(self, name: str, minimum: float, maximum: float) -> float | Expression | None:
        if self.is_expression(name):
            return self.template(name)
        literal = self.number(name, minimum, maximum)
        return self._path_form(name) if f"{name}Path" in self.raw else literal

    def _path_form(self, name: str) -> Expression | None:
        if self.language != "JSONPath":
            return None
        self.only_one(name, f"{name}Path")
        return self.path(f"{name}Path")

    def _add_found(self, found: InvalidQuery) -> None:
        for code, pointer, message in found.problems:
            self.problems.error(pointer, message, code=code)


def _path_forms(names: Sequence[str]) -> list[str]:
    """Those that give a path in place of another's value."""
    return [f"{name}Path" for name in names if f"{name}Path" in names]


def looks_like_path(value: Json) -> bool:
    """Whether its author most likely meant a path or a call."""
    return isinstance(value, str) and (value.startswith(("$.", "$$.", "$[")) or _is_call(value))


def _is_call(text: str) -> bool:
    return text.startswith("States.") and text.endswith(")") and "(" in text
