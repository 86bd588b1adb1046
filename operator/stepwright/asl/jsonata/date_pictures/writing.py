"""A moment as text, by a picture."""

from __future__ import annotations

import math
import re
from typing import Final

from stepwright.asl.jsonata import integer_pictures
from stepwright.asl.jsonata.date_pictures.components import LIMIT, component_of
from stepwright.asl.jsonata.date_pictures.pictures import DAYS, MONTHS, Marker, analyse
from stepwright.asl.jsonata.errors import EvaluationFailed

_ISO: Final = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"


def format(millis: float, picture: str | None, timezone: str | None) -> str:
    hours = minutes = 0
    if timezone is not None:
        offset = re.match(r"\s*([+-]?\d{1,6})", timezone)
        number = int(offset[1]) if offset else 0
        hours = number // 100
        minutes = int(math.fmod(number, 100))
    if not -LIMIT <= millis <= LIMIT:
        raise EvaluationFailed("D1001", value=millis)
    local = int(millis) + (60 * hours + minutes) * 60_000
    return "".join(
        part.literal if part.literal is not None else _written(local, part, hours, minutes)
        for part in analyse(_ISO if picture is None else picture)
    )


def _written(millis: int, marker: Marker, hours: int, minutes: int) -> str:
    component = marker.component
    value = component_of(millis, component)
    if component in ("Z", "z"):
        return _zone(marker, hours, minutes)
    if component == "P":
        assert isinstance(value, str)
        return value.upper() if marker.names == "upper" else value
    if not isinstance(value, int):
        return "undefined" if value is None else value
    if component == "Y" and -1 < marker.digits < 10:
        value = int(math.fmod(value, 10**marker.digits))
    if marker.names is None or component == "f":
        assert marker.integer is not None
        return integer_pictures.format(value, marker.integer)
    if component in ("M", "x"):
        name = MONTHS[value - 1]
    elif component == "F":
        name = DAYS[value]
    else:
        raise EvaluationFailed("D3133", value=component)
    if marker.names != "title":
        name = name.upper() if marker.names == "upper" else name.lower()
    most = marker.width[1] if marker.width else None
    return name if most is None else name[:most]


def _zone(marker: Marker, hours: int, minutes: int) -> str:
    picture = marker.integer
    assert picture is not None
    offset = hours * 100 + minutes
    if picture.regular:
        written = integer_pictures.format(offset, picture)
    elif picture.mandatory_digits in (1, 2):
        written = integer_pictures.format(hours, picture)
        if minutes:
            written += f":{minutes:02}"
    elif picture.mandatory_digits in (3, 4):
        written = integer_pictures.format(offset, picture)
    else:
        raise EvaluationFailed("D3134", value=picture.mandatory_digits)
    if offset >= 0:
        written = "+" + written
    if marker.component == "z":
        written = "GMT" + written
    return "Z" if offset == 0 and marker.second == "t" else written
