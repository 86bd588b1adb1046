"""Reading an object of the definition field by field, with the expressions in it: each method returns the value, or None
after noting the problem."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from stepwright.asl import intrinsics, jsonpath
from stepwright.asl.choice_rules import InvalidRule
from stepwright.asl.data import Expression, Selection
from stepwright.asl.definition import languages, limits, template_keys
from stepwright.asl.definition.pointers import child
from stepwright.asl.definition.problems import PATH_DIALECT, VARIABLE_NAME
from stepwright.asl.definition.values import Values
from stepwright.asl.fields import jsonata_fields, reference_path
from stepwright.asl.fields.jsonata_fields import InvalidQuery
from stepwright.asl.fields.payload_template import InvalidTemplate
from stepwright.asl.intrinsics import InvalidIntrinsic
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.jsonpath import InvalidPath
from stepwright.asl.machine import Rule, Target

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
class Fields(Values):
    """``nested`` collects the scopes inside states."""

    nested: list[Nested] = field(default_factory=list)
    location: str = ""
    """The place in the state, as errors at run time name it: ``Choices[0]``; empty for the state itself."""

    def within(self, raw: dict[str, Json], *tokens: str | int) -> Fields:
        """The fields of an object further down."""
        location = self.location
        for token in tokens:
            location += f"[{token}]" if isinstance(token, int) else f"/{token}" if location else token
        return Fields(raw, child(self.pointer, *tokens), self.language, self.problems, self.nested, location)

    def location_of(self, name: str) -> str:
        return f"{self.location}/{name}" if self.location else name

    def _offered(self, name: str) -> str | None:
        """Output and Assign see the state's result."""
        if name not in ("Output", "Assign"):
            return None
        if self.location.startswith("Catch["):
            return "errorOutput"
        return "result" if not self.location and self.raw.get("Type") in _HAVE_RESULTS else None

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
            template_keys.check(self.raw[name], self.at(name), self.problems)
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
