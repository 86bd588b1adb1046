"""What the Parameters or Arguments of a task may hold: checked in a definition, as far as they are written down there, and
again when the task runs, since values may come from data.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from stepwright.asl.diagnostics import Diagnostic, Severity
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.resource import Resource

CODE: Final = "SCHEMA_VALIDATION_FAILED"
"""AWS's code for an invalid field."""

TEXT: Final[Mapping[str, Any]] = MappingProxyType({"type": "string"})
OBJECT: Final[Mapping[str, Any]] = MappingProxyType({"type": "object"})
"""Types of JSON Schema."""

_SHORT: Final = 40


@dataclass(frozen=True, slots=True)
class Field:
    """``words`` say what a value must be. ``problem`` says more about one that does not fit: where in it, and what is wrong there;
    None: ``fits`` says it all. ``open_problem``: what is wrong with one in a definition of which some is known only at run time;
    None: nothing. ``schema``: its type, as JSON Schema has it, if it has one."""

    words: str
    fits: Callable[[Any], bool]
    required: bool = False
    problem: Callable[[Any], str | None] | None = None
    open_problem: Callable[[Any], str | None] | None = None
    schema: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def wrong(self, value: Json) -> str | None:
        """What is wrong with the value, after its name."""
        if not self.fits(value):
            return f"must be {self.words}, not {shown(value)}"
        return None if self.problem is None else self.problem(value)


@dataclass(frozen=True, slots=True)
class Fields:
    """``one_of``: exactly one of these has to be given. ``at_most_one``: no two of these. ``also``: what is wrong with several of
    them together, as far as they are known."""

    known: Mapping[str, Field]
    one_of: Sequence[str] = ()
    at_most_one: Sequence[str] = ()
    meant: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Wrong names that people try for a field."""
    also: Callable[[Mapping[str, Any]], str | None] | None = None

    def problem(self, resource: Resource, given: Json) -> str | None:
        """What is wrong with the parameters of a task that is about to run."""
        if not isinstance(given, dict):
            return f"they must be an object, not {shown(given)}"
        for name, value in given.items():
            if name not in self.known:
                return self._unknown(resource, name)
            if (wrong := self.known[name].wrong(value)) is not None:
                return f"{name} {wrong}"
        return next(self._lacking(given), None) or (self.also(given) if self.also else None)

    def check(self, resource: Resource, state: Mapping[str, Json], pointer: Pointer) -> Iterator[Diagnostic]:
        """What is wrong with those that a definition says. What is known only at run time is checked then."""
        member = "Arguments" if "Arguments" in state else "Parameters"
        given = state.get(member, {})
        where = Pointer(f"{pointer}/{member}") if member in state else pointer
        if isinstance(given, str) and given.startswith("{%"):
            return
        if not isinstance(given, dict):
            yield finding(f"{member} of {resource} must be an object, not {shown(given)}", where)
            return
        for name, value in given.items():
            at = Pointer(f"{where}/{name.replace('~', '~0').replace('/', '~1')}")
            plain = name.removesuffix(".$")
            if plain not in self.known:
                yield finding(self._unknown(resource, plain), at)
            else:
                known = self.known[plain]
                if plain == name and not is_open(value):
                    wrong = known.wrong(value)
                else:
                    wrong = None if known.open_problem is None else known.open_problem(value)
                if wrong is not None:
                    yield finding(f"{plain} of {resource} {wrong}", at)
        for problem in self._lacking({name.removesuffix(".$") for name in given}):
            yield finding(f"{resource}: {problem}", where)
        if self.also is not None:
            written = {
                name: value for name, value in given.items() if name in self.known and not is_open(value)
            }
            if all(self.known[name].wrong(value) is None for name, value in written.items()):
                problem_of_several = self.also(written)
                if problem_of_several is not None:
                    yield finding(f"{resource}: {problem_of_several}", where)

    def schema(self) -> dict[str, Any]:
        """As JSON Schema, for forms: what is too much of it is judged by ``check`` alone."""
        shown: dict[str, Any] = {
            "type": "object",
            "properties": {
                name: {**known.schema, "description": known.words} for name, known in self.known.items()
            },
            "required": [name for name, known in self.known.items() if known.required],
            "additionalProperties": False,
        }
        if self.one_of:
            shown["oneOf"] = [{"required": [name]} for name in self.one_of]
        return shown

    def _unknown(self, resource: Resource, name: str) -> str:
        near = (
            self.meant.get(name)
            or next((known for known in self.known if known.lower() == name.lower()), None)
            or next(iter(difflib.get_close_matches(name[:_SHORT], self.known, n=1)), None)
        )
        hint = f"is {near!r} meant?" if near else f"it takes {', '.join(self.known)}"
        return f"{resource} has no parameter {name!r}; {hint}"

    def _lacking(self, names: Iterable[str]) -> Iterator[str]:
        given = frozenset(names)
        for name, known in self.known.items():
            if known.required and name not in given:
                yield f"the parameter {name} is missing: {known.words}"
        chosen = [name for name in self.one_of if name in given]
        if self.one_of and not chosen:
            yield f"one of the parameters {', '.join(self.one_of)} is missing"
        for names_of_one in (chosen, [name for name in self.at_most_one if name in given]):
            if len(names_of_one) > 1:
                yield f"the parameters {' and '.join(names_of_one)} exclude one another"


def finding(message: str, pointer: Pointer, severity: Severity = "ERROR") -> Diagnostic:
    return Diagnostic(severity, CODE, message, pointer)


def is_open(value: Json) -> bool:
    """Whether some of it is known only at run time."""
    if isinstance(value, str):
        return value.startswith("{%")
    if isinstance(value, list):
        return any(map(is_open, value))
    if isinstance(value, dict):
        return any(name.endswith(".$") or is_open(item) for name, item in value.items())
    return False


def shown(value: Json) -> str:
    """A value in an error: short texts as they are, everything else by type."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return repr(value) if len(value) <= _SHORT else f"a text of {len(value)} characters"
    kinds = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds[type(value)]


# --- Kinds of values --------------------------------------------------------------------------------------------------


def text(words: str = "a text", *, required: bool = False) -> Field:
    return Field(words, lambda value: isinstance(value, str) and value != "", required, schema=TEXT)


def choice(*values: str, required: bool = False) -> Field:
    *others, last = values
    return Field(
        f"{', '.join(others)} or {last}", lambda value: value in values, required, schema={"enum": values}
    )


def truth(words: str = "true or false", *, required: bool = False) -> Field:
    return Field(words, lambda value: isinstance(value, bool), required, schema={"type": "boolean"})


def whole(words: str, least: int, most: int = 2**31 - 1, *, required: bool = False) -> Field:
    def fits(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Field(words, fits, required, schema=schema)


def mapping(words: str = "an object", *, required: bool = False) -> Field:
    return Field(words, lambda value: isinstance(value, dict), required, schema=OBJECT)
