"""Compiled Choice rules: And, Or, Not, and the comparison of one value."""

from __future__ import annotations

from typing import Final

from stepwright.asl.choice_rules.operators import Compare, Operator
from stepwright.asl.data import Data
from stepwright.asl.failure import causes
from stepwright.asl.failure.errors import RUNTIME, StateError
from stepwright.asl.json_types import Json
from stepwright.asl.jsonpath import Path, PathNotFound
from stepwright.asl.machine import Rule

_COMPARED: Final = 128
"""Characters in a unit: AWS's order of texts is that of UTF-16, in which both are written."""


class And:
    """Rules are evaluated in order and only as far as needed: one may guard the next with IsPresent."""

    __slots__ = ("_rules",)

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules

    def matches(self, data: Data) -> bool:
        return all(rule.matches(data) for rule in self._rules)


class Or:
    __slots__ = ("_rules",)

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules

    def matches(self, data: Data) -> bool:
        return any(rule.matches(data) for rule in self._rules)


class Not:
    __slots__ = ("_rule",)

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def matches(self, data: Data) -> bool:
        return not self._rule.matches(data)


class Comparison:
    """Variable against an operand, which is a value or, for ``...Path``, a path."""

    __slots__ = ("_compare", "_operand", "_variable")

    def __init__(self, variable: Path, operator: Operator, operand: Json | Path) -> None:
        self._variable = variable
        self._compare: Compare = operator.compare
        self._operand = operand

    def matches(self, data: Data) -> bool:
        value = _read(self._variable, data)
        operand = self._operand
        if isinstance(operand, Path):
            operand = _read(operand, data)
        if type(value) is str and type(operand) is str and len(value) + len(operand) > _COMPARED:
            data.meter.spend((len(value) + len(operand)) // _COMPARED)
        return self._compare(value, operand)


class Presence:
    """IsPresent, the only operator that accepts a path that finds nothing. A null is present, an item beyond
    a list is not."""

    __slots__ = ("_variable", "_wanted")

    def __init__(self, variable: Path, wanted: bool) -> None:
        self._variable = variable
        self._wanted = wanted

    def matches(self, data: Data) -> bool:
        try:
            self._variable.present(data)
        except PathNotFound:
            return not self._wanted
        return self._wanted


def _read(path: Path, data: Data) -> Json:
    try:
        return path.present(data)
    except PathNotFound as error:
        raise StateError(RUNTIME, causes.choice_variable_not_found(error.path_text)) from None
