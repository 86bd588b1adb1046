"""The query languages: who compiles the expressions of a state.

``COMPILERS`` is the seam: a language joins by adding its compiler here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from stepwright.asl import choice_rules
from stepwright.asl.choice_rules import InvalidRule
from stepwright.asl.data import Expression
from stepwright.asl.fields import jsonata_fields, payload_template
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import QueryLanguage, Rule


class Compiler(Protocol):
    """Compiles what a state holds. Raises ``InvalidTemplate``, ``InvalidRule`` or ``InvalidQuery`` with every problem in it.

    ``location`` is the name of the place within the state in errors at run time: ``Choices[0]/Output``.
    """

    def template(self, value: Json, pointer: Pointer, location: str, offered: str | None) -> Expression:
        """Any JSON value that may hold expressions: Parameters, Assign, Arguments, Output. ``offered``: the
        field that ``$states`` has only here."""

    def rule(self, rule: dict[str, Json], pointer: Pointer, location: str) -> Rule:
        """The condition of a Choice rule, without the fields that say what follows it."""


@dataclass(frozen=True, slots=True)
class _JsonPath:
    def template(self, value: Json, pointer: Pointer, _location: str, _offered: str | None) -> Expression:
        return payload_template.compile(value, pointer)

    def rule(self, rule: dict[str, Json], pointer: Pointer, _location: str) -> Rule:
        return choice_rules.compile(rule, pointer)


@dataclass(frozen=True, slots=True)
class _Jsonata:
    def template(self, value: Json, pointer: Pointer, location: str, offered: str | None) -> Expression:
        return jsonata_fields.compile(value, pointer, location, offered)

    def rule(self, rule: dict[str, Json], pointer: Pointer, location: str) -> Rule:
        condition = rule.get("Condition")
        place = Pointer(f"{pointer}/Condition")
        if not isinstance(condition, bool) and not jsonata_fields.is_expression(condition):
            raise InvalidRule([(place, "Value is not a valid JSONata expression")])
        return jsonata_fields.Condition(jsonata_fields.compile(condition, place, f"{location}/Condition"))


COMPILERS: Final[Mapping[QueryLanguage, Compiler]] = {"JSONPath": _JsonPath(), "JSONata": _Jsonata()}

is_jsonata_expression = jsonata_fields.is_expression
