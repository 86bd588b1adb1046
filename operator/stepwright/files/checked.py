"""A definition that was checked, and the file that has it.

Placeholders that are left may still be substituted at deployment, so they cause a warning; ``Checked.machine`` refuses those
that matter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from stepwright.asl.definition import UNRESOLVED, compile_definition
from stepwright.asl.diagnostics import Diagnostic, InvalidDefinition
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Machine

Locate: TypeAlias = Callable[[Diagnostic], Diagnostic]


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition and what was found; ``name`` is the StateMachine's or the template's, None for a plain definition.

    ``definition`` is its text or its value, with all substitutions; None if there is none. ``spec`` is what a
    manifest says in addition, by the names of StateMachine.spec. ``file``: the other file that contains it.
    """

    name: str | None
    diagnostics: tuple[Diagnostic, ...]
    definition: Json = None
    spec: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    locate: Locate = lambda diagnostic: diagnostic

    @property
    def is_valid(self) -> bool:
        return all(diagnostic.severity != "ERROR" for diagnostic in self.diagnostics)

    def machine(self) -> Machine:
        """What runs. Raises InvalidDefinition, located: also for a placeholder in the place of a number or
        the like."""
        if not self.is_valid:
            raise InvalidDefinition(self.diagnostics)
        try:
            machine, _ = compile_definition(self.definition)
        except InvalidDefinition as error:
            raise InvalidDefinition([self._told(found) for found in error.diagnostics]) from error
        return machine

    def _told(self, found: Diagnostic) -> Diagnostic:
        """In a text that is not filled in yet, that is the problem to report."""
        for warned in self.diagnostics:
            if warned.code == UNRESOLVED and (warned.pointer, warned.member) == (found.pointer, found.member):
                return replace(warned, severity="ERROR")
        return self.locate(found)


@dataclass(slots=True)
class CheckedFile:
    """``skipped``: manifests of other kinds, with their lines."""

    name: str
    definitions: list[Checked] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
