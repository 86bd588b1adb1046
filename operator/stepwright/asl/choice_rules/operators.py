"""The 39 comparison operators of Choice rules, in one table by name.

An operator compares the value of Variable with an *operand*: written in the rule, or read by a path
(``...Path``). If the value does not have the operator's type, the comparison is false, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, cast

from stepwright.asl.choice_rules import instants, string_matches
from stepwright.asl.json_types import Json

Compare: TypeAlias = Callable[[Json, Json], bool]
Kind: TypeAlias = Literal["string", "number", "boolean", "timestamp"]


@dataclass(frozen=True, slots=True)
class Operator:
    """``kind`` is what its operand must be when it is written in the rule.

    ``from_path``: the operand is a path to the value to compare with.
    """

    kind: Kind
    compare: Compare
    from_path: bool = False


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_timestamp(value: Json) -> bool:
    return isinstance(value, str) and instants.parse(value) is not None


def is_of_kind(value: Json, kind: Kind) -> bool:
    return _KINDS[kind](value)


_KINDS: Mapping[Kind, Callable[[Json], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "timestamp": is_timestamp,
}


def _utf16(text: str) -> bytes:
    """AWS orders strings by UTF-16 units, as Java does; Python by code points."""
    return text.encode("utf-16-be", "surrogatepass")


_ORDERS: Final[Mapping[str, Callable[[int], bool]]] = {
    "Equals": lambda order: order == 0,
    "LessThan": lambda order: order < 0,
    "GreaterThan": lambda order: order > 0,
    "LessThanEquals": lambda order: order <= 0,
    "GreaterThanEquals": lambda order: order >= 0,
}


def _order(left: float | bytes | instants.Instant, right: float | bytes | instants.Instant) -> int:
    return (left > right) - (left < right)  # type: ignore[operator]  # both are of one type


def _strings(holds: Callable[[int], bool]) -> Compare:
    def compare(value: Json, operand: Json) -> bool:
        return (
            isinstance(value, str)
            and isinstance(operand, str)
            and holds(_order(_utf16(value), _utf16(operand)))
        )

    return compare


def _numbers(holds: Callable[[int], bool]) -> Compare:
    def compare(value: Json, operand: Json) -> bool:
        return (
            is_number(value)
            and is_number(operand)
            and holds(_order(cast("float", value), cast("float", operand)))  # int and float compare exactly
        )

    return compare


def _timestamps(holds: Callable[[int], bool]) -> Compare:
    def compare(value: Json, operand: Json) -> bool:
        if not isinstance(value, str) or not isinstance(operand, str):
            return False
        left, right = instants.parse(value), instants.parse(operand)
        return left is not None and right is not None and holds(_order(left, right))

    return compare


def _boolean_equals(value: Json, operand: Json) -> bool:
    return isinstance(value, bool) and value is operand


def _is(test: Callable[[Json], bool]) -> Operator:
    return Operator("boolean", lambda value, operand: test(value) is operand)


def _families() -> dict[str, Operator]:
    found: dict[str, Operator] = {}
    families: list[tuple[str, Kind, Callable[[Callable[[int], bool]], Compare]]] = [
        ("String", "string", _strings),
        ("Numeric", "number", _numbers),
        ("Timestamp", "timestamp", _timestamps),
    ]
    for family, kind, comparison in families:
        for name, holds in _ORDERS.items():
            found[family + name] = Operator(kind, comparison(holds))
            found[family + name + "Path"] = Operator(kind, comparison(holds), from_path=True)
    return found


OPERATORS: Final[Mapping[str, Operator]] = {
    **_families(),
    "BooleanEquals": Operator("boolean", _boolean_equals),
    "BooleanEqualsPath": Operator("boolean", _boolean_equals, from_path=True),
    "StringMatches": Operator("string", string_matches.matches),
    "IsBoolean": _is(lambda value: isinstance(value, bool)),
    "IsNull": _is(lambda value: value is None),
    "IsNumeric": _is(is_number),
    "IsPresent": _is(lambda _value: True),  # a path that finds nothing is seen before: rules.Presence
    "IsString": _is(lambda value: isinstance(value, str)),
    "IsTimestamp": _is(is_timestamp),
}
