"""What a check of a definition finds: plain data first, text last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from stepwright.asl.json_types import Pointer

Severity = Literal["ERROR", "WARNING"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``code`` and ``severity`` are those of AWS's ValidateStateMachineDefinition if it has
    them.

    ``pointer`` is the place that AWS names: for an unknown or missing field the object that should (not) have it.
    ``member`` then names the field in it; ``line`` and ``column`` are the field's own. They count from 1 and are
    None if the definition did not come as text.
    """

    severity: Severity
    code: str
    message: str
    pointer: Pointer
    line: int | None = None
    column: int | None = None
    member: str | None = None

    def __str__(self) -> str:
        where = self.pointer or "/"
        place = f" (line {self.line}, column {self.column})" if self.line is not None else ""
        return f"{self.severity} {self.code}: {self.message} at {where}{place}"


class InvalidDefinition(Exception):  # noqa: N818 - it is a finding about the user's text, named as AWS names it
    """A definition that cannot run. ``diagnostics`` lists every problem, errors and warnings alike."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [d for d in self.diagnostics if d.severity == "ERROR"]
        super().__init__("; ".join(str(d) for d in errors))
