"""Values as text: ``$string``, and how sentences quote values. Both do what JavaScript's ``JSON.stringify`` does."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, Final

from stepwright.asl.jsonata.key_order import keys
from stepwright.asl.jsonata.undefined import UNDEFINED

_DIGITS: Final = 15
_QUOTED: Final = 10_000
"""How many characters of a value a sentence quotes."""


class NotFinite(ArithmeticError):  # noqa: N818 - a condition
    """A text was to be made of a number that is infinite."""

    def __init__(self, value: float) -> None:
        super().__init__(value)
        self.value = value


def of_number(value: float) -> str:
    """A finite number as JavaScript writes it: whole numbers in full up to 21 digits, then ``1e+21``."""
    if isinstance(value, int):
        if -(2**53) <= value <= 2**53:
            return str(value)
        try:
            value = float(value)
        except OverflowError:
            return "null"
    if math.isinf(value) or math.isnan(value):
        return "null"
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits))
    point = len(text) + exponent  # where the decimal point stands
    minus = "-" if sign else ""
    if 0 < point <= 21:
        whole = text[:point].ljust(point, "0")
        return minus + whole + ("." + text[point:] if text[point:] else "")
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    power = point - 1
    return f"{minus}{text[0]}{'.' + text[1:] if text[1:] else ''}e{'+' if power >= 0 else '-'}{abs(power)}"


def rounded(value: float) -> float:
    """Rounded to 15 significant digits, as ``$string`` rounds every number."""
    if isinstance(value, int) and -(10**_DIGITS) < value < 10**_DIGITS:
        return value
    return normal(float(f"{float(value):.{_DIGITS - 1}e}"))


def normal(value: float) -> float:
    """A whole float as an int, since JavaScript has only one kind of number; others as they are."""
    if type(value) is float and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def stringify(value: Any, indent: int = 0) -> str:
    """The text of a value. Numbers are rounded, and functions become empty texts. Raises ``NotFinite``."""
    parts: list[str] = []
    _write(value, indent, "", parts, round_numbers=True)
    return "".join(parts)


def quoted(value: Any) -> str:
    """A value inside a sentence."""
    if value is UNDEFINED:
        return "undefined"
    parts: list[str] = []
    _write(value, 0, "", parts, round_numbers=False)
    return "".join(parts)[:_QUOTED]


def _write(value: Any, indent: int, margin: str, parts: list[str], *, round_numbers: bool) -> None:
    if value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, int | float):
        if isinstance(value, float) and (math.isinf(value) or math.isnan(value)):
            if round_numbers and math.isinf(value):
                raise NotFinite(value)
            parts.append("null")
        else:
            parts.append(of_number(rounded(value) if round_numbers else value))
    elif isinstance(value, str):
        parts.append(of_string(value))
    elif isinstance(value, list | dict):
        opening, closing = ("[", "]") if isinstance(value, list) else ("{", "}")
        inner = margin + " " * indent
        between = f",\n{inner}" if indent else ","
        parts.append(opening)
        if value and indent:
            parts.append(f"\n{inner}")
        if isinstance(value, list):
            for index, item in enumerate(value):
                if index:
                    parts.append(between)
                _write(item, indent, inner, parts, round_numbers=round_numbers)
        else:
            for index, key in enumerate(keys(value)):
                if index:
                    parts.append(between)
                parts.append(of_string(key) + (": " if indent else ":"))
                _write(value[key], indent, inner, parts, round_numbers=round_numbers)
        if value and indent:
            parts.append(f"\n{margin}")
        parts.append(closing)
    else:
        parts.append('""')


def of_string(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    if "\x7f" in text or not text.isprintable():
        # JavaScript escapes halves of surrogate pairs and leaves everything else above U+001F as it is.
        text = "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
