"""Choice rules: from a rule of a definition to something that says whether it matches.

``operators`` has the comparison operators by name, ``rules`` what a compiled rule is; here a rule is checked.
Next, Assign and Output of a rule belong to its Choice state and are read there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stepwright.asl import jsonpath
from stepwright.asl.choice_rules.operators import OPERATORS, Kind, Operator, is_of_kind
from stepwright.asl.choice_rules.rules import And, Comparison, Not, Or, Presence
from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import Rule

__all__ = ["OPERATORS", "InvalidRule", "compile"]

_NOT_COMPARED = frozenset({"Variable", "Next", "Comment", "Assign", "Output"})
_MAX_NESTING = 50

_KIND_PROBLEMS: Mapping[Kind, str] = {
    "string": "must be a string",
    "number": "must be a number",
    "boolean": "must be a boolean",
}


class InvalidRule(ValueError):  # noqa: N818 - it is a finding about the user's text
    """All problems of a rule, each with the pointer of what is wrong."""

    def __init__(self, problems: Sequence[tuple[Pointer, str]]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{message} at {pointer or '/'}" for pointer, message in self.problems))


def compile(rule: Mapping[str, Json], pointer: Pointer) -> Rule:
    """``pointer`` is the rule's place in its definition; raises ``InvalidRule``."""
    compiler = _Compiler()
    compiled = compiler.rule(dict(rule), pointer, level=0)
    if compiled is None or compiler.problems:
        raise InvalidRule(compiler.problems)
    return compiled


class _Compiler:
    """Collects every problem instead of stopping at the first; a part with a problem compiles to None."""

    def __init__(self) -> None:
        self.problems: list[tuple[Pointer, str]] = []

    def rule(self, rule: Json, pointer: Pointer, level: int) -> Rule | None:
        if not isinstance(rule, dict):
            self._problem(pointer, "A Choice rule must be an object")
            return None
        if level > _MAX_NESTING:
            self._problem(pointer, f"Choice rules nest deeper than {_MAX_NESTING} levels")
            return None
        if level and "Next" in rule:
            self._problem(
                Pointer(f"{pointer}/Next"), "The field 'Next' is only allowed in a top-level Choice rule"
            )
        names = [name for name in rule if name not in _NOT_COMPARED]
        if len(names) != 1:
            found = f", not {', '.join(names)}" if names else ""
            self._problem(
                pointer, f"A Choice rule must have exactly one of And, Or, Not or an operator{found}"
            )
            return None
        name = names[0]
        place = Pointer(f"{pointer}/{name}")
        if name in ("And", "Or"):
            return self._several(name, rule[name], place, level)
        if name == "Not":
            inner = self.rule(rule[name], place, level + 1)
            return None if inner is None else Not(inner)
        operator = OPERATORS.get(name)
        if operator is None:
            self._problem(place, f"The field '{name}' is not supported by Step Functions")
            return None
        return self._comparison(rule, name, operator, pointer)

    def _several(self, name: str, rules: Json, pointer: Pointer, level: int) -> Rule | None:
        if not isinstance(rules, list) or not rules:
            self._problem(
                pointer, f"The value for the field '{name}' must be an array with at least one rule"
            )
            return None
        compiled = [
            self.rule(rule, Pointer(f"{pointer}/{index}"), level + 1) for index, rule in enumerate(rules)
        ]
        parts = tuple(rule for rule in compiled if rule is not None)
        if len(parts) < len(compiled):
            return None
        return And(parts) if name == "And" else Or(parts)

    def _comparison(
        self, rule: dict[str, Json], name: str, operator: Operator, pointer: Pointer
    ) -> Rule | None:
        if "Variable" not in rule:
            self._problem(pointer, "The field 'Variable' is required but was missing")
            variable = None
        else:
            variable = self._path("Variable", rule["Variable"], pointer)
        operand = rule[name]
        if operator.from_path:
            path = self._path(name, operand, pointer)
            return None if variable is None or path is None else Comparison(variable, operator, path)
        if not is_of_kind(operand, operator.kind):
            place = Pointer(f"{pointer}/{name}")
            if operator.kind == "timestamp":
                self._problem(place, "String does not match RFC3339 timestamp")
                return None
            self._problem(place, f"The value for the field '{name}' {_KIND_PROBLEMS[operator.kind]}")
            return None
        if variable is None:
            return None
        if name == "IsPresent":
            return Presence(variable, operand is True)
        return Comparison(variable, operator, operand)

    def _path(self, name: str, text: Json, pointer: Pointer) -> jsonpath.Path | None:
        if isinstance(text, str):
            try:
                return jsonpath.compile(text)
            except jsonpath.InvalidPath:
                pass
        self._problem(
            Pointer(f"{pointer}/{name}"), f"The value for the field '{name}' must be a valid JSONPath"
        )
        return None

    def _problem(self, pointer: Pointer, message: str) -> None:
        self.problems.append((pointer, message))
