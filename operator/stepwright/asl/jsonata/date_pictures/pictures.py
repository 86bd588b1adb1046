"""Pictures of dates, taken apart: literals, and components with how each of them is written."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from stepwright.asl.jsonata import integer_pictures
from stepwright.asl.jsonata.errors import EvaluationFailed
from stepwright.asl.jsonata.integer_pictures import Picture

DAYS: Final = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DEFAULTS: Final = {
    **dict.fromkeys("YMDdWwXxHhf", "1"),
    **dict.fromkeys("FPCE", "n"),
    "m": "01",
    "s": "01",
    "Z": "01:01",
    "z": "01:01",
}
_NUMBERS: Final = "YMDdFWwXxHhmsf"


@dataclass(slots=True)
class Marker:
    """A part of a picture: a literal, or a component and how to write it."""

    literal: str | None = None
    component: str = ""
    presentation: str = ""
    second: str = ""
    width: tuple[int | None, int | None] | None = None
    names: integer_pictures.Case | None = None
    integer: Picture | None = None
    digits: int = field(default=-1)
    """For a year, month or day, how many digits it has at most; -1 means as many as it needs."""


@lru_cache(maxsize=256)
def analyse(picture: str) -> tuple[Marker, ...]:
    found: list[Marker] = []
    start = at = 0

    def literal(end: int) -> None:
        if end > start:
            found.append(Marker(literal=picture[start:end].replace("]]", "]")))

    while at < len(picture):
        if picture[at] != "[":
            at += 1
            continue
        literal(at)
        if picture[at + 1 : at + 2] == "[":
            found.append(Marker(literal="["))
            at += 2
            start = at
            continue
        end = picture.find("]", at)
        if end == -1:
            raise EvaluationFailed("D3135")
        found.append(_marker("".join(picture[at + 1 : end].split())))
        at = start = end + 1
    literal(at)
    return tuple(found)


def _marker(text: str) -> Marker:
    marker = Marker(component=text[:1])
    modifiers, comma, width = text[1:].rpartition(",")
    if comma:
        least, dash, most = width.partition("-")
        marker.width = (_width(least), _width(most) if dash else None)
    else:
        modifiers = text[1:]
    if len(modifiers) > 1 and modifiers[-1] in "atco":
        modifiers, marker.second = modifiers[:-1], modifiers[-1]
    presentation = modifiers or _DEFAULTS.get(marker.component)
    if presentation is None:
        raise EvaluationFailed("D3132", value=marker.component)
    marker.presentation = presentation
    if presentation[0] == "n":
        marker.names = "lower"
    elif presentation[0] == "N":
        marker.names = "title" if presentation[1:2] == "n" else "upper"
    elif marker.component in _NUMBERS and marker.component:
        _number(marker)
    if marker.component in ("Z", "z"):
        marker.integer = integer_pictures.analyse(presentation)
    return marker


def _number(marker: Marker) -> None:
    picture = integer_pictures.analyse(marker.presentation + (f";{marker.second}" if marker.second else ""))
    marker.integer = picture
    least, most = marker.width or (None, None)
    if least is not None:
        picture.mandatory_digits = max(picture.mandatory_digits, least)
    if marker.component in "YMD":
        if most is not None:
            marker.digits = picture.mandatory_digits = most
        elif picture.mandatory_digits + picture.optional_digits >= 2:
            marker.digits = picture.mandatory_digits + picture.optional_digits


def _width(text: str) -> int | None:
    found = re.match(r"\d{1,3}", text)
    return None if found is None else int(found[0])
