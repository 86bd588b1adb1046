"""``$formatNumber``: writes numbers by a picture such as ``#,##0.00;(0.00)``.

Source: https://www.w3.org/TR/xpath-functions-31/#formatting-numbers, as leniently as JSONata implements it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Any, Final

from stepwright.asl.jsonata import numeric
from stepwright.asl.jsonata.errors import EvaluationFailed, LimitExceeded

_DEFAULTS: Final = {
    "decimal-separator": ".",
    "grouping-separator": ",",
    "exponent-separator": "e",
    "infinity": "Infinity",
    "minus-sign": "-",
    "NaN": "NaN",
    "percent": "%",
    "per-mille": "\u2030",
    "zero-digit": "0",
    "digit": "#",
    "pattern-separator": ";",
}
_MAX_PLACES: Final = 100
"""The limit of JavaScript's ``toFixed``."""


class _Format:
    """The characters that have a meaning in a picture."""

    def __init__(self, options: dict[str, Any]) -> None:
        given = {**_DEFAULTS, **{key: str(value) for key, value in options.items()}}
        self.decimal = given["decimal-separator"]
        self.grouping = given["grouping-separator"]
        self.exponent = given["exponent-separator"]
        self.minus = given["minus-sign"]
        self.percent = given["percent"]
        self.per_mille = given["per-mille"]
        self.zero = given["zero-digit"]
        self.digit = given["digit"]
        self.pattern = given["pattern-separator"]
        first = ord(self.zero[0]) if self.zero else 0x30
        self.digits = [chr(min(first + step, 0x10FFFF)) for step in range(10)]
        self.active = [*self.digits, self.decimal, self.exponent, self.grouping, self.digit, self.pattern]


@dataclass(frozen=True, slots=True)
class _Parts:
    prefix: str
    suffix: str
    active: str
    mantissa: str
    exponent: str | None
    integer: str
    fraction: str
    picture: str


@dataclass(frozen=True, slots=True)
class _Rules:
    """How to write a number."""

    groups: tuple[int, ...]
    regular_group: int
    least_integer: int
    scaling: int
    prefix: str
    fraction_groups: tuple[int, ...]
    least_fraction: int
    most_fraction: int
    least_exponent: int
    suffix: str
    picture: str


def format(value: float, picture: str, options: dict[str, Any]) -> str:
    form = _Format(options)
    pictures = picture.split(form.pattern) if form.pattern else [picture]
    if len(pictures) > 2:
        raise EvaluationFailed("D3080")
    parts = [_split(one, form) for one in pictures]
    for part in parts:
        _validate(part, form)
    rules = [_analyse(part, form) for part in parts]
    if len(rules) == 1:
        rules.append(replace(rules[0], prefix=form.minus + rules[0].prefix))
    return _write(value, rules[0] if value >= 0 else rules[1], form)


def _split(picture: str, form: _Format) -> _Parts:
    places = [at for at, c in enumerate(picture) if c in form.active and c != form.exponent]
    prefix = picture[: places[0]] if places else ""
    suffix = picture[places[-1] + 1 :] if places else ""
    active = picture[len(prefix) : len(picture) - len(suffix)]
    at = picture.find(form.exponent, len(prefix)) if form.exponent else -1
    if at == -1 or at > len(picture) - len(suffix):
        mantissa, exponent = active, None
    else:
        # As in JSONata, this counts from the beginning of the picture.
        mantissa, exponent = active[:at], active[at + 1 :]
    point = mantissa.find(form.decimal)
    integer, fraction = (mantissa, suffix) if point == -1 else (mantissa[:point], mantissa[point + 1 :])
    return _Parts(prefix, suffix, active, mantissa, exponent, integer, fraction, picture)


def _validate(parts: _Parts, form: _Format) -> None:
    """If several rules are broken, the last one is reported."""
    picture = parts.picture
    error = ""
    point = picture.find(form.decimal)
    if picture.count(form.decimal) > 1:
        error = "D3081"
    if picture.count(form.percent) > 1:
        error = "D3082"
    if picture.count(form.per_mille) > 1:
        error = "D3083"
    if form.percent in picture and form.per_mille in picture:
        error = "D3084"
    if not any(c in form.digits or c == form.digit for c in parts.mantissa):
        error = "D3085"
    if any(c not in form.active for c in parts.active):
        error = "D3086"
    if point != -1:
        if form.grouping in (picture[point - 1 : point], picture[point + 1 : point + 2]):
            error = "D3087"
    elif parts.integer.endswith(form.grouping):
        error = "D3088"
    if form.grouping * 2 in picture:
        error = "D3089"
    optional = parts.integer.find(form.digit)
    if optional != -1 and any(c in form.digits for c in parts.integer[:optional]):
        error = "D3090"
    optional = parts.fraction.rfind(form.digit)
    if optional != -1 and any(c in form.digits for c in parts.fraction[optional:]):
        error = "D3091"
    if parts.exponent and (form.percent in picture or form.per_mille in picture):
        error = "D3092"
    if parts.exponent is not None and (
        not parts.exponent or any(c not in form.digits for c in parts.exponent)
    ):
        error = "D3093"
    if error:
        raise EvaluationFailed(error)


def _analyse(parts: _Parts, form: _Format) -> _Rules:
    def digits(text: str, *, optional: bool = False) -> int:
        return sum(c in form.digits or (optional and c == form.digit) for c in text)

    def positions(part: str, *, to_left: bool) -> tuple[int, ...]:
        found = []
        at = part.find(form.grouping)
        while at != -1:
            found.append(digits(part[:at] if to_left else part[at:], optional=True))
            # JSONata goes on searching in the integer part, whichever part this is.
            at = parts.integer.find(form.grouping, at + 1)
        return tuple(found)

    groups = positions(parts.integer, to_left=False)
    least_integer = scaling = digits(parts.integer)
    least_fraction = digits(parts.fraction)
    most_fraction = digits(parts.fraction, optional=True)
    if least_integer == 0 and most_fraction == 0:
        if parts.exponent is not None:
            least_fraction = most_fraction = 1
        else:
            least_integer = 1
    if parts.exponent is not None and least_integer == 0 and form.digit in parts.integer:
        least_integer = 1
    if least_integer == 0 and least_fraction == 0:
        least_fraction = 1
    return _Rules(
        groups=groups,
        regular_group=regular(groups),
        least_integer=least_integer,
        scaling=scaling,
        prefix=parts.prefix,
        fraction_groups=positions(parts.fraction, to_left=True),
        least_fraction=least_fraction,
        most_fraction=most_fraction,
        least_exponent=0 if parts.exponent is None else digits(parts.exponent),
        suffix=parts.suffix,
        picture=parts.picture,
    )


def regular(positions: tuple[int, ...]) -> int:
    """The distance between separators, if it is always the same; otherwise 0."""
    if not positions:
        return 0
    factor = reduce(math.gcd, positions)
    return factor if all(step * factor in positions for step in range(1, len(positions) + 1)) else 0


def _write(value: float, rules: _Rules, form: _Format) -> str:
    if form.percent in rules.picture:
        value = numeric.multiply(value, 100)
    elif form.per_mille in rules.picture:
        value = numeric.multiply(value, 1000)
    mantissa, exponent = value, None
    if rules.least_exponent:
        mantissa, exponent = _scaled(value, rules.scaling)
    if rules.most_fraction > _MAX_PLACES:
        raise LimitExceeded(f"A picture of $formatNumber may have {_MAX_PLACES} places")
    text = _fixed(numeric.round_half_even(mantissa, rules.most_fraction), rules.most_fraction, form)
    text = text.replace(".", form.decimal, 1) if "." in text else text + form.decimal
    text = text.strip(form.zero[:1]) if form.zero else text
    point = text.find(form.decimal)
    text = form.zero * (rules.least_integer - point) + text
    text += form.zero * (rules.least_fraction - (len(text) - text.find(form.decimal) - 1))
    text = _grouped(text, rules, form)
    point = text.find(form.decimal)
    if form.decimal not in rules.picture or point == len(text) - 1:
        text = text[:-1]
    if exponent is not None:
        written = _fixed(exponent, 0, form)
        written = form.zero * (rules.least_exponent - len(written)) + written
        text += form.exponent + (form.minus if exponent < 0 else "") + written
    return rules.prefix + text + rules.suffix


def _scaled(value: float, scaling: int) -> tuple[float, int]:
    most, least = 10.0**scaling, 10.0 ** (scaling - 1)
    mantissa = numeric.as_float(value)
    exponent = 0
    # JSONata counts for ever if the number is 0 or below.
    if mantissa <= 0:
        raise LimitExceeded("Expression evaluation timeout: Check for infinite loop")
    while mantissa < least:
        mantissa *= 10
        exponent -= 1
    while mantissa > most:
        mantissa /= 10
        exponent += 1
    return mantissa, exponent


def _grouped(text: str, rules: _Rules, form: _Format) -> str:
    point = text.find(form.decimal)
    if rules.regular_group:
        for group in range(1, (point - 1) // rules.regular_group + 1):
            at = point - group * rules.regular_group
            text = text[:at] + form.grouping + text[at:]
    else:
        for position in rules.groups:
            at = point - position
            if at > 0:
                text = text[:at] + form.grouping + text[at:]
                point += 1
    point = text.find(form.decimal)
    for position in rules.fraction_groups:
        at = position + point + 1
        if at < len(text):
            text = text[:at] + form.grouping + text[at:]
    return text


def _fixed(value: float, places: int, form: _Format) -> str:
    """The absolute value with that many decimal places, in the picture's digits."""
    quantum = Decimal(1).scaleb(-places)
    exact = Decimal(abs(value)).quantize(quantum, ROUND_HALF_UP, Context(prec=800))
    text = f"{exact:f}"
    if form.zero == "0":
        return text
    return "".join(form.digits[int(c)] if c.isdigit() else c for c in text)
