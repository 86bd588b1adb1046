"""Values as Java's ``toString`` prints them, which AWS lets through in ``States.Format`` and in some causes."""

from __future__ import annotations

from decimal import Decimal

from stepwright.asl.json_types import Json


def of_value(value: Json) -> str:
    """``{Id=x, Tags=[a, b]}``: no quotes, ``=`` for ``:``; a string alone is itself."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return of_double(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "[" + ", ".join(of_value(item) for item in value) + "]"
    return "{" + ", ".join(f"{key}={of_value(item)}" for key, item in value.items()) + "}"


def of_double(value: float) -> str:
    """``Double.toString``: as few digits as identify the number, ``1.0E10`` from ten million on and below
    0.001."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return "NaN" if value != value else ("-" if sign else "") + "Infinity"  # noqa: PLR0124 - NaN differs from itself
    text = "".join(map(str, digits))
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{exponent + len(text) - 1}"
