"""Collects findings; all their sentences are worded here.

Sentences are AWS's if it has one (ValidateStateMachineDefinition and the errors of CreateStateMachine), so
that people find them; a hint of our own may follow after a semicolon.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

from stepwright.asl.definition.pointers import ROOT
from stepwright.asl.diagnostics import Diagnostic, Severity
from stepwright.asl.json_types import Json, Pointer

# Codes as in https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
INVALID_JSON: Final = "INVALID_JSON_DESCRIPTION"
MISSING_TARGET: Final = "MISSING_TRANSITION_TARGET"
MISSING_END: Final = "MISSING_END_STATE"
DUPLICATE_STATE: Final = "DUPLICATE_STATE_NAME"
INVALID_STATE: Final = "INVALID_STATE_NAME"
DUPLICATE_VARIABLE: Final = "DUPLICATE_VARIABLE_NAME"
DUPLICATE_LABEL: Final = "DUPLICATE_LABEL_NAME"
INVALID_LABEL: Final = "INVALID_LABEL_NAME"
TOO_DEEP: Final = "TOO_DEEPLY_NESTED"
NO_DOLLAR: Final = "NO_DOLLAR"
NO_PATH: Final = "NO_PATH"
RESULT_IS_STATIC: Final = "PASS_RESULT_IS_STATIC"
# Our own
NO_DRIVER: Final = "NO_DRIVER"
UNRESOLVED: Final = "UNRESOLVED_SUBSTITUTION"
DUPLICATE_KEY: Final = "DUPLICATE_KEY"
TOO_LARGE: Final = "DEFINITION_TOO_LARGE"
VARIABLE_NAME: Final = "VARIABLE_NAME"
UNKNOWN_ERROR: Final = "UNKNOWN_ERROR_NAME"
NO_TASK_TOKEN: Final = "NO_TASK_TOKEN"  # noqa: S105 - a code, no secret
INLINE_MAP: Final = "INLINE_MAP"
PATH_DIALECT: Final = "PATH_DIALECT"
TOO_MANY: Final = "TOO_MANY_FINDINGS"


_LONGEST_MESSAGE: Final = 2_000

MOST: Final = 200
"""How many findings of a severity are listed: nobody reads more, and a hostile text has one for every few
bytes."""


def unresolved(text: str) -> str:
    """The message for a text with a ``${Name}`` in it."""
    return f"'{text}' was not substituted, its value cannot be checked"


class Problems:
    """Collects; never raises. Beyond ``MOST`` of a severity it only counts."""

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self.tokens = 0
        """Of the JSONata compiled so far."""
        self._counts: dict[Severity, int] = {"ERROR": 0, "WARNING": 0}

    @property
    def found(self) -> list[Diagnostic]:
        """In the order in which they were found; the number of further ones comes last."""
        left_out = [
            Diagnostic(severity, TOO_MANY, f"and at least {count - MOST} more", ROOT)
            for severity, count in self._counts.items()
            if count > MOST
        ]
        return self._found + left_out

    def error(self, pointer: Pointer, message: str, *, code: str = SCHEMA, member: str | None = None) -> None:
        if self._has_room("ERROR"):
            self._found.append(Diagnostic("ERROR", code, _bounded(message), pointer, member=member))

    def warn(self, code: str, pointer: Pointer, message: str, *, member: str | None = None) -> None:
        if self._has_room("WARNING"):
            self._found.append(Diagnostic("WARNING", code, _bounded(message), pointer, member=member))

    def add(self, diagnostics: Iterable[Diagnostic]) -> None:
        self._found.extend(each for each in diagnostics if self._has_room(each.severity))

    def more(self, severity: Severity, count: int) -> None:
        """``count`` more have been found elsewhere, and are not listed."""
        self._counts[severity] += count

    def _has_room(self, severity: Severity) -> bool:
        self._counts[severity] += 1
        return self._counts[severity] <= MOST

    def missing(self, pointer: Pointer, names: Sequence[str]) -> None:
        if len(names) == 1:
            self.error(pointer, f"The field '{names[0]}' is required but was missing", member=names[0])
        else:
            self.error(pointer, f"These fields are required: [{', '.join(names)}]")

    def unsupported(self, pointer: Pointer, name: str, allowed: Iterable[str]) -> None:
        # Beyond the limit nobody sees the hint.
        near = nearest(name, allowed) if self._counts["ERROR"] < MOST else None
        hint = f"; did you mean '{near}'?" if near else ""
        self.error(pointer, f"Field '{name}' is not supported{hint}", member=name)

    def exclusive(self, pointer: Pointer, names: Sequence[str]) -> None:
        self.error(pointer, f"Only one of these fields is allowed: [{', '.join(names)}]", member=names[-1])

    def none_of(self, pointer: Pointer, names: Sequence[str]) -> None:
        self.error(pointer, f"One of these fields is required: [{', '.join(names)}]")

    def not_one_of(self, pointer: Pointer, name: str, values: Iterable[str]) -> None:
        self.error(pointer, f"The field '{name}' should have one of these values: [{', '.join(values)}]")

    def wrong_type(self, pointer: Pointer, expected: str, value: Json) -> None:
        self.error(pointer, f"Expected value of type {expected}, got {described(value)}")

    def placeholder(self, pointer: Pointer, text: str) -> None:
        """A ``${Name}`` where its value matters: allowed in a file that is not filled in yet, not in what has
        to run."""
        self.error(pointer, unresolved(text), code=UNRESOLVED)


def _bounded(message: str) -> str:
    """Shortens a sentence: what it quotes may be as long as the definition."""
    if len(message) <= _LONGEST_MESSAGE:
        return message
    half = _LONGEST_MESSAGE // 2
    return f"{message[:half]} [{len(message) - 2 * half} characters] {message[-half:]}"


def described(value: Json) -> str:
    """A value for people: short texts and numbers as they are, everything else by type."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value) if -(10**20) < value < 10**20 else "a huge number"
        case float():
            return repr(value)
        case str():
            return f"'{value}'" if len(value) <= 80 else "a long text"
        case list():
            return "an array"
        case dict():
            return "an object"


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    by_folded = {candidate.casefold(): candidate for candidate in allowed}
    folded = name.casefold().replace(" ", "").replace("_", "").replace("-", "")
    if len(folded) > 60:  # difflib is quadratic
        return None
    near = difflib.get_close_matches(folded, by_folded, n=1, cutoff=0.75)
    return by_folded[near[0]] if near else None
