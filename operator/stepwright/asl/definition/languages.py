"""The query languages: who compiles the expressions of a state.

``COMPILERS`` is the seam: a language joins by adding its compiler here. A language without one is checked in structure
only, and its definitions are refused with one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from stepwright.asl import choice_rules, payload_template
from stepwright.asl.data import Expression
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import QueryLanguage, Rule


class Compiler(Protocol):
    """Compiles what a state holds. Raises ``InvalidTemplate`` and ``InvalidRule`` with every problem in it."""

    def template(self, value: Json, pointer: Pointer) -> Expression:
        """Any JSON value that may hold expressions: Parameters, Assign, Arguments, Output."""

    def rule(self, rule: dict[str, Json], pointer: Pointer) -> Rule:
        """The condition of a Choice rule, without the fields that say what follows it."""


@dataclass(frozen=True, slots=True)
class _JsonPath:
    def template(self, value: Json, pointer: Pointer) -> Expression:
        return payload_template.compile(value, pointer)

    def rule(self, rule: dict[str, Json], pointer: Pointer) -> Rule:
        return choice_rules.compile(rule, pointer)


COMPILERS: Final[Mapping[QueryLanguage, Compiler]] = {"JSONPath": _JsonPath()}


def is_jsonata_expression(value: Json) -> bool:
    """``{% ... %}``: where JSONata stands in place of a literal."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")
